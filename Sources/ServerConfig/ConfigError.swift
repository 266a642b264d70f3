/// Why an argument is no value for a directive, in the words Redis uses.
package struct InvalidArgument: Error, Equatable, Sendable {
  package let reason: String

  package init(_ reason: String) { self.reason = reason }

  static let wrongCount = InvalidArgument("wrong number of arguments")
  static let notFlag = InvalidArgument("argument must be 'yes' or 'no'")
  static let notInteger = InvalidArgument("argument couldn't be parsed into an integer")
  static let notOctal = InvalidArgument("argument couldn't be parsed as an octal number")
  static let notMemory = InvalidArgument("argument must be a memory value")
  static let notMemoryOrPercent = InvalidArgument("argument must be a memory or percent value")
  static let percentTooLarge = InvalidArgument("percentage argument must be less or equal to 100")

  static func outside(_ range: ClosedRange<Int>, octal: Bool = false) -> InvalidArgument {
    let lower = String(range.lowerBound, radix: octal ? 8 : 10)
    let upper = String(range.upperBound, radix: octal ? 8 : 10)
    return InvalidArgument("argument must be between \(lower) and \(upper) inclusive")
  }

  static func notOneOf(_ words: [String]) -> InvalidArgument {
    InvalidArgument(
      "argument(s) must be one of the following: " + words.joined(separator: ", "))
  }
}

/// Why CONFIG SET changed nothing.
package enum ConfigError: Error, Equatable, Sendable {
  case unknown(String)
  /// The argument as the client spelled it, and the reason.
  case failed(String, reason: String)

  /// The reply without its leading `-`.
  package var message: String {
    switch self {
    case .unknown(let name):
      "ERR Unknown option or number of arguments for CONFIG SET - '\(name)'"
    case .failed(let name, let reason):
      "ERR CONFIG SET failed (possibly related to argument '\(name)') - \(reason)"
    }
  }
}
