import RESP

extension Command {
  /// `HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
  ///
  /// Replies with an Array of Integers, one a field: 2 if it was deleted because the time is past, 1 if the expiry was
  /// set, 0 if the condition does not hold, -2 if there is no such field.
  ///
  /// - Throws: `.wrongType`; `.notAnInteger`; `.negativeExpireTime`; `.invalidExpireTime` for times beyond 46 bits of
  ///   milliseconds; `.fieldsMissing`, `.fieldCountNotPositive` and `.fieldCountMismatch`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hexpire/>
  package static let hexpire = fieldExpireCommand(
    "hexpire", "Lets fields of a hash expire after a number of seconds.",
    time: Argument("seconds", .integer), unit: .seconds, isRelative: true)

  /// `HPEXPIRE key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hpexpire/>
  package static let hpexpire = fieldExpireCommand(
    "hpexpire", "Lets fields of a hash expire after a number of milliseconds.",
    time: Argument("milliseconds", .integer), unit: .milliseconds, isRelative: true)

  /// `HEXPIREAT key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hexpireat/>
  package static let hexpireat = fieldExpireCommand(
    "hexpireat", "Lets fields of a hash expire at a Unix time in seconds.",
    time: Argument("unix-time-seconds", .unixTime), unit: .seconds, isRelative: false)

  /// `HPEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hpexpireat/>
  package static let hpexpireat = fieldExpireCommand(
    "hpexpireat", "Lets fields of a hash expire at a Unix time in milliseconds.",
    time: Argument("unix-time-milliseconds", .unixTime), unit: .milliseconds, isRelative: false)

  private static func fieldExpireCommand(
    _ name: StaticString, _ summary: String, time: Argument, unit: ExpiryUnit, isRelative: Bool
  ) -> Command {
    Command(
      name, summary, since: "7.4.0", group: .hash,
      complexity: "O(N) for N fields", arity: .atLeast(6),
      keys: [.at(1, [.readWrite, .update])], flags: [.write, .fast],
      arguments: [
        .key(), time,
        .oneOf(
          "condition", [.optional],
          [.token("nx", "NX"), .token("xx", "XX"), .token("gt", "GT"), .token("lt", "LT")]),
        hashFields,
      ],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        // A key of another type is the first thing to be told.
        _ = try keyspace.collection(HashValue.self, arguments[1], for: .peek)
        let base = isRelative ? keyspace.now : 0
        let time = try FieldTime.parse(arguments[2], unit, after: base, "\(name)")
        var index = 3
        let condition = ExpiryCondition(word: arguments[3])
        if condition != nil { index = 4 }
        let fields = try FieldWords(
          arguments, at: index, badCount: .expiringFieldCountNotPositive)
        guard let hash = try keyspace.hashValue(arguments[1], toChange: fields) else {
          return reply.repeated(-2, fields.count)
        }
        reply.array(fields.count)
        keyspace.setExpiries(hash, fields, of: arguments[1], time, condition ?? []) {
          reply.integer($0)
        }
      })
  }

  /// `FIELDS numfields field [field ...]`
  static let hashFields = Argument.block(
    "fields", token: "FIELDS", [],
    [Argument("numfields", .integer), Argument("field", .string, .multiple)])
}

/// Points in time as fields can have them.
enum FieldTime {
  /// Milliseconds since 1970.
  ///
  /// - Parameter command: as the error text names it.
  static func parse(
    _ word: ByteView, _ unit: ExpiryUnit, after start: Int64, _ command: String
  ) throws(CommandError) -> Int64 {
    let count = try word.integer()
    guard count >= 0 else { throw .negativeExpireTime }
    guard let time = unit.time(from: start, plus: count), time <= HashValue.expiryMax else {
      throw .invalidExpireTime(command)
    }
    return time
  }
}

extension Keyspace {
  /// Gives fields an expiry, or deletes them if it is past; tells for each what became of it.
  fileprivate mutating func setExpiries(
    _ hash: HashValue, _ fields: FieldWords, of key: ByteView, _ time: Int64,
    _ condition: ExpiryCondition, _ tell: (Int) -> Void
  ) {
    let isPast = isPast(time)
    var changes = FieldChanges()
    for index in fields.indices {
      let field = fields.arguments[index]
      let current: Int64?
      switch hash.expiry(of: field) {
      case .noField:
        tell(-2)
        continue
      case .stays: current = nil
      case .at(let time): current = time
      }
      guard condition.allows(time, current: current) else {
        tell(0)
        continue
      }
      if isPast {
        _ = hash.remove(field)
      } else {
        hash.setExpiry(time, of: field)
      }
      changes.add(field, recording: effects.isRecorded)
      tell(isPast ? 2 : 1)
    }
    conclude(changes, of: hash, key, expiry: time)
  }

  /// Counts and records that fields got an expiry, or were deleted because it is past.
  mutating func conclude(
    _ changes: FieldChanges, of hash: HashValue, _ key: ByteView, expiry: Int64
  ) {
    guard changes.count > 0 else { return }
    if isPast(expiry) {
      changed(key, fieldsOf: hash, "hdel")
      record(["HDEL", .view(key)] + changes.names)
    } else {
      noteExpiry(expiry, of: key)
      changed(key, fieldsOf: hash, "hexpire")
      record(["HPEXPIREAT", .view(key), .integer(Int(expiry))] + changes.words)
    }
  }
}
