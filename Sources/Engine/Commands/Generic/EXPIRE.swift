import RESP

extension Command {
  /// `EXPIRE key seconds [NX | XX | GT | LT]`
  ///
  /// Replies with an Integer: 1 if the expiry was set (or, being past, the key deleted), 0 if there
  /// is no such key or the condition does not hold. A key that stays for ever counts as the latest
  /// expiry.
  ///
  /// - Throws: `.unsupportedOption`, `.expireConditionsNX` and `.expireConditionsGTLT`;
  ///   `.notAnInteger`;
  ///   `.invalidExpireTime` when the time in milliseconds does not fit 64 bits.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/expire/>
  package static let expire = expireCommand(
    "expire", "Lets a key expire after a number of seconds.", since: "1.0.0",
    time: Argument("seconds", .integer), unit: .seconds, isRelative: true)

  /// `PEXPIRE key milliseconds [NX | XX | GT | LT]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/pexpire/>
  package static let pexpire = expireCommand(
    "pexpire", "Lets a key expire after a number of milliseconds.", since: "2.6.0",
    time: Argument("milliseconds", .integer), unit: .milliseconds, isRelative: true)

  /// `EXPIREAT key unix-time-seconds [NX | XX | GT | LT]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/expireat/>
  package static let expireat = expireCommand(
    "expireat", "Lets a key expire at a Unix time in seconds.", since: "1.2.0",
    time: Argument("unix-time-seconds", .unixTime), unit: .seconds, isRelative: false)

  /// `PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/pexpireat/>
  package static let pexpireat = expireCommand(
    "pexpireat", "Lets a key expire at a Unix time in milliseconds.", since: "2.6.0",
    time: Argument("unix-time-milliseconds", .unixTime), unit: .milliseconds, isRelative: false)

  private static func expireCommand(
    _ name: StaticString, _ summary: String, since: String, time: Argument, unit: ExpiryUnit,
    isRelative: Bool
  ) -> Command {
    Command(
      name, summary, since: since, group: .generic, complexity: "O(1)", arity: .atLeast(3),
      keys: [.at(1, [.readWrite, .update])], flags: [.write, .fast], categories: .keyspace,
      arguments: [
        .key(), time,
        .oneOf(
          "condition", [.optional], since: "7.0.0",
          [.token("nx", "NX"), .token("xx", "XX"), .token("gt", "GT"), .token("lt", "LT")]),
      ],
      history: [("7.0.0", "The conditions `NX`, `XX`, `GT` and `LT`.")],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let condition = try ExpiryCondition(arguments)
        let base = isRelative ? keyspace.now : 0
        guard let time = unit.time(from: base, plus: try arguments[2].integer()) else {
          throw .invalidExpireTime("\(name)")
        }
        guard let entry = keyspace.lookup(arguments[1], for: .write),
          condition.allows(time, current: entry.expiry)
        else { return reply.integer(0) }
        if time <= keyspace.expiryHorizon, !keyspace.keepsExpiredKeys {
          _ = keyspace.delete(arguments[1])
          keyspace.record(["DEL", .view(arguments[1])])
        } else {
          keyspace.setExpiry(entry, time)
          keyspace.changed(arguments[1])
          keyspace.record(["PEXPIREAT", .view(arguments[1]), .integer(Int(time))])
        }
        reply.integer(1)
      })
  }
}

/// The unit in which a command counts time.
enum ExpiryUnit {
  case seconds, milliseconds

  /// `base` milliseconds and `count` of this unit together in milliseconds, nil if that overflows.
  func time(from base: Int64, plus count: Int) -> Int64? {
    let factor: Int64 = self == .seconds ? 1000 : 1
    let (milliseconds, overflow) = Int64(count).multipliedReportingOverflow(by: factor)
    if overflow { return nil }
    let (time, carry) = milliseconds.addingReportingOverflow(base)
    return carry ? nil : time
  }

  /// `milliseconds` in this unit, rounded.
  func count(of milliseconds: Int64) -> Int {
    // To the nearest second, without a sum that could be too large.
    self == .seconds
      ? Int(milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0)) : Int(milliseconds)
  }
}

/// When EXPIRE and its sisters, HEXPIRE and its, may replace an expiry.
struct ExpiryCondition: OptionSet {
  let rawValue: UInt8

  static let ifNone = ExpiryCondition(rawValue: 1)
  static let ifAny = ExpiryCondition(rawValue: 2)
  static let ifLater = ExpiryCondition(rawValue: 4)
  static let ifEarlier = ExpiryCondition(rawValue: 8)
}

extension ExpiryCondition {
  /// Reads the words after the time.
  init(_ arguments: Arguments) throws(CommandError) {
    self = []
    for index in 3..<arguments.count {
      guard let condition = ExpiryCondition(word: arguments[index]) else {
        throw .unsupportedOption(arguments[index])
      }
      formUnion(condition)
    }
    if contains(.ifNone), !isDisjoint(with: [.ifAny, .ifLater, .ifEarlier]) {
      throw .expireConditionsNX
    }
    if isSuperset(of: [.ifLater, .ifEarlier]) { throw .expireConditionsGTLT }
  }

  /// - Returns: nil if the word is none.
  init?(word: ByteView) {
    if word.matches("nx") {
      self = .ifNone
    } else if word.matches("xx") {
      self = .ifAny
    } else if word.matches("gt") {
      self = .ifLater
    } else if word.matches("lt") {
      self = .ifEarlier
    } else {
      return nil
    }
  }

  func allows(_ time: Int64, current: Int64?) -> Bool {
    guard let current else { return isDisjoint(with: [.ifAny, .ifLater]) }
    if contains(.ifNone) { return false }
    if contains(.ifLater), time <= current { return false }
    if contains(.ifEarlier), time >= current { return false }
    return true
  }
}
