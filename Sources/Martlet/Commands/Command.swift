import Engine
import RESP
import Server

/// A command and what its reply means: how the calls of stores, pipelines and transactions are written once.
///
/// ```swift
/// let name = try await store.run(.get("name"))
/// let replies = await store.run(keys.map { .get($0) })
/// ```
public struct Command<Value: Sendable>: Sendable {
  /// Empty where `words` begin with the name.
  private let name: StaticString
  /// The first words behind the name, which most commands have no more of: they need no array.
  private let first: Bytes?
  private let second: Bytes?
  private let words: [Bytes]
  let decode: Decode

  typealias Decode = @Sendable (inout ReplyReader) throws(MartletError) -> Value

  init(
    _ name: StaticString, _ first: Bytes? = nil, _ second: Bytes? = nil, words: [Bytes] = [],
    decode: @escaping Decode
  ) {
    self.name = name
    self.first = first
    self.second = second
    self.words = words
    self.decode = decode
  }

  private var wordCount: Int {
    words.count + (name.utf8CodeUnitCount > 0 ? 1 : 0) + (first == nil ? 0 : 1)
      + (second == nil ? 0 : 1)
  }

  /// The word behind the name: mostly a key.
  var key: Bytes? {
    if let first { return first }
    let index = name.utf8CodeUnitCount > 0 ? 0 : 1
    return index < words.count ? words[index] : nil
  }

  /// As the protocol has it.
  func write(to request: inout ReplyWriter) {
    request.array(wordCount)
    if name.utf8CodeUnitCount > 0 { request.bulk(ByteView(name)) }
    if let first { ByteView.with(first.bytes) { request.bulk($0) } }
    if let second { ByteView.with(second.bytes) { request.bulk($0) } }
    for word in words { ByteView.with(word.bytes) { request.bulk($0) } }
  }

  /// Runs it on this thread at once.
  ///
  /// - Returns: nil if that can't be; then nothing was done.
  @specialized(where Value == Bytes?)
  @specialized(where Value == Void)
  @specialized(where Value == Int)
  func runHere(_ client: LocalClient) throws(MartletError) -> Value? {
    if words.isEmpty, name.utf8CodeUnitCount > 0 {
      return try Self.with(first) { (first) throws(MartletError) in
        try Self.with(second) { (second) throws(MartletError) in
          try decoded(client.run(name, first, second))
        }
      }
    }
    return try Arguments.with(allWords) { (words) throws(MartletError) in try decoded(client.run(words)) }
  }

  @inline(__always)
  private func decoded(_ reply: ByteView?) throws(MartletError) -> Value? {
    guard let reply else { return nil }
    var reader = ReplyReader(reply)
    return try decode(&reader)
  }

  /// Puts its words into the table and hands them over, valid only inside.
  @inline(__always)
  func withWords(in table: inout ArgumentTable, _ body: (Arguments) -> Bool) -> Bool {
    if words.isEmpty, name.utf8CodeUnitCount > 0 {
      return Self.with(first) { first in
        Self.with(second) { second in
          table.append(ByteView(name))
          if let first { table.append(first) }
          if let second { table.append(second) }
          return body(table.arguments(from: 0, count: table.count))
        }
      }
    }
    return Arguments.with(allWords, body)
  }

  @inline(__always)
  private static func with<Result, Failure: Error>(
    _ word: Bytes?, _ body: (ByteView?) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let word else { return try body(nil) }
    return try ByteView.with(word.bytes) { (view) throws(Failure) in try body(view) }
  }

  private var allWords: [[UInt8]] {
    var all: [[UInt8]] = name.utf8CodeUnitCount > 0 ? [ByteView(name).bytes] : []
    if let first { all.append(first.bytes) }
    if let second { all.append(second.bytes) }
    for word in words { all.append(word.bytes) }
    return all
  }

  func write(to buffer: inout WordBuffer) {
    if name.utf8CodeUnitCount > 0 { buffer.append(name) }
    if let first { buffer.append(first.bytes) }
    if let second { buffer.append(second.bytes) }
    for word in words { buffer.append(word.bytes) }
  }
}

extension Command where Value == Reply {
  /// Any command, by its words; the name comes first.
  public init(_ words: [Bytes]) {
    self.init("", words: words, decode: { (reader) throws(MartletError) in try reader.reply() })
  }
}

extension Command {
  /// Of commands whose replies need no more than a look at their shape.
  init(
    _ name: StaticString, _ first: Bytes? = nil, _ second: Bytes? = nil, words: [Bytes] = [],
    from convert: @escaping @Sendable (Reply) throws(MartletError) -> Value
  ) {
    self.init(
      name, first, second, words: words,
      decode: { (reader) throws(MartletError) in try convert(try reader.reply()) })
  }
}

extension Command where Value == Void {
  init(_ name: StaticString, _ first: Bytes, _ second: Bytes? = nil, words: [Bytes] = []) {
    self.init(
      name, first, second, words: words,
      decode: { (reader) throws(MartletError) in try reader.ok() })
  }
}

extension Command where Value == Int {
  init(_ name: StaticString, _ first: Bytes? = nil, _ second: Bytes? = nil, words: [Bytes] = []) {
    self.init(
      name, first, second, words: words,
      decode: { (reader) throws(MartletError) in try reader.integer() })
  }
}

extension Command where Value == Bool {
  init(_ name: StaticString, _ first: Bytes, _ second: Bytes? = nil, words: [Bytes] = []) {
    self.init(
      name, first, second, words: words,
      decode: { (reader) throws(MartletError) in try reader.integer() == 1 })
  }
}

extension Command where Value == Bytes? {
  init(_ name: StaticString, _ first: Bytes, _ second: Bytes? = nil, words: [Bytes] = []) {
    self.init(
      name, first, second, words: words,
      decode: { (reader) throws(MartletError) in try reader.bytes() })
  }
}
