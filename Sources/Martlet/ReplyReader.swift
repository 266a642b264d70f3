import RESP

/// Takes replies off the bytes that hold them, one after the other.
struct ReplyReader {
  private let source: ByteView
  private(set) var offset = 0

  /// - Parameter bytes: stay valid as long as the reader is used.
  init(_ bytes: ByteView) { source = bytes }

  var isAtEnd: Bool { offset >= source.count }

  /// Any reply. An error is one.
  mutating func element() throws(MartletError) -> Reply {
    if offset < source.count {
      switch source[offset] {
      case UInt8(ascii: "+") where isOK:
        offset += 5
        return .status("OK")
      case UInt8(ascii: "$"):
        if let bytes = try bytes() { return .bytes(bytes) }
        return .null
      case UInt8(ascii: ":"): return .integer(try integer())
      default: break
      }
    }
    return try parse()
  }

  /// Any reply but an error.
  mutating func reply() throws(MartletError) -> Reply {
    let reply = try element()
    if case .error(let text) = reply { throw .refused(text) }
    return reply
  }

  private var isOK: Bool {
    source.count >= offset + 5 && source[offset..<offset + 5] == ByteView("+OK\r\n")
  }

  mutating func ok() throws(MartletError) {
    if isOK {
      offset += 5
    } else {
      try reply().expectOK()
    }
  }

  mutating func integer() throws(MartletError) -> Int {
    if offset < source.count, source[offset] == UInt8(ascii: ":"), let value = number() { return value }
    return try reply().asInteger()
  }

  mutating func bytes() throws(MartletError) -> Bytes? {
    if offset < source.count, source[offset] == UInt8(ascii: "_"), source.count >= offset + 3 {
      offset += 3
      return nil
    }
    let start = offset
    if offset < source.count, source[offset] == UInt8(ascii: "$"), let count = number(), count >= 0,
      count <= source.count - offset - 2
    {
      let value = Bytes(source[offset..<offset + count])
      offset += count + 2
      return value
    }
    offset = start
    let reply = try parse()
    if case .error(let text) = reply { throw .refused(text) }
    return try reply.asBytes()
  }

  private mutating func parse() throws(MartletError) -> Reply {
    do throws(ReplyError) { return Reply(try ReplyParser.parse(source, at: &offset)) } catch {
      throw .unexpectedReply("at byte \(error.offset): \(error.problem)")
    }
  }

  /// The number behind the type, and the line's end; nil, and nothing is taken, if there is none.
  private mutating func number() -> Int? {
    guard let end = source.firstIndex(of: 0x0D, from: offset + 1), end + 2 <= source.count,
      let number = DecimalText.integer(source[offset + 1..<end])
    else { return nil }
    offset = end + 2
    return number
  }

  /// Passes over a reply.
  mutating func skip() {
    offset = ReplyParser.skip(source, from: offset) ?? source.count
  }
}
