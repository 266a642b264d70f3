import Engine
import RESP

/// Keeps a connection's replies in the order of its commands while some of them are on other shards.
///
/// The connection's own replies go on being written to its output, back to back; this remembers where
/// in between the foreign ones belong. When the last has come, output is put together once.
struct PendingReplies: ~Copyable {
  private struct Place {
    /// How many bytes of the connection's own output precede this reply.
    let ownByteCount: Int
    var range: Range<Int>
    /// Parts that become one reply, for a command that ran on several shards.
    let join: JoinedReply?
    /// The client does not want this reply: it is waited for, and dropped.
    let isSilent: Bool
  }

  private var places: [Place] = []
  private var missing = 0
  private var foreign = ReplyWriter()
  private var assembled = ReplyWriter()

  /// Whether replies are missing, so that nothing may be sent yet.
  var isWaiting: Bool { missing > 0 }

  /// Reserves the next reply's place.
  ///
  /// - Parameter parts: how many `fill` calls it takes; with more than one, `join` makes them one reply.
  mutating func reserve(
    parts: Int = 1, join: JoinedReply? = nil, isSilent: Bool = false,
    output: borrowing ReplyWriter
  ) -> Int {
    places.append(
      Place(ownByteCount: output.count, range: 0..<0, join: join, isSilent: isSilent))
    missing += parts
    return places.count - 1
  }

  /// Takes in a reply, or one part of one.
  mutating func fill(
    place index: Int, part: Int = 0, with reply: ByteView, output: inout ReplyWriter
  ) {
    precondition(missing > 0, "a reply nobody waits for")
    missing -= 1
    if places[index].isSilent {
      // Its place stays empty.
    } else if let join = places[index].join {
      join.add(part: part, reply)
      if join.isComplete {
        let start = foreign.count
        foreign.protocolVersion = output.protocolVersion
        join.write(to: &foreign)
        places[index].range = start..<foreign.count
      }
    } else if places.count == 1, missing == 0, places[0].ownByteCount == output.count {
      // The usual case without pipelining: nothing to put in order.
      output.raw(reply)
      places.removeAll(keepingCapacity: true)
      return
    } else {
      places[index].range = foreign.count..<foreign.count + reply.count
      foreign.raw(reply)
    }
    if missing == 0 { assemble(&output) }
  }

  private mutating func assemble(_ output: inout ReplyWriter) {
    assembled.protocolVersion = output.protocolVersion
    var taken = 0
    for place in places {
      assembled.raw(output.bytes[taken..<place.ownByteCount])
      assembled.raw(foreign.bytes[place.range])
      taken = place.ownByteCount
    }
    assembled.raw(output.bytes[taken..<output.count])
    swap(&assembled, &output)
    assembled.removeAll()
    foreign.removeAll()
    places.removeAll(keepingCapacity: true)
  }
}

/// Makes one reply of the parts that several shards gave.
final class JoinedReply {
  private let join: Command.Join
  /// For `.elements`: which of the command's keys each part's elements belong to.
  private let keys: [[Int]]
  private var parts: [[UInt8]?]
  private var missing: Int

  init(_ join: Command.Join, parts: Int, keys: [[Int]] = []) {
    self.join = join
    self.keys = keys
    self.parts = Array(repeating: nil, count: parts)
    missing = parts
  }

  var isComplete: Bool { missing == 0 }

  func add(part: Int, _ reply: ByteView) {
    precondition(parts[part] == nil, "the same part twice")
    parts[part] = reply.bytes
    missing -= 1
  }

  func write(to reply: inout ReplyWriter) {
    let parts = parts.map { $0 ?? [] }
    if let error = parts.first(where: { $0.first == 0x2D }) {
      return ByteView.with(error) { reply.raw($0) }
    }
    switch join {
    case .first: ByteView.with(parts[0]) { reply.raw($0) }
    case .firstNonNull:
      let found = parts.first { part in
        part.first != 0x5F && !part.starts(with: [0x24, 0x2D]) && !part.starts(with: [0x2A, 0x2D])
      }
      ByteView.with(found ?? parts[0]) { reply.raw($0) }
    case .sum: reply.integer(parts.reduce(0) { $0 + Self.headerNumber($1) })
    case .concatenation:
      reply.array(parts.reduce(0) { $0 + Self.headerNumber($1) })
      for part in parts { ByteView.with(Array(part[Self.headerCount(part)...])) { reply.raw($0) } }
    case .elements: writeElements(parts, to: &reply)
    }
  }

  private func writeElements(_ parts: [[UInt8]], to reply: inout ReplyWriter) {
    var elements: [(part: Int, range: Range<Int>)] = []
    elements = Array(repeating: (0, 0..<0), count: keys.reduce(0) { $0 + $1.count })
    for (index, part) in parts.enumerated() {
      ByteView.with(part) { view in
        var offset = Self.headerCount(part)
        for key in keys[index] {
          guard let end = ReplyParser.skip(view, from: offset) else {
            preconditionFailure("a part of a reply has too few elements")
          }
          elements[key] = (index, offset..<end)
          offset = end
        }
      }
    }
    reply.array(elements.count)
    for element in elements {
      ByteView.with(Array(parts[element.part][element.range])) { reply.raw($0) }
    }
  }

  /// The number in a reply's first line.
  private static func headerNumber(_ part: [UInt8]) -> Int {
    ByteView.with(part) { DecimalText.integer($0[1..<headerCount(part) - 2]) ?? 0 }
  }

  private static func headerCount(_ part: [UInt8]) -> Int {
    (part.firstIndex(of: 0x0A) ?? part.count - 1) + 1
  }
}
