import Engine
import RESP

/// Makes one reply of the parts that several shards gave.
struct JoinedReply {
  let join: Command.Join

  /// - Parameters:
  ///   - parts: valid during the call.
  ///   - shards: which they are from.
  func write(
    _ parts: [ByteView], of call: CommandCall, _ shards: [Int], to reply: inout ReplyWriter
  ) {
    if let error = parts.first(where: { !$0.isEmpty && $0[0] == 0x2D }) { return reply.raw(error) }
    switch join {
    case .first: reply.raw(parts[0])
    case .firstNonNull: reply.raw(parts.first { !Self.isNull($0) } ?? parts[0])
    case .sum: reply.integer(parts.reduce(0) { $0 + Self.headerNumber($1) })
    case .concatenation:
      reply.array(parts.reduce(0) { $0 + Self.headerNumber($1) })
      for part in parts { reply.raw(part[Self.headerCount(part)..<part.count]) }
    case .elements: writeElements(parts, of: call, shards, to: &reply)
    }
  }

  /// One element for each key, in the order of the keys.
  private func writeElements(
    _ parts: [ByteView], of call: CommandCall, _ shards: [Int], to reply: inout ReplyWriter
  ) {
    reply.array(call.keys.count)
    var offsets = parts.map { Self.headerCount($0) }
    for key in call.keys {
      guard let part = shards.firstIndex(of: key.shard),
        let end = ReplyParser.skip(parts[part], from: offsets[part])
      else { preconditionFailure("a part of a reply has too few elements") }
      reply.raw(parts[part][offsets[part]..<end])
      offsets[part] = end
    }
  }

  /// Null as either protocol says it, and as an array.
  private static func isNull(_ part: ByteView) -> Bool {
    guard part.count > 1 else { return false }
    return part[0] == 0x5F || (part[0] == 0x24 || part[0] == 0x2A) && part[1] == 0x2D
  }

  /// The number in a reply's first line.
  private static func headerNumber(_ part: ByteView) -> Int {
    DecimalText.integer(part[1..<headerCount(part) - 2]) ?? 0
  }

  private static func headerCount(_ part: ByteView) -> Int {
    var index = 0
    while index < part.count, part[index] != 0x0A { index += 1 }
    return Swift.min(index + 1, part.count)
  }
}
