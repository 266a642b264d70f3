import RESP

@testable import Engine

/// A keyspace that takes commands as text and answers in RESP, at a time the test sets.
struct KeyspaceSession: ~Copyable {
  static let start: Int64 = 1_700_000_000_000

  var keyspace: Keyspace
  private static let table = CommandTable(CommandTable.generic)

  init(_ options: Keyspace.Options = Keyspace.Options(), seed: UInt64 = 1) {
    keyspace = Keyspace(options: options, seed: seed)
    keyspace.now = Self.start
  }

  mutating func set(_ key: String, _ value: String, expiry: Int64? = nil) {
    set(key, Array(value.utf8), expiry: expiry)
  }

  mutating func set(_ key: String, _ value: [UInt8], expiry: Int64? = nil) {
    ByteView.with(Array(key.utf8)) { key in
      ByteView.with(value) { value in
        keyspace.set(key, string: value, expiry: expiry.map { .at($0) } ?? .none)
      }
    }
  }

  /// The string at `key`, without counting as a use.
  mutating func value(_ key: String) -> [UInt8]? {
    ByteView.with(Array(key.utf8)) { key in
      (try? keyspace.string(key, for: .peek)).flatMap { $0 }?.withBytes { $0.bytes }
    }
  }

  mutating func text(_ key: String) -> String? {
    value(key).map { String(decoding: $0, as: UTF8.self) }
  }

  /// The reply to a command, its line ends removed: `:1`, `$3abc`, `-ERR ...`.
  mutating func run(_ words: String...) -> String { run(words) }

  mutating func run(_ words: [String]) -> String {
    String(
      decoding: run(words.map { Array($0.utf8) }).filter { $0 != 13 && $0 != 10 }, as: UTF8.self)
  }

  /// The reply as it goes over the wire.
  mutating func run(_ words: [[UInt8]]) -> [UInt8] {
    Arguments.with(words) { arguments in
      var reply = ReplyWriter()
      guard let index = Self.table.index(of: arguments) else { return Array("unknown".utf8) }
      guard Self.table.descriptors[index].allows(words.count) else { return Array("arity".utf8) }
      guard let body = Self.table.commands[index].body else { return Array("no body".utf8) }
      do throws(CommandError) {
        try body(&keyspace, arguments, &reply)
      } catch {
        reply.removeAll()
        reply.error(error.message)
      }
      return reply.bytes.bytes
    }
  }
}

/// Bytes written as hexadecimal digits.
func hexBytes(_ text: String) -> [UInt8] {
  var bytes: [UInt8] = []
  var digits = text.utf8.makeIterator()
  while let high = digits.next(), let low = digits.next() {
    bytes.append(hexDigit(high) << 4 | hexDigit(low))
  }
  return bytes
}

func hexText(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

private func hexDigit(_ byte: UInt8) -> UInt8 { byte < 0x3A ? byte - 0x30 : (byte | 0x20) - 87 }
