import RESP

/// The words of SORT after its key.
struct SortOptions {
  /// What BY names; nil: the elements themselves.
  private(set) var by: SortPattern?
  /// What GET names, in order; none: the elements themselves.
  private(set) var gets: [SortPattern] = []
  private(set) var isDescending = false
  private(set) var isAlphabetic = false
  private var offset = 0
  /// Negative: all.
  private var count = -1
  /// Where the destination stands among the words, nil without STORE.
  private(set) var storePosition: Int?

  /// - Throws: `.syntax`; `.notAnInteger` for a limit.
  init(_ arguments: Arguments, allowsStore: Bool) throws(CommandError) {
    var index = 2
    while index < arguments.count {
      let option = Self.option(at: index, in: arguments)
      switch option {
      case .ascending: isDescending = false
      case .descending: isDescending = true
      case .alphabetic: isAlphabetic = true
      case .limit:
        offset = try arguments[index + 1].integer()
        count = try arguments[index + 2].integer()
      case .by: by = SortPattern(arguments[index + 1])
      case .get: gets.append(SortPattern(arguments[index + 1]))
      case .store:
        guard allowsStore else { throw .syntax }
        storePosition = index + 1
      case nil: throw .syntax
      }
      index += option?.wordCount ?? 1
    }
  }

  /// Which of `total` sorted elements the limit lets through.
  func range(of total: Int) -> Range<Int> {
    let start = Swift.min(Swift.max(offset, 0), total)
    let length = count < 0 ? total - start : Swift.min(count, total - start)
    return start..<start + length
  }

  /// Where STORE's destination stands; the last one counts. Words that make no sense are passed
  /// over, since keys are asked for before the syntax is checked.
  static func storePosition(in arguments: Arguments) -> Int? {
    var position: Int?
    var index = 2
    while index < arguments.count {
      let option = option(at: index, in: arguments)
      if case .store = option { position = index + 1 }
      index += option?.wordCount ?? 1
    }
    return position
  }

  private enum Option {
    case ascending, descending, alphabetic, limit, by, get, store

    var wordCount: Int {
      switch self {
      case .ascending, .descending, .alphabetic: 1
      case .by, .get, .store: 2
      case .limit: 3
      }
    }
  }

  /// The option at `index`, nil if that is none or its values are missing.
  private static func option(at index: Int, in arguments: Arguments) -> Option? {
    let word = arguments[index]
    let left = arguments.count - index - 1
    if word.matches("asc") { return .ascending }
    if word.matches("desc") { return .descending }
    if word.matches("alpha") { return .alphabetic }
    if word.matches("limit"), left >= 2 { return .limit }
    if word.matches("by"), left >= 1 { return .by }
    if word.matches("get"), left >= 1 { return .get }
    if word.matches("store"), left >= 1 { return .store }
    return nil
  }
}

/// A name in BY or GET: `#`, a key, or a key and a hash's field, with the element in place of the first `*`.
struct SortPattern {
  private let text: [UInt8]

  init(_ text: ByteView) { self.text = text.bytes }

  /// GET #: the element.
  var isElement: Bool { text == [0x23] }
  /// Whether it names another key for each element. BY without one leaves the elements in their order.
  var namesKeys: Bool { text.contains(0x2A) }

  /// What the pattern names for an element, nil if there is nothing, or it is of another type.
  func value(for element: [UInt8], _ keyspace: inout Keyspace) -> [UInt8]? {
    if isElement { return element }
    guard let (key, field) = target(for: element) else { return nil }
    return ByteView.with(key) { key in
      guard let entry = keyspace.lookup(key, for: .read) else { return nil }
      guard let field else {
        return entry.type == .string ? entry.string.withBytes { $0.bytes } : nil
      }
      guard entry.type == .hash else { return nil }
      return ByteView.with(field) { field in
        HashValue(block: entry.block).seen(at: keyspace.expiryHorizon).value(of: field)?.withBytes { $0.bytes }
      }
    }
  }

  /// The key that the pattern names for an element, and the field in it; nil if it names no keys.
  func target(for element: [UInt8]) -> (key: [UInt8], field: [UInt8]?)? {
    guard let star = text.firstIndex(of: 0x2A) else { return nil }
    var keyEnd = text.count
    var field: [UInt8]?
    if let arrow = arrow(after: star), arrow + 2 < text.count {
      keyEnd = arrow
      field = Array(text[(arrow + 2)...])
    }
    return (Array(text[..<star]) + element + Array(text[(star + 1)..<keyEnd]), field)
  }

  private func arrow(after star: Int) -> Int? {
    var index = star + 1
    while index + 1 < text.count {
      if text[index] == 0x2D, text[index + 1] == 0x3E { return index }
      index += 1
    }
    return nil
  }
}

extension CommandError {
  static let sortScoreNotANumber = CommandError(
    "ERR One or more scores can't be converted into double")
}
