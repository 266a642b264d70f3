import RESP

extension FieldWords {
  /// `FIELDS numfields field [field ...]` from `index` on, to the end.
  ///
  /// - Parameter error: of a count that is not positive.
  /// - Throws: `.fieldsMissing`; `error`; `.fieldCountMismatch`.
  init(
    _ arguments: Arguments, at index: Int,
    badCount error: CommandError = .fieldCountNotPositive
  ) throws(CommandError) {
    guard index + 1 < arguments.count, arguments[index].matches("fields") else {
      throw .fieldsMissing
    }
    guard let count = DecimalText.integer(arguments[index + 1]), count > 0 else { throw error }
    guard count == arguments.count - index - 2 else { throw .fieldCountMismatch }
    self.init(arguments, index + 2..<arguments.count)
  }
}

/// Fields that a command has changed.
struct FieldChanges {
  private(set) var count = 0
  /// Their names, where they are to be recorded.
  private(set) var names: [EffectWord] = []

  mutating func add(_ field: ByteView, recording: Bool) {
    count += 1
    if recording { names.append(.view(field)) }
  }

  /// As `FIELDS numfields field [field ...]`.
  var words: [EffectWord] { ["FIELDS", .integer(count)] + names }
}

extension ReplyWriter {
  /// An Array of `count` times the same integer.
  mutating func repeated(_ value: Int, _ count: Int) {
    array(count)
    for _ in 0..<count { integer(value) }
  }
}

extension CommandError {
  static let fieldsMissing = CommandError(
    "ERR Mandatory argument FIELDS is missing or not at the right position")
  static let fieldCountNotPositive = CommandError(
    "ERR Number of fields must be a positive integer")
  static let fieldCountMismatch = CommandError(
    "ERR The `numfields` parameter must match the number of arguments")
  /// As HEXPIRE says it.
  static let expiringFieldCountNotPositive = CommandError(
    "ERR Parameter `numFields` should be greater than 0")
  static let negativeExpireTime = CommandError("ERR invalid expire time, must be >= 0")
}
