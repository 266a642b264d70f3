import RESP

/// What a command replied, as RESP3 has it.
public enum Reply: Equatable, Sendable {
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

  /// As the protocol of the writer has it.
  func write(to reply: inout ReplyWriter) {
    switch self {
    case .status(let text): Self.writeStatus(text, to: &reply)
    case .error(let text): reply.error(text)
    case .integer(let value): reply.integer(value)
    case .bytes(let bytes): reply.bulk(bytes.bytes)
    case .null: reply.null()
    case .array(let elements):
      reply.array(elements.count)
      for element in elements { element.write(to: &reply) }
    case .map(let pairs):
      reply.map(pairs.count)
      for pair in pairs {
        pair.key.write(to: &reply)
        pair.value.write(to: &reply)
      }
    case .set(let elements):
      reply.set(elements.count)
      for element in elements { element.write(to: &reply) }
    case .push(let elements):
      // Between replies only; within one it is an array.
      reply.array(elements.count)
      for element in elements { element.write(to: &reply) }
    case .double(let value): reply.double(value)
    case .boolean(let value): reply.boolean(value)
    case .bigNumber(let digits): ByteView.with(Array(digits.utf8)) { reply.bigNumber($0) }
    }
  }

  private static func writeStatus(_ text: String, to reply: inout ReplyWriter) {
    let line = text.utf8.map { $0 == 0x0D || $0 == 0x0A ? 0x20 : $0 }
    ByteView.with([0x2B] + line + [0x0D, 0x0A]) { reply.raw($0) }
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
