import Engine
import RESP

/// Makes one reply of the parts that several shards gave.
struct JoinedReply {
  let join: Command.Join

  /// A shard's reply.
  typealias Part = (shard: Int, bytes: ByteView)

  /// - Parameter parts: valid during the call.
  func write(_ parts: [Part], of call: CommandCall, to reply: inout ReplyWriter) {
    if let error = parts.first(where: { !$0.bytes.isEmpty && $0.bytes[0] == 0x2D }) {
      return reply.raw(error.bytes)
    }
    switch join {
    case .first: reply.raw(parts[0].bytes)
    case .firstNonNull: reply.raw((parts.first { !Self.isNull($0.bytes) } ?? parts[0]).bytes)
    case .sum: reply.integer(parts.reduce(0) { $0 + Self.headerNumber($1.bytes) })
    case .concatenation:
      reply.array(parts.reduce(0) { $0 + Self.headerNumber($1.bytes) })
      for (_, part) in parts { reply.raw(part[Self.headerCount(part)..<part.count]) }
    case .elements: writeElements(parts, of: call, to: &reply)
    }
  }

  /// One element for each key, in the order of the keys.
  private func writeElements(_ parts: [Part], of call: CommandCall, to reply: inout ReplyWriter) {
    reply.array(call.keys.count)
    var offsets = parts.map { Self.headerCount($0.bytes) }
    for key in call.keys {
      guard let index = parts.firstIndex(where: { $0.shard == key.shard }),
        let end = ReplyParser.skip(parts[index].bytes, from: offsets[index])
      else { preconditionFailure("a part of a reply has too few elements") }
      reply.raw(parts[index].bytes[offsets[index]..<end])
      offsets[index] = end
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
