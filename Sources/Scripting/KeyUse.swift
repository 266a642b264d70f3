import Engine
import RESP

/// A look at a script's text for which keys it names.
///
/// A script of which it is sure holds nothing but its declared keys while it runs. It is sure where every command is
/// written as `redis.call('name', KEYS[1], ...)`, or with a local that is `KEYS[1]` and never anything else, the command
/// has that one key, and nothing could change `KEYS` or give `redis` another name.
enum KeyUse {
  /// When in doubt: false.
  static func isDeclaredOnly(_ text: ByteView) -> Bool {
    guard let tokens = tokens(text) else { return false }
    return Reader(tokens).isDeclaredOnly
  }

  private enum Token: Equatable {
    case name(String)
    case string(String)
    case number
    case symbol(String)
    case end
  }

  /// Commands with a single key, right behind their name.
  private static let singleKeyCommands: Set<String> = Set(
    CommandTable.engine.filter { command in
      let descriptor = CommandTable([command]).descriptors[0]
      return descriptor.routing == .singleKey && descriptor.firstKey == 1
    }.map(\.name))

  /// Commands with nothing but keys, as many as one likes.
  private static let keyListCommands: Set<String> = ["del", "unlink", "exists", "touch"]

  /// Names that could lead to keys in ways this look does not follow.
  private static let refused: Set<String> = ["_G", "load", "loadstring", "rawset", "rawget"]
  private static let harmless: Set<String> = [
    "sha1hex", "log", "error_reply", "status_reply", "setresp", "LOG_DEBUG", "LOG_VERBOSE",
    "LOG_NOTICE", "LOG_WARNING", "replicate_commands",
  ]

  private struct Reader {
    let tokens: [Token]
    init(_ tokens: [Token]) { self.tokens = tokens }

    func token(_ index: Int) -> Token {
      tokens.indices.contains(index) ? tokens[index] : .end
    }

    func isSymbol(_ index: Int, _ text: String) -> Bool { token(index) == .symbol(text) }

    var isDeclaredOnly: Bool {
      let aliases = self.aliases
      for index in tokens.indices {
        guard case .name(let name) = tokens[index] else { continue }
        // A field of something else.
        if isSymbol(index - 1, ".") || isSymbol(index - 1, ":") { continue }
        if refused.contains(name) { return false }
        if name == "KEYS", !isFineUseOfKeys(index) { return false }
        if name == "redis" || name == "server", !isFineCall(index, aliases) { return false }
      }
      return true
    }

    /// `#KEYS`, or `KEYS[...]` that is read.
    private func isFineUseOfKeys(_ index: Int) -> Bool {
      if isSymbol(index - 1, "#") { return true }
      guard isSymbol(index + 1, "["), token(index + 2) == .number, isSymbol(index + 3, "]") else {
        return false
      }
      return !isSymbol(index + 4, "=") && !isAtDepthZeroBeforeComma(index + 4)
    }

    /// Whether a comma follows that may be one of an assignment's.
    private func isAtDepthZeroBeforeComma(_ index: Int) -> Bool {
      guard isSymbol(index, ",") else { return false }
      var depth = 0
      for before in tokens[..<index] {
        if before == .symbol("(") || before == .symbol("{") { depth += 1 }
        if before == .symbol(")") || before == .symbol("}") { depth -= 1 }
      }
      return depth == 0
    }

    private func isFineCall(_ index: Int, _ aliases: Set<String>) -> Bool {
      guard isSymbol(index + 1, "."), case .name(let field) = token(index + 2) else { return false }
      if harmless.contains(field) { return !isSymbol(index + 3, "=") }
      guard field == "call" || field == "pcall", isSymbol(index + 3, "("),
        case .string(let command) = token(index + 4), isSymbol(index + 5, ",")
      else { return false }
      var next = index + 7
      switch token(index + 6) {
      case .name("KEYS"): next = index + 10
      case .name(let name): if !aliases.contains(name) { return false }
      default: return false
      }
      let name = command.lowercasedASCII
      if singleKeyCommands.contains(name) { return isSymbol(next, ",") || isSymbol(next, ")") }
      return keyListCommands.contains(name) && isSymbol(next, ")")
    }

    /// Locals that are a key from their only assignment on.
    private var aliases: Set<String> {
      var found: Set<String> = []
      for index in tokens.indices where tokens[index] == .name("local") {
        guard case .name(let name) = token(index + 1), isSymbol(index + 2, "="),
          token(index + 3) == .name("KEYS"), isSymbol(index + 4, "["), token(index + 5) == .number,
          isSymbol(index + 6, "]")
        else { continue }
        switch token(index + 7) {
        case .name(let word): if word == "or" || word == "and" { continue }
        case .symbol(";"), .end: break
        default: continue
        }
        let isOnly = tokens.indices.allSatisfy { place in
          guard place != index + 1, tokens[place] == .name(name) else { return true }
          // Anything that could give the name another value, or be another variable of that name.
          if isSymbol(place + 1, "=") || isAtDepthZeroBeforeComma(place + 1) { return false }
          if token(place - 1) == .name("local") || token(place - 1) == .name("for") { return false }
          return true
        }
        if isOnly { found.insert(name) }
      }
      // Parameters hide what is outside.
      return tokens.contains(.name("function")) ? [] : found
    }
  }

  // MARK: Words

  private static func tokens(_ text: ByteView) -> [Token]? {
    var tokens: [Token] = []
    var index = 0
    func byte(_ offset: Int) -> UInt8 {
      index + offset < text.count ? text[index + offset] : 0
    }
    while index < text.count {
      let first = text[index]
      switch first {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      case 0x2D where byte(1) == 0x2D:
        // Long comments and strings are rare: give up.
        if byte(2) == 0x5B { return nil }
        while index < text.count, text[index] != 0x0A { index += 1 }
      case 0x5B where byte(1) == 0x5B || byte(1) == 0x3D: return nil
      case 0x22, 0x27:
        var word: [UInt8] = []
        index += 1
        while index < text.count, text[index] != first {
          if text[index] == 0x5C {
            // Escapes: never the name of a command.
            word.append(0)
            index += 1
          }
          if index < text.count { word.append(text[index]) }
          index += 1
        }
        index += 1
        tokens.append(.string(String(decoding: word, as: UTF8.self)))
      case 0x30...0x39:
        // A number stands for an index only where it is plain.
        while index < text.count, isWord(text[index]) { index += 1 }
        tokens.append(.number)
      case 0x41...0x5A, 0x5F, 0x61...0x7A:
        let start = index
        while index < text.count, isWord(text[index]) { index += 1 }
        tokens.append(.name(text[start..<index].string))
      case 0x80...: return nil
      default:
        let pair = [first, byte(1)]
        if [[0x3D, 0x3D], [0x7E, 0x3D], [0x3C, 0x3D], [0x3E, 0x3D], [0x2E, 0x2E]].contains(pair) {
          tokens.append(.symbol(String(decoding: pair, as: UTF8.self)))
          index += 2
        } else {
          tokens.append(.symbol(String(decoding: [first], as: UTF8.self)))
          index += 1
        }
      }
    }
    return tokens
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
    default: false
    }
  }
}
