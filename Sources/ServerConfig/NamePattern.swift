/// The glob patterns of CONFIG GET over names of directives: `*`, `?`, `[a-c]`, `[^x]`, `\`.
///
/// Case is ignored. The engine's pattern is not used here because this module knows no other;
/// names are short, so this one recurses.
struct NamePattern {
  private let pattern: [UInt8]

  init(_ pattern: String) { self.pattern = Array(pattern.lowercased().utf8) }

  func matches(_ name: String) -> Bool {
    Self.match(pattern[...], Array(name.lowercased().utf8)[...])
  }

  private static func match(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    let rest = pattern.dropFirst()
    switch first {
    case UInt8(ascii: "*"):
      // A run of stars is one star; without this the recursion is exponential in their number.
      let tail = rest.drop { $0 == first }
      return tail.isEmpty
        || (name.startIndex...name.endIndex).contains { match(tail, name[$0...]) }
    case UInt8(ascii: "?"):
      return !name.isEmpty && match(rest, name.dropFirst())
    case UInt8(ascii: "["):
      guard let byte = name.first else { return false }
      let (isMember, tail) = member(byte, of: rest)
      return isMember && match(tail, name.dropFirst())
    default:
      let isEscape = first == UInt8(ascii: "\\") && !rest.isEmpty
      let literal = isEscape ? rest[rest.startIndex] : first
      return name.first == literal && match(isEscape ? rest.dropFirst() : rest, name.dropFirst())
    }
  }

  /// Whether the class that follows a `[` holds `byte`, and what follows the class.
  private static func member(_ byte: UInt8, of text: ArraySlice<UInt8>) -> (
    Bool, ArraySlice<UInt8>
  ) {
    var text = text
    let isNegated = text.first == UInt8(ascii: "^")
    if isNegated { text = text.dropFirst() }
    var found = false
    while let next = text.first, next != UInt8(ascii: "]") {
      text = text.dropFirst()
      var lower = next
      if next == UInt8(ascii: "\\"), let escaped = text.first {
        lower = escaped
        text = text.dropFirst()
      }
      var upper = lower
      if text.first == UInt8(ascii: "-"), text.count >= 2 {
        upper = text[text.startIndex + 1]
        text = text.dropFirst(2)
      }
      if min(lower, upper) <= byte, byte <= max(lower, upper) { found = true }
    }
    return (found != isNegated, text.dropFirst())
  }
}
