/// One operation's request as it goes over the wire, with the places that change marked.
///
/// Words may hold placeholders:
///
/// | placeholder | becomes |
/// |---|---|
/// | `__key__` | `key:` and twelve digits, with the key's tag in front if there are tags |
/// | `__rand_int__` | twelve digits of a key number |
/// | `__any_int__` | twelve digits, all of them random |
/// | `__data__` | the value |
///
/// All numbers are drawn anew at each place; the keys of one request share their tag.
package struct RequestTemplate: Sendable {
  /// The bytes that don't change, and zeros where digits go.
  package private(set) var literal: [UInt8] = []
  package private(set) var segments: [Segment] = []
  package private(set) var patches: [Patch] = []
  /// How many replies the operation has.
  package private(set) var replyCount = 0
  /// More bytes than any request of it has.
  package private(set) var byteCountMax = 0

  /// A run of literal bytes, and what follows it.
  package struct Segment: Sendable {
    package enum Tail: Sendable {
      case nothing
      /// The header of a word of the value and `fixed` other bytes. The value's size is drawn here.
      case header(fixed: Int)
      /// The value's size by itself; it is drawn here.
      case size
      case value
    }

    package let start: Int
    package let end: Int
    package let firstPatch: Int
    package let lastPatch: Int
    package let tail: Tail
  }

  /// Digits to write into the literal.
  package struct Patch: Sendable {
    package enum Kind: Sendable {
      case number
      case anything
      case tag
    }

    /// Where the last digit stands, plus one.
    package let end: Int
    package let kind: Kind
  }

  package static let numberDigits = 12
  package static let tagDigits = 4

  private var segmentStart = 0
  private var segmentPatch = 0

  /// - Parameters:
  ///   - values: sizes of the value; a single one becomes part of the literal.
  package init(_ request: RequestText, values: ValueBytes, tags: KeyTags) {
    switch request {
    case .commands(let commands):
      for words in commands {
        literal += Array("*\(words.count)\r\n".utf8)
        for word in words { append(word: Part.split(word, tags), values) }
      }
      replyCount = commands.count
    case .raw(let text):
      for part in Part.split(text, tags) { append(part, values) }
      replyCount = 1
    }
    endSegment(.nothing)
    byteCountMax += literal.count
  }

  private mutating func append(word parts: [Part], _ values: ValueBytes) {
    let fixed = parts.reduce(0) { $0 + $1.byteCount }
    let valueCount = parts.filter { $0 == .value }.count
    if valueCount == 0 || values.isFixed {
      literal += Array("$\(fixed + valueCount * values.sizes.upperBound)\r\n".utf8)
    } else {
      precondition(valueCount == 1, "a word with two values of different sizes")
      endSegment(.header(fixed: fixed))
      byteCountMax += 24 + values.sizes.upperBound
    }
    for part in parts { append(part, values) }
    literal += [0x0D, 0x0A]
  }

  private mutating func append(_ part: Part, _ values: ValueBytes) {
    switch part {
    case .text(let text): literal += Array(text.utf8)
    case .digits(let kind, let count):
      literal += [UInt8](repeating: 0x30, count: count)
      patches.append(Patch(end: literal.count, kind: kind))
    case .value where values.isFixed: literal += values.bytes.prefix(values.sizes.upperBound)
    case .value: endSegment(.value)
    case .valueSize where values.isFixed: literal += Array(String(values.sizes.upperBound).utf8)
    case .valueSize:
      endSegment(.size)
      byteCountMax += 24 + values.sizes.upperBound
    }
  }

  private mutating func endSegment(_ tail: Segment.Tail) {
    segments.append(
      Segment(
        start: segmentStart, end: literal.count, firstPatch: segmentPatch,
        lastPatch: patches.count, tail: tail))
    segmentStart = literal.count
    segmentPatch = patches.count
  }

  /// A piece of a word.
  private enum Part: Equatable {
    case text(String)
    case digits(Patch.Kind, Int)
    case value
    case valueSize

    var byteCount: Int {
      switch self {
      case .text(let text): text.utf8.count
      case .digits(_, let count): count
      case .value, .valueSize: 0
      }
    }

    static func split(_ word: String, _ tags: KeyTags) -> [Part] {
      let number = Part.digits(.number, numberDigits)
      let key: [Part] =
        switch tags {
        case .none: [.text("key:"), number]
        case .fixed(let tag): [.text("key:{\(tag)}:"), number]
        case .numbered: [.text("key:{"), .digits(.tag, tagDigits), .text("}:"), number]
        }
      let placeholders: [(name: String, parts: [Part])] = [
        ("__key__", key), ("__rand_int__", [number]),
        ("__any_int__", [.digits(.anything, numberDigits)]), ("__data__", [.value]),
        ("__data_size__", [.valueSize]),
      ]
      var parts: [Part] = []
      var text = ""
      var rest = Substring(word)
      while let first = rest.first {
        if let found = placeholders.first(where: { rest.hasPrefix($0.name) }) {
          if !text.isEmpty { parts.append(.text(text)) }
          text = ""
          parts += found.parts
          rest = rest.dropFirst(found.name.count)
        } else {
          text.append(first)
          rest = rest.dropFirst()
        }
      }
      if !text.isEmpty { parts.append(.text(text)) }
      return parts
    }
  }
}

/// What an operation sends, before placeholders are filled in.
package enum RequestText: Equatable, Sendable {
  /// The words of each command; a reply comes for each.
  case commands([[String]])
  /// Bytes as they stand, for one reply: an inline command, or another protocol's. `__data_size__` is the value's size.
  case raw(String)

  package static func command(_ words: [String]) -> RequestText { .commands([words]) }

  /// For messages.
  package var name: String {
    switch self {
    case .commands(let commands): commands.first?.first ?? ""
    case .raw(let text): String(text.prefix { $0 != " " && !$0.isNewline })
    }
  }
}

/// The hash tag of a key, which decides its slot in a cluster.
package enum KeyTags: Equatable, Sendable {
  case none
  /// All keys in one slot.
  case fixed(String)
  /// Keys spread over so many slots' tags; a key's is its number modulo this, and one request has keys of one tag.
  case numbered(Int)
}

/// What values consist of: the same printable bytes for the same seed.
package struct ValueBytes: Sendable {
  package let sizes: ClosedRange<Int>
  /// As many as the largest value has.
  package let bytes: [UInt8]

  package init(sizes: ClosedRange<Int>, seed: UInt64) {
    self.sizes = sizes
    var random = RandomNumbers(seed: seed)
    let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    bytes = (0..<sizes.upperBound).map { _ in letters[random.next(below: letters.count)] }
  }

  package var isFixed: Bool { sizes.lowerBound == sizes.upperBound }
}
