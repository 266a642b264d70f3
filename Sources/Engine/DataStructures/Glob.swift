package import RESP

/// Shell-style patterns as KEYS, SCAN, PSUBSCRIBE and CONFIG GET know them: `*`, `?`, `[abc]`,
/// `[a-z]`,
/// `[^x]`, and `\` before a byte that stands for itself.
///
/// Everything but `*` matches exactly one byte, so when a match fails it is enough to let the
/// *last* `*` take one byte more: time is bounded by pattern length times text length, with nothing
/// to recurse into.
///
/// Kept from Redis, odd as they are: a class that is never closed ends with the pattern; an escaped
/// byte in a class is compared with its case even where case does not count; bounds of a range
/// compare as signed bytes; the empty text matches only the empty pattern.
///
/// - SeeAlso: <https://redis.io/docs/latest/commands/keys/>
package enum Glob {
  /// Whether the whole of `text` matches `pattern`.
  ///
  /// - Complexity: O(pattern × text) at worst, O(text) without `*`. Does not allocate.
  package static func matches(
    _ pattern: ByteView, _ text: ByteView, ignoringCase: Bool = false
  ) -> Bool {
    if text.isEmpty { return pattern.isEmpty }
    var patternIndex = 0
    var textIndex = 0
    var afterStar: Int?
    var starTextIndex = 0
    while textIndex < text.count {
      if patternIndex < pattern.count, pattern[patternIndex] == star {
        patternIndex = skipStars(pattern, from: patternIndex)
        if patternIndex == pattern.count { return true }
        afterStar = patternIndex
        starTextIndex = textIndex
      } else if patternIndex < pattern.count,
        let next = match(pattern, at: patternIndex, text[textIndex], ignoringCase)
      {
        patternIndex = next
        textIndex += 1
      } else if let afterStar {
        starTextIndex += 1
        textIndex = starTextIndex
        patternIndex = afterStar
      } else {
        return false
      }
    }
    return skipStars(pattern, from: patternIndex) == pattern.count
  }

  /// Whether every text but the empty one matches, so that matching can be skipped.
  package static func matchesAll(_ pattern: ByteView) -> Bool {
    pattern.count == 1 && pattern[0] == star
  }

  private static let star: UInt8 = 0x2A

  private static func skipStars(_ pattern: ByteView, from start: Int) -> Int {
    var index = start
    while index < pattern.count, pattern[index] == star { index += 1 }
    return index
  }

  /// Matches one byte with the pattern's element at `index`.
  ///
  /// - Returns: where the next element starts, nil if the byte does not match.
  @inline(__always)
  private static func match(
    _ pattern: ByteView, at index: Int, _ byte: UInt8, _ ignoringCase: Bool
  ) -> Int? {
    switch pattern[index] {
    case UInt8(ascii: "?"): return index + 1
    case UInt8(ascii: "["): return matchClass(pattern, from: index + 1, byte, ignoringCase)
    case UInt8(ascii: "\\") where index + 1 < pattern.count:
      return equal(pattern[index + 1], byte, ignoringCase) ? index + 2 : nil
    case let literal: return equal(literal, byte, ignoringCase) ? index + 1 : nil
    }
  }

  private static func matchClass(
    _ pattern: ByteView, from start: Int, _ byte: UInt8, _ ignoringCase: Bool
  ) -> Int? {
    var index = start
    let isNegated = index < pattern.count && pattern[index] == UInt8(ascii: "^")
    if isNegated { index += 1 }
    var isMember = false
    while index < pattern.count {
      let left = pattern.count - index
      if pattern[index] == UInt8(ascii: "\\"), left >= 2 {
        if pattern[index + 1] == byte { isMember = true }
        index += 2
      } else if pattern[index] == UInt8(ascii: "]") {
        return isMember != isNegated ? index + 1 : nil
      } else if left >= 3, pattern[index + 1] == UInt8(ascii: "-") {
        if isBetween(byte, pattern[index], pattern[index + 2], ignoringCase) { isMember = true }
        index += 3
      } else {
        if equal(pattern[index], byte, ignoringCase) { isMember = true }
        index += 1
      }
    }
    return isMember != isNegated ? index : nil
  }

  private static func isBetween(
    _ byte: UInt8, _ first: UInt8, _ second: UInt8, _ ignoringCase: Bool
  ) -> Bool {
    var low = Int8(bitPattern: first)
    var high = Int8(bitPattern: second)
    if low > high { swap(&low, &high) }
    guard ignoringCase else {
      let value = Int8(bitPattern: byte)
      return value >= low && value <= high
    }
    let value = Int8(bitPattern: lowered(byte))
    return value >= Int8(bitPattern: lowered(UInt8(bitPattern: low)))
      && value <= Int8(bitPattern: lowered(UInt8(bitPattern: high)))
  }

  @inline(__always)
  private static func equal(_ left: UInt8, _ right: UInt8, _ ignoringCase: Bool) -> Bool {
    left == right || (ignoringCase && lowered(left) == lowered(right))
  }

  @inline(__always)
  private static func lowered(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }
}
