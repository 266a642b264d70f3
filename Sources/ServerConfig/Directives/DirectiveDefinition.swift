/// What is known of a directive before the server starts: names, range, default, and who may
/// change it.
///
/// Names, ranges and defaults are those of Redis 7.2 and later; what only Valkey or a later
/// Redis knows is named there too.
package struct DirectiveDefinition: Sendable {
  package struct Flags: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Set by the file or the command line only.
    package static let immutable = Flags(rawValue: 1 << 0)
    /// Left out where CONFIG GET is given a pattern.
    package static let hidden = Flags(rawValue: 1 << 1)
    /// The value is a secret: keep it out of logs.
    package static let sensitive = Flags(rawValue: 1 << 2)
    /// CONFIG SET needs `enable-protected-configs`.
    package static let protected = Flags(rawValue: 1 << 3)
    /// CONFIG REWRITE removes the line when the text is empty.
    package static let emptyIsAbsent = Flags(rawValue: 1 << 4)
  }

  /// How a number is written.
  package enum IntegerForm: Sendable {
    case decimal
    /// File modes: `755`.
    case octal
    /// `64mb`; held in bytes.
    case memory
    /// `64mb` or `5%`; a percentage is held as its negative.
    case memoryOrPercent
  }

  package enum Kind: Sendable {
    case flag(FlagDirective, default: Bool)
    /// A value outside `clamp` is accepted and moved to its nearest end.
    case integer(
      IntegerDirective, IntegerForm, ClosedRange<Int>, default: Int, clamp: ClosedRange<Int>)
    /// `check` returns what is wrong with a text, or nil.
    case text(TextDirective, default: String, check: @Sendable (String) -> String?)
    /// `synonyms` are accepted and held as another word of the list.
    case choice(ChoiceDirective, [String], default: String, synonyms: [String: String])
    case list(ListDirective)
  }

  /// The primary name, in lower case.
  package let name: String
  /// Other names for the same value; CONFIG GET lists them as directives of their own.
  package let aliases: [String]
  package let kind: Kind
  package let flags: Flags

  package var key: DirectiveKey {
    switch kind {
    case .flag(let key, _): .flag(key)
    case .integer(let key, _, _, _, _): .integer(key)
    case .text(let key, _, _): .text(key)
    case .choice(let key, _, _, _): .choice(key)
    case .list(let key): .list(key)
    }
  }
}

// The spelling of the table's entries.
extension DirectiveDefinition {
  static func flag(
    _ key: FlagDirective, _ name: String, default value: Bool, flags: Flags = [],
    aliases: [String] = []
  ) -> Self {
    Self(name: name, aliases: aliases, kind: .flag(key, default: value), flags: flags)
  }

  static func integer(
    _ key: IntegerDirective, _ name: String, _ range: ClosedRange<Int>, default value: Int,
    clampedTo clamp: ClosedRange<Int>? = nil, flags: Flags = [], aliases: [String] = []
  ) -> Self {
    number(key, .decimal, name, range, value, clamp, flags, aliases)
  }

  static func octal(
    _ key: IntegerDirective, _ name: String, _ range: ClosedRange<Int>, default value: Int,
    flags: Flags = []
  ) -> Self {
    number(key, .octal, name, range, value, nil, flags, [])
  }

  static func memory(
    _ key: IntegerDirective, _ name: String, _ range: ClosedRange<Int>, default value: Int,
    clampedTo clamp: ClosedRange<Int>? = nil, flags: Flags = [], aliases: [String] = []
  ) -> Self {
    number(key, .memory, name, range, value, clamp, flags, aliases)
  }

  static func memoryOrPercent(
    _ key: IntegerDirective, _ name: String, _ range: ClosedRange<Int>, default value: Int
  ) -> Self {
    number(key, .memoryOrPercent, name, range, value, nil, [], [])
  }

  static func text(
    _ key: TextDirective, _ name: String, default value: String,
    check: @escaping @Sendable (String) -> String? = { _ in nil }, flags: Flags = [],
    aliases: [String] = []
  ) -> Self {
    Self(
      name: name, aliases: aliases, kind: .text(key, default: value, check: check), flags: flags)
  }

  static func choice(
    _ key: ChoiceDirective, _ name: String, _ words: [String], default value: String,
    synonyms: [String: String] = [:], flags: Flags = []
  ) -> Self {
    Self(
      name: name, aliases: [],
      kind: .choice(key, words, default: value, synonyms: synonyms), flags: flags)
  }

  static func list(_ key: ListDirective, _ name: String, flags: Flags = [], aliases: [String] = [])
    -> Self
  {
    Self(name: name, aliases: aliases, kind: .list(key), flags: flags)
  }

  private static func number(
    _ key: IntegerDirective, _ form: IntegerForm, _ name: String, _ range: ClosedRange<Int>,
    _ value: Int, _ clamp: ClosedRange<Int>?, _ flags: Flags, _ aliases: [String]
  ) -> Self {
    // A percentage is held below zero, so the clamp must not touch it.
    let whole = Int.min...Int.max
    return Self(
      name: name, aliases: aliases,
      kind: .integer(key, form, range, default: value, clamp: clamp ?? whole), flags: flags)
  }
}
