import RESP

extension Command {
  /// `HTTL key FIELDS numfields field [field ...]`
  ///
  /// Replies with an Array of Integers, one a field: the seconds left, rounded up; -1 if it stays for ever, -2 if there is no
  /// such field.
  ///
  /// - Throws: `.wrongType`; `.fieldsMissing`, `.fieldCountNotPositive` and `.fieldCountMismatch`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/httl/>
  package static let httl = fieldTimeCommand(
    "httl", "Returns how many seconds fields of a hash have left.",
    tips: ["nondeterministic_output"], unit: .seconds, isRelative: true)

  /// `HPTTL key FIELDS numfields field [field ...]`: HTTL in milliseconds.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hpttl/>
  package static let hpttl = fieldTimeCommand(
    "hpttl", "Returns how many milliseconds fields of a hash have left.",
    tips: ["nondeterministic_output"], unit: .milliseconds, isRelative: true)

  /// `HEXPIRETIME key FIELDS numfields field [field ...]`: Unix times in seconds, rounded up.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hexpiretime/>
  package static let hexpiretime = fieldTimeCommand(
    "hexpiretime", "Returns the Unix times, in seconds, at which fields of a hash expire.",
    unit: .seconds, isRelative: false)

  /// `HPEXPIRETIME key FIELDS numfields field [field ...]`: Unix times in milliseconds.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hpexpiretime/>
  package static let hpexpiretime = fieldTimeCommand(
    "hpexpiretime", "Returns the Unix times, in milliseconds, at which fields of a hash expire.",
    unit: .milliseconds, isRelative: false)

  private static func fieldTimeCommand(
    _ name: StaticString, _ summary: String, tips: [String] = [], unit: ExpiryUnit,
    isRelative: Bool
  ) -> Command {
    Command(
      name, summary, since: "7.4.0", group: .hash,
      complexity: "O(N) for N fields", arity: .atLeast(5),
      keys: [.at(1, [.readOnly, .access])], flags: [.readOnly, .fast],
      tips: tips, arguments: [.key(), hashFields],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let hash = try keyspace.hashValue(arguments[1])
        let fields = try FieldWords(arguments, at: 2)
        reply.array(fields.count)
        for index in fields.indices {
          switch hash?.expiry(of: arguments[index]) {
          case nil, .noField: reply.integer(-2)
          case .stays: reply.integer(-1)
          case .at(let time):
            reply.integer(unit.roundedUp(isRelative ? time - keyspace.now : time))
          }
        }
      })
  }

  /// `HPERSIST key FIELDS numfields field [field ...]`
  ///
  /// Replies with an Array of Integers, one a field: 1 if it lost its expiry, -1 if it had none, -2 if there is no such field.
  ///
  /// - Throws: `.wrongType`; `.fieldsMissing`, `.fieldCountNotPositive` and `.fieldCountMismatch`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hpersist/>
  package static let hpersist = Command(
    "hpersist", "Lets fields of a hash stay for ever.", since: "7.4.0", group: .hash,
    complexity: "O(N) for N fields", arity: .atLeast(5),
    keys: [.at(1, [.readWrite, .update])], flags: [.write, .fast],
    arguments: [.key(), hashFields],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      _ = try keyspace.collection(HashValue.self, arguments[1], for: .peek)
      let fields = try FieldWords(arguments, at: 2)
      guard let hash = try keyspace.hashValue(arguments[1], toChange: fields) else {
        return reply.repeated(-2, fields.count)
      }
      var changes = 0
      reply.array(fields.count)
      for index in fields.indices {
        switch hash.expiry(of: arguments[index]) {
        case .noField: reply.integer(-2)
        case .stays: reply.integer(-1)
        case .at:
          hash.setExpiry(nil, of: arguments[index])
          changes += 1
          reply.integer(1)
        }
      }
      guard changes > 0 else { return }
      keyspace.changed(arguments[1], fieldsOf: hash, "hpersist")
    })
}

extension ExpiryUnit {
  /// `milliseconds` in this unit, rounded up.
  fileprivate func roundedUp(_ milliseconds: Int64) -> Int {
    Int(self == .seconds ? (milliseconds + 999) / 1000 : milliseconds)
  }
}
