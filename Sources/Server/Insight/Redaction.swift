import ServerConfig

/// Keeps secrets out of logs and of MONITOR: which words of which commands nobody else is to see.
enum Redaction {
  private static let mark = Array("(redacted)".utf8)

  /// Whether a command can have secrets among its words.
  static func mayBeSecret(_ command: String) -> Bool {
    switch command {
    case "auth", "hello", "migrate", "acl|setuser", "config|set": true
    default: false
    }
  }

  /// - Parameter command: as the command table has it: `auth`, `config|set`.
  static func redacted(_ words: [[UInt8]], of command: String) -> [[UInt8]] {
    let secret = positions(in: words, of: command)
    guard !secret.isEmpty else { return words }
    var words = words
    for position in secret where words.indices.contains(position) { words[position] = mark }
    return words
  }

  private static func positions(in words: [[UInt8]], of command: String) -> [Int] {
    switch command {
    case "auth": Array(1..<max(words.count, 1))
    case "hello": following("auth", 2, in: words)
    case "migrate": following("auth", 1, in: words) + following("auth2", 2, in: words)
    case "acl|setuser": Array(2..<max(words.count, 2))
    case "config|set":
      stride(from: 2, to: words.count - 1, by: 2).filter { isSecret(words[$0]) }.map { $0 + 1 }
    default: []
    }
  }

  /// The `count` words behind each `option`.
  private static func following(_ option: String, _ count: Int, in words: [[UInt8]]) -> [Int] {
    words.indices.filter { $0 > 0 && text(words[$0]) == option }.flatMap { $0 + 1...$0 + count }
  }

  private static func isSecret(_ name: [UInt8]) -> Bool {
    DirectiveTable.definition(named: text(name))?.flags.contains(.sensitive) ?? false
  }

  private static func text(_ word: [UInt8]) -> String {
    String(decoding: word, as: UTF8.self).lowercased()
  }
}
