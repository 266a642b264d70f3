/// Splits a line into words as a shell user expects, the rules of Redis' inline commands and
/// configuration files:
///
/// - words are separated by white space;
/// - `"..."` knows `\n \r \t \b \a \\ \" \xHH`; `'...'` knows only `\'`;
/// - a closing quote must be followed by white space or the end.
package enum InlineWords {
  package enum Word: Equatable {
    /// A word without quotes: a range of the line.
    case plain(Range<Int>)
    /// A word that held quotes, its escapes resolved.
    case unescaped([UInt8])
  }

  /// nil when quotes are unbalanced or a quote ends inside a word.
  package static func split(_ line: ByteView) -> [Word]? {
    var words: [Word] = []
    var index = 0
    while true {
      while index < line.count, isSpace(line[index]) { index += 1 }
      if index == line.count { return words }
      let start = index
      while index < line.count, !isSpace(line[index]), line[index] != 0x22, line[index] != 0x27 {
        index += 1
      }
      if index == line.count || isSpace(line[index]) {
        words.append(.plain(start..<index))
        continue
      }
      guard let word = quotedWord(line, from: start, to: &index) else { return nil }
      words.append(.unescaped(word))
    }
  }

  private static func quotedWord(_ line: ByteView, from start: Int, to index: inout Int)
    -> [UInt8]?
  {
    var word: [UInt8] = []
    index = start
    while index < line.count, !isSpace(line[index]) {
      let byte = line[index]
      guard byte == 0x22 || byte == 0x27 else {
        word.append(byte)
        index += 1
        continue
      }
      index += 1
      guard appendQuoted(line, quote: byte, at: &index, to: &word) else { return nil }
      if index < line.count, !isSpace(line[index]) { return nil }
    }
    return word
  }

  /// Reads up to and over the closing quote.
  private static func appendQuoted(
    _ line: ByteView, quote: UInt8, at index: inout Int, to word: inout [UInt8]
  ) -> Bool {
    while index < line.count {
      let byte = line[index]
      if byte == quote {
        index += 1
        return true
      }
      guard byte == 0x5C, index + 1 < line.count else {
        word.append(byte)
        index += 1
        continue
      }
      let escaped = line[index + 1]
      if quote == 0x27 {
        if escaped == 0x27 {
          word.append(0x27)
          index += 2
        } else {
          word.append(byte)
          index += 1
        }
        continue
      }
      if escaped == 0x78, index + 3 < line.count, let high = hexDigit(line[index + 2]),
        let low = hexDigit(line[index + 3])
      {
        word.append(high << 4 | low)
        index += 4
        continue
      }
      switch escaped {
      case 0x6E: word.append(0x0A)
      case 0x72: word.append(0x0D)
      case 0x74: word.append(0x09)
      case 0x62: word.append(0x08)
      case 0x61: word.append(0x07)
      default: word.append(escaped)
      }
      index += 2
    }
    return false
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) || byte == 0
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x61...0x66: byte - 0x61 + 10
    case 0x41...0x46: byte - 0x41 + 10
    default: nil
    }
  }
}
