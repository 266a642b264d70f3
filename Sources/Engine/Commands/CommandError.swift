package import RESP

/// What the client did wrong, in the words Redis uses: clients match on them.
package struct CommandError: Error, Sendable {
  private enum Text: Sendable {
    case literal(StaticString)
    case composed([UInt8])
  }

  private let text: Text

  /// - Parameter literal: the whole reply without its `-`: a code, a space, the message.
  package init(_ literal: StaticString) { text = .literal(literal) }

  /// As `init(_:)`, for texts that quote what the client sent.
  package init(composed: [UInt8]) { text = .composed(composed) }

  package init(composed: String) { text = .composed(Array(composed.utf8)) }

  /// The reply's bytes without `-` and line end.
  package var message: [UInt8] {
    switch text {
    case .literal(let literal): ByteView(literal).bytes
    case .composed(let bytes): bytes
    }
  }

  /// The first word: what INFO errorstats counts by.
  package var code: String {
    String(decoding: message.prefix { $0 != 0x20 }, as: UTF8.self)
  }

  package static let wrongType = CommandError(
    "WRONGTYPE Operation against a key holding the wrong kind of value")
  package static let syntax = CommandError("ERR syntax error")
  package static let notAnInteger = CommandError("ERR value is not an integer or out of range")
  package static let notAFloat = CommandError("ERR value is not a valid float")
  package static let valueNotFinite = CommandError("ERR value is NaN or Infinity")
  package static let valueOutOfRange = CommandError("ERR value is out of range")
  package static let countOutOfRange = CommandError(
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
  package static let hashValueNotAnInteger = CommandError("ERR hash value is not an integer")
  package static let hashValueNotAFloat = CommandError("ERR hash value is not a float")
  package static let noSuchKey = CommandError("ERR no such key")
  package static let sameObject = CommandError(
    "ERR source and destination objects are the same")
  package static let indexOutOfRange = CommandError("ERR index out of range")
  package static let offsetOutOfRange = CommandError("ERR offset is out of range")
  package static let overflow = CommandError("ERR increment or decrement would overflow")
  package static let notANumberOrInfinity = CommandError(
    "ERR increment would produce NaN or Infinity")
  package static let stringTooLong = CommandError(
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)")
  package static let databaseOutOfRange = CommandError("ERR DB index is out of range")
  package static let busyKey = CommandError("BUSYKEY Target key name already exists.")
  package static let outOfMemory = CommandError(
    "OOM command not allowed when used memory > 'maxmemory'.")

  // MARK: Keys

  package static let notAnInt32 = CommandError(
    "ERR value is out of range, value must between -2147483648 and 2147483647")
  package static let invalidFirstDatabase = CommandError("ERR invalid first DB index")
  package static let invalidSecondDatabase = CommandError("ERR invalid second DB index")
  package static let expireConditionsNX = CommandError(
    "ERR NX and XX, GT or LT options at the same time are not compatible")
  package static let expireConditionsGTLT = CommandError(
    "ERR GT and LT options at the same time are not compatible")
  package static let invalidCursor = CommandError("ERR invalid cursor")
  package static let badPayloadChecksum = CommandError(
    "ERR DUMP payload version or checksum are wrong")
  package static let badPayload = CommandError("ERR Bad data format")
  package static let invalidTTL = CommandError("ERR Invalid TTL value, must be >= 0")
  package static let invalidIdleTime = CommandError("ERR Invalid IDLETIME value, must be >= 0")
  package static let invalidFrequency = CommandError(
    "ERR Invalid FREQ value, must be >= 0 and <= 255")
  package static let frequencyNotTracked = CommandError(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
  )
  package static let idleTimeNotTracked = CommandError(
    "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."
  )
  package static let timeoutNotAnInteger = CommandError(
    "ERR timeout is not an integer or out of range")
  package static let timeoutNotAFloat = CommandError(
    "ERR timeout is not a float or out of range")
  package static let timeoutNegative = CommandError("ERR timeout is negative")
  package static let timeoutOutOfRange = CommandError("ERR timeout is out of range")

  package static func unsupportedOption(_ word: ByteView) -> CommandError {
    CommandError(composed: Array("ERR Unsupported option ".utf8) + quotable(word, max: word.count))
  }

  package static func wrongArity(_ command: String) -> CommandError {
    CommandError(composed: "ERR wrong number of arguments for '\(command)' command")
  }

  package static func invalidExpireTime(_ command: String) -> CommandError {
    CommandError(composed: "ERR invalid expire time in '\(command)' command")
  }

  package static func unknownSubcommand(_ word: ByteView, of command: String) -> CommandError {
    var text = Array("ERR unknown subcommand '".utf8)
    text += quotable(word, max: 128)
    text += Array("'. Try \(command.uppercasedASCII) HELP.".utf8)
    return CommandError(composed: text)
  }

  /// Quotes the command and its arguments, each cut at 128 bytes, as Redis does.
  package static func unknownCommand(_ arguments: Arguments) -> CommandError {
    var text = Array("ERR unknown command '".utf8)
    text += quotable(arguments[0], max: 128)
    text += Array("', with args beginning with: ".utf8)
    var quoted: [UInt8] = []
    for index in 1..<max(arguments.count, 1) where quoted.count < 128 {
      quoted += [0x27] + quotable(arguments[index], max: 128 - quoted.count)
      quoted += [0x27, 0x20]
    }
    return CommandError(composed: text + quoted)
  }

  /// What Redis, which formats C strings, shows of a word: it ends at the first NUL.
  private static func quotable(_ word: ByteView, max limit: Int) -> [UInt8] {
    word[0..<min(word.firstIndex(of: 0) ?? word.count, limit)].bytes
  }
}

extension String {
  /// ASCII letters raised; for names, which are ASCII.
  package var uppercasedASCII: String {
    String(
      decoding: utf8.map { $0 >= 0x61 && $0 <= 0x7A ? $0 & 0xDF : $0 }, as: UTF8.self)
  }
}
