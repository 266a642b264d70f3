import RESP

/// The options of SET, GETEX, MSETEX and their like that decide over the key's expiry; they exclude
/// each other.
enum ExpiryOption {
  case none
  case keep
  case persist
  case seconds(ByteView)
  case milliseconds(ByteView)
  case unixSeconds(ByteView)
  case unixMilliseconds(ByteView)

  /// Which of the words a command knows besides the four with a time.
  enum Dialect { case keepTTL, persist }

  /// Reads the option that starts at `index`, which moves behind it.
  ///
  /// - Returns: false if the word there is none of these options.
  /// - Throws: `.syntax` when the time is missing or another option came before. The same option
  ///   twice is allowed, the last counts, as in Redis.
  mutating func read(
    _ arguments: Arguments, at index: inout Int, _ dialect: Dialect
  ) throws(CommandError) -> Bool {
    let word = arguments[index]
    let new: ExpiryOption
    switch word.count {
    case 2 where word.matches("ex"): new = .seconds(try Self.time(arguments, &index))
    case 2 where word.matches("px"): new = .milliseconds(try Self.time(arguments, &index))
    case 4 where word.matches("exat"): new = .unixSeconds(try Self.time(arguments, &index))
    case 4 where word.matches("pxat"): new = .unixMilliseconds(try Self.time(arguments, &index))
    case 7 where dialect == .keepTTL && word.matches("keepttl"): new = .keep
    case 7 where dialect == .persist && word.matches("persist"): new = .persist
    default: return false
    }
    index += 1
    guard rank == 0 || rank == new.rank else { throw .syntax }
    self = new
    return true
  }

  private static func time(
    _ arguments: Arguments, _ index: inout Int
  ) throws(CommandError) -> ByteView {
    index += 1
    guard index < arguments.count else { throw .syntax }
    return arguments[index]
  }

  private var rank: Int {
    switch self {
    case .none: 0
    case .keep: 1
    case .persist: 2
    case .seconds: 3
    case .milliseconds: 4
    case .unixSeconds: 5
    case .unixMilliseconds: 6
    }
  }

  /// Milliseconds since 1970, nil for the options without a time.
  ///
  /// - Parameter command: as the error text names it.
  /// - Throws: `.notAnInteger`; `.invalidExpireTime` when the time is not positive or beyond 64
  ///   bits.
  func time(now: Int64, _ command: StaticString) throws(CommandError) -> Int64? {
    switch self {
    case .none, .keep, .persist: nil
    case .seconds(let text):
      try Self.time(text, scale: 1000, after: now, command)
    case .milliseconds(let text):
      try Self.time(text, scale: 1, after: now, command)
    case .unixSeconds(let text):
      try Self.time(text, scale: 1000, after: 0, command)
    case .unixMilliseconds(let text):
      try Self.time(text, scale: 1, after: 0, command)
    }
  }

  private static func time(
    _ text: ByteView, scale: Int64, after start: Int64, _ command: StaticString
  ) throws(CommandError) -> Int64 {
    guard let number = DecimalText.integer(text) else { throw .notAnInteger }
    let (scaled, scaleOverflow) = Int64(number).multipliedReportingOverflow(by: scale)
    let (sum, sumOverflow) = scaled.addingReportingOverflow(start)
    guard number > 0, !scaleOverflow, !sumOverflow else {
      throw .invalidExpireTime("\(command)")
    }
    return sum
  }

  /// What becomes of the expiry of a key that is set, given what `time` returned.
  func setting(_ time: Int64?) -> ExpirySetting {
    if let time { return .at(time) }
    if case .keep = self { return .keep }
    return .none
  }
}

extension Keyspace {
  /// Sets `key` to a string, or deletes it when it would expire at once.
  mutating func set(_ key: ByteView, string value: ByteView, until expiry: ExpirySetting) {
    if case .at(let time) = expiry, time <= expiryHorizon {
      if delete(key) { record(["DEL", .view(key)]) }
      return
    }
    set(key, string: value, expiry: expiry)
    switch expiry {
    case .none: record(["SET", .view(key), .view(value)])
    case .keep: record(["SET", .view(key), .view(value), "KEEPTTL"])
    case .at(let time): record(["SET", .view(key), .view(value), "PXAT", .integer(Int(time))])
    }
  }
}
