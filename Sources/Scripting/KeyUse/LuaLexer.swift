import RESP

/// A word of a program in Lua 5.1.
enum LuaToken: Equatable {
  case name(String)
  case keyword(String)
  /// What stands in it; nil where escapes would have to be understood.
  case string(String?)
  /// Its value where it is a plain integer.
  case number(Int?)
  case symbol(String)
  case end
}

/// Divides a program into words just as the interpreter does. What is unusual, or an error, it refuses.
struct LuaLexer {
  private let text: ByteView
  private var index = 0

  static let keywords: Set<String> = [
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local",
    "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
  ]
  private static let pairs: Set<String> = ["==", "~=", "<=", ">=", ".."]
  private static let symbols = Set("+-*/%^#<>=(){}[];:,.".utf8)

  private init(_ text: ByteView) { self.text = text }

  /// The words, with `.end` behind them; nil if the text is not plain.
  static func tokens(of text: ByteView) -> [LuaToken]? {
    var lexer = LuaLexer(text)
    var tokens: [LuaToken] = []
    while let token = lexer.next() {
      tokens.append(token)
      if token == .end { return tokens }
    }
    return nil
  }

  /// The byte so far ahead; 0 behind the end.
  private func byte(_ offset: Int = 0) -> UInt8 {
    index + offset < text.count ? text[index + offset] : 0
  }

  private mutating func next() -> LuaToken? {
    while true {
      guard index < text.count else { return .end }
      let first = byte()
      switch first {
      case 0x20, 0x09, 0x0A, 0x0B, 0x0C, 0x0D: index += 1
      case 0x2D where byte(1) == 0x2D:
        guard skipComment() else { return nil }
      case 0x5B where byte(1) == 0x5B || byte(1) == 0x3D: return longText().map { .string($0) }
      case 0x22, 0x27: return string(first)
      case 0x30...0x39: return number()
      case 0x2E where Self.isDigit(byte(1)): return number()
      case 0x41...0x5A, 0x5F, 0x61...0x7A: return word()
      default: return symbol()
      }
    }
  }

  private mutating func skipComment() -> Bool {
    index += 2
    if byte() == 0x5B, opensLongText { return longText() != nil }
    // A carriage return ends the line too.
    while index < text.count, byte() != 0x0A, byte() != 0x0D { index += 1 }
    return true
  }

  /// Whether the bracket here is followed by another one, with nothing but equals signs between.
  private var opensLongText: Bool {
    var offset = 1
    while byte(offset) == 0x3D { offset += 1 }
    return byte(offset) == 0x5B
  }

  /// `[[...]]`, `[=[...]=]`, and so on.
  private mutating func longText() -> String? {
    guard opensLongText else { return nil }
    var level = 0
    while byte(level + 1) == 0x3D { level += 1 }
    index += level + 2
    let start = index
    while index < text.count {
      if byte() == 0x5D {
        var equals = 0
        while byte(equals + 1) == 0x3D { equals += 1 }
        if equals == level, byte(level + 1) == 0x5D {
          defer { index += level + 2 }
          return text[start..<index].string
        }
        // The next bracket may be the one.
        index += equals + 1
      } else {
        index += 1
      }
    }
    return nil
  }

  private mutating func string(_ quote: UInt8) -> LuaToken? {
    index += 1
    let start = index
    var isPlain = true
    while index < text.count {
      switch byte() {
      case quote:
        defer { index += 1 }
        return .string(isPlain ? text[start..<index].string : nil)
      case 0x0A, 0x0D: return nil
      case 0x5C:
        isPlain = false
        // The only escape after which an unescaped line may end, or a quote stand that is none.
        if byte(1) == 0x0D || byte(1) == 0x7A { return nil }
        index += 2
      default: index += 1
      }
    }
    return nil
  }

  private mutating func number() -> LuaToken? {
    let start = index
    let isHexadecimal = byte() == 0x30 && byte(1) | 0x20 == 0x78
    let exponent: UInt8 = isHexadecimal ? 0x70 : 0x65
    while index < text.count {
      let isSign = (byte() == 0x2B || byte() == 0x2D) && index > start && text[index - 1] | 0x20 == exponent
      guard Self.isWord(byte()) || byte() == 0x2E || isSign else { break }
      index += 1
    }
    guard byte() < 0x80 else { return nil }
    let digits = text[start..<index].string
    return .number(digits.utf8.allSatisfy(Self.isDigit) ? Int(digits) : nil)
  }

  private mutating func word() -> LuaToken? {
    let start = index
    while index < text.count, Self.isWord(byte()) { index += 1 }
    guard byte() < 0x80 else { return nil }
    let word = text[start..<index].string
    // LuaJIT's, if what follows makes it one.
    if word == "goto" { return nil }
    return Self.keywords.contains(word) ? .keyword(word) : .name(word)
  }

  private mutating func symbol() -> LuaToken? {
    guard Self.symbols.contains(byte()) || byte() == 0x7E else { return nil }
    if byte() == 0x2E, byte(1) == 0x2E, byte(2) == 0x2E {
      index += 3
      return .symbol("...")
    }
    if index + 1 < text.count {
      let pair = text[index..<index + 2].string
      if pair == "::" { return nil }
      if Self.pairs.contains(pair) {
        index += 2
        return .symbol(pair)
      }
    }
    guard byte() != 0x7E else { return nil }
    defer { index += 1 }
    return .symbol(text[index..<index + 1].string)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  private static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == 0x5F || (byte | 0x20) &- 0x61 < 26
  }
}
