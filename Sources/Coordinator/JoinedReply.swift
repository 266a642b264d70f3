package import Engine
package import RESP

/// Makes one reply of the parts that several shards gave.
package final class JoinedReply {
  private let join: Command.Join
  /// For `.elements`: which of the command's keys each part's elements belong to.
  private let keys: [[Int]]
  private var parts: [[UInt8]?]
  private var missing: Int

  package init(_ join: Command.Join, parts: Int, keys: [[Int]] = []) {
    self.join = join
    self.keys = keys
    self.parts = Array(repeating: nil, count: parts)
    missing = parts
  }

  package var isComplete: Bool { missing == 0 }

  package func add(part: Int, _ reply: ByteView) {
    precondition(parts[part] == nil, "the same part twice")
    parts[part] = reply.bytes
    missing -= 1
  }

  package func write(to reply: inout ReplyWriter) {
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
