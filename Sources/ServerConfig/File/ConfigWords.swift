/// A line of a configuration file as words, and words as a line.
///
/// Words are separated by white space. Inside `"..."` the escapes are `\n \r \t \b \a \xHH`, and
/// `\` before any other byte stands for that byte; inside `'...'` only `\'`. A closing quote
/// ends its word.
package enum ConfigWords {
  /// The words of `line`; nil when a quote is not closed or a word goes on after one.
  ///
  /// Bytes that are not UTF-8 are replaced: directives hold text.
  package static func split(_ line: String) -> [String]? {
    var scanner = Scanner(bytes: Array(line.utf8))
    var words: [String] = []
    while scanner.skipSpace() {
      guard let word = scanner.word() else { return nil }
      words.append(String(decoding: word, as: UTF8.self))
    }
    return words
  }

  /// The text in double quotes, escaped so that `split` returns it. Only printable ASCII is left
  /// as it is.
  package static func quoted(_ text: String) -> String {
    var quoted = "\""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): quoted += "\\\\"
      case UInt8(ascii: "\""): quoted += "\\\""
      case UInt8(ascii: "\n"): quoted += "\\n"
      case UInt8(ascii: "\r"): quoted += "\\r"
      case UInt8(ascii: "\t"): quoted += "\\t"
      case 0x07: quoted += "\\a"
      case 0x08: quoted += "\\b"
      case 0x20...0x7e: quoted.unicodeScalars.append(Unicode.Scalar(byte))
      default: quoted += (byte < 0x10 ? "\\x0" : "\\x") + String(byte, radix: 16)
      }
    }
    return quoted + "\""
  }

  private struct Scanner {
    let bytes: [UInt8]
    var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    /// False at the end of the line.
    mutating func skipSpace() -> Bool {
      while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
      return index < bytes.count
    }

    mutating func word() -> [UInt8]? {
      var word: [UInt8] = []
      while index < bytes.count, !Self.isSpace(bytes[index]) {
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
          guard appendQuoted(until: byte, to: &word) else { return nil }
          guard index == bytes.count || Self.isSpace(bytes[index]) else { return nil }
          return word
        default:
          word.append(byte)
        }
      }
      return word
    }

    private mutating func appendQuoted(until quote: UInt8, to word: inout [UInt8]) -> Bool {
      while index < bytes.count {
        let byte = bytes[index]
        index += 1
        if byte == quote { return true }
        guard byte == UInt8(ascii: "\\"), index < bytes.count else {
          word.append(byte)
          continue
        }
        if quote == UInt8(ascii: "\"") {
          word.append(escaped())
        } else if bytes[index] == quote {
          word.append(quote)
          index += 1
        } else {
          word.append(byte)
        }
      }
      return false
    }

    /// The byte that the escape after a backslash stands for.
    private mutating func escaped() -> UInt8 {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "n"): return 0x0a
      case UInt8(ascii: "r"): return 0x0d
      case UInt8(ascii: "t"): return 0x09
      case UInt8(ascii: "b"): return 0x08
      case UInt8(ascii: "a"): return 0x07
      case UInt8(ascii: "x"):
        guard index + 1 < bytes.count, let high = Self.hexDigit(bytes[index]),
          let low = Self.hexDigit(bytes[index + 1])
        else { return byte }
        index += 2
        return high << 4 | low
      default: return byte
      }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
      Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
    }
  }
}
