import RESP

/// What a command replied, as RESP3 has it.
public indirect enum Reply: Equatable, Sendable {
  /// A status, such as `OK`.
  case status(String)
  /// An error with its code; only inside other replies and in pipelines.
  case error(String)
  case integer(Int)
  case bytes(Bytes)
  /// Nothing there.
  case null
  case array([Reply])
  /// In the order of the reply.
  case map([Pair])
  case set([Reply])
  case push([Reply])
  case double(Double)
  case boolean(Bool)
  /// An integer beyond 64 bits, in decimal.
  case bigNumber(String)

  /// One entry of a map.
  public struct Pair: Equatable, Sendable {
    public let key: Reply
    public let value: Reply

    public init(_ key: Reply, _ value: Reply) {
      self.key = key
      self.value = value
    }
  }
}

extension Reply {
  init(_ reply: RESP.Reply) {
    switch reply {
    case .simple(let text): self = .status(text)
    case .error(let text): self = .error(text)
    case .integer(let value): self = .integer(value)
    case .bulk(let bytes): self = .bytes(Bytes(bytes))
    case .null, .nullArray: self = .null
    case .array(let elements): self = .array(elements.map(Reply.init))
    case .set(let elements): self = .set(elements.map(Reply.init))
    case .push(let elements): self = .push(elements.map(Reply.init))
    case .map(let pairs): self = .map(pairs.map { Pair(Reply($0.key), Reply($0.value)) })
    case .double(let digits): self = .double(Double(digits) ?? .nan)
    case .boolean(let value): self = .boolean(value)
    case .bigNumber(let digits): self = .bigNumber(digits)
    case .verbatim(_, let text): self = .bytes(Bytes(text))
    case .attributed(_, let reply): self = Reply(reply)
    }
  }

  /// All replies in `bytes`, which hold `count`.
  static func decode(_ bytes: [UInt8], count: Int) throws(MartletError) -> [Reply] {
    let decoded = ByteView.with(bytes) { view -> Result<[Reply], ReplyError> in
      var replies: [Reply] = []
      replies.reserveCapacity(count)
      var offset = 0
      do throws(ReplyError) {
        while offset < view.count {
          if let reply = common(view, &offset) {
            replies.append(reply)
          } else {
            replies.append(Reply(try ReplyParser.parse(view, at: &offset)))
          }
        }
      } catch { return .failure(error) }
      return .success(replies)
    }
    switch decoded {
    case .success(let replies): return replies
    case .failure(let error): throw .unexpectedReply("at byte \(error.offset): \(error.problem)")
    }
  }

  /// The replies that most commands have, decoded without a detour; nil for any other.
  private static func common(_ view: ByteView, _ offset: inout Int) -> Reply? {
    switch view[offset] {
    case UInt8(ascii: "+"):
      guard view.count >= offset + 5, view[offset..<offset + 5] == ByteView("+OK\r\n") else {
        return nil
      }
      offset += 5
      return .status("OK")
    case UInt8(ascii: "$"):
      guard let end = ReplyParser.skip(view, from: offset),
        let line = view.firstIndex(of: 0x0D, from: offset), line + 4 <= end
      else { return nil }
      let bytes = view[line + 2..<end - 2].bytes
      offset = end
      return .bytes(Bytes(bytes))
    default: return nil
    }
  }

  // MARK: Shapes

  func unexpected(_ expected: String) -> MartletError {
    if case .error(let text) = self { return .refused(text) }
    return .unexpectedReply("\(self) instead of \(expected)")
  }

  func asInteger() throws(MartletError) -> Int {
    if case .integer(let value) = self { return value }
    throw unexpected("an integer")
  }

  func asOptionalInteger() throws(MartletError) -> Int? {
    self == .null ? nil : try asInteger()
  }

  /// Numbers that tell whether something was done.
  func asFlag() throws(MartletError) -> Bool { try asInteger() == 1 }

  func asBytes() throws(MartletError) -> Bytes? {
    switch self {
    case .bytes(let bytes): return bytes
    case .status(let text): return Bytes(text)
    case .null: return nil
    default: throw unexpected("bytes")
    }
  }

  func asDouble() throws(MartletError) -> Double? {
    switch self {
    case .double(let value): return value
    case .integer(let value): return Double(value)
    case .bytes(let bytes):
      guard let value = Double(bytes.string) else { throw unexpected("a number") }
      return value
    case .null: return nil
    default: throw unexpected("a number")
    }
  }

  func asElements() throws(MartletError) -> [Reply] {
    switch self {
    case .array(let elements), .set(let elements), .push(let elements): return elements
    case .null: return []
    default: throw unexpected("an array")
    }
  }

  func asList() throws(MartletError) -> [Bytes] {
    var list: [Bytes] = []
    for element in try asElements() {
      guard let bytes = try element.asBytes() else { throw unexpected("an array without gaps") }
      list.append(bytes)
    }
    return list
  }

  func asOptionalList() throws(MartletError) -> [Bytes?] {
    var list: [Bytes?] = []
    for element in try asElements() { list.append(try element.asBytes()) }
    return list
  }

  func asDictionary() throws(MartletError) -> [Bytes: Bytes] {
    guard case .map(let pairs) = self else { throw unexpected("a map") }
    var dictionary: [Bytes: Bytes] = [:]
    for pair in pairs {
      guard let key = try pair.key.asBytes() else { throw unexpected("a map of bytes") }
      dictionary[key] = try pair.value.asBytes()
    }
    return dictionary
  }

  func expectOK() throws(MartletError) {
    guard self == .status("OK") else { throw unexpected("OK") }
  }
}
