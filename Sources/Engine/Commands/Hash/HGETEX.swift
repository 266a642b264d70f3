import RESP

extension Command {
  /// `HGETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]
  /// FIELDS numfields field [field ...]`
  ///
  /// Replies with an Array of the values, null where there is no such field. A time that is past deletes the fields.
  ///
  /// - Throws: `.wrongType`; `.notAnInteger`; `.negativeExpireTime`; `.invalidExpireTime`; `.fieldsMissing`, also for
  ///   an unknown option; `.fieldCountNotPositive` and `.fieldCountMismatch`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hgetex/>
  package static let hgetex = Command(
    "hgetex", "Returns the values of fields of a hash and changes when the fields expire.",
    since: "8.0.0", group: .hash, complexity: "O(N) for N fields", arity: .atLeast(5),
    keys: [
      KeySpec(
        begin: .index(1), find: .range(last: 0, step: 1, limit: 0),
        access: [.readWrite, .access, .update],
        notes: "RW and UPDATE because it changes the TTL")
    ],
    flags: [.write, .fast],
    arguments: [
      .key(), .oneOf("expiration", [.optional], fieldExpiryTokens + [.token("persist", "PERSIST")]),
      hashFields,
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      _ = try keyspace.collection(HashValue.self, arguments[1], for: .peek)
      var index = 2
      let isPersisting = arguments[2].matches("persist")
      var time: Int64?
      if isPersisting {
        index = 3
      } else if let option = FieldTime.Option(arguments[2]) {
        time = try option.time(arguments[3], now: keyspace.now, "hgetex")
        index = 4
      }
      let fields = try FieldWords(arguments, at: index)
      guard let hash = try keyspace.hashValue(arguments[1], toChange: fields) else {
        return reply.nulls(fields.count)
      }
      reply.array(fields.count)
      var changes = FieldChanges()
      for index in fields.indices {
        let field = arguments[index]
        let value = hash.value(of: field)
        reply.element(value)
        guard value != nil else { continue }
        if let time {
          if keyspace.isPast(time) {
            _ = hash.remove(field)
          } else {
            hash.setExpiry(time, of: field)
          }
          changes.add(field, recording: keyspace.effects.isRecorded)
        } else if isPersisting, case .at = hash.expiry(of: field) {
          hash.setExpiry(nil, of: field)
          changes.add(field, recording: keyspace.effects.isRecorded)
        }
      }
      if let time {
        keyspace.conclude(changes, of: hash, arguments[1], expiry: time)
      } else if changes.count > 0 {
        keyspace.changed(arguments[1], fieldsOf: hash, "hpersist")
        keyspace.record(["HPERSIST", .view(arguments[1])] + changes.words)
      }
    })

  static let fieldExpiryTokens: [Argument] = [
    Argument("seconds", .integer, token: "EX"),
    Argument("milliseconds", .integer, token: "PX"),
    Argument("unix-time-seconds", .unixTime, token: "EXAT"),
    Argument("unix-time-milliseconds", .unixTime, token: "PXAT"),
  ]

  /// `HGETDEL key FIELDS numfields field [field ...]`
  ///
  /// Replies with an Array of the values, null where there is no such field. The key goes with its last field.
  ///
  /// - Throws: `.wrongType`; `.fieldsMissing`, `.fieldCountNotPositive` and `.fieldCountMismatch`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hgetdel/>
  package static let hgetdel = Command(
    "hgetdel", "Returns the values of fields of a hash and removes the fields.",
    since: "8.0.0", group: .hash, complexity: "O(N) for N fields", arity: .atLeast(5),
    keys: [.at(1, [.readWrite, .access, .delete])], flags: [.write, .fast],
    arguments: [.key(), hashFields],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      _ = try keyspace.collection(HashValue.self, arguments[1], for: .peek)
      let fields = try FieldWords(arguments, at: 2)
      guard let hash = try keyspace.hashValue(arguments[1], toChange: fields) else {
        return reply.nulls(fields.count)
      }
      reply.array(fields.count)
      var removed = FieldChanges()
      for index in fields.indices {
        reply.element(hash.value(of: arguments[index]))
        if hash.remove(arguments[index]) {
          removed.add(arguments[index], recording: keyspace.effects.isRecorded)
        }
      }
      guard removed.count > 0 else { return }
      keyspace.changed(arguments[1], fieldsOf: hash, "hdel")
      keyspace.record(["HDEL", .view(arguments[1])] + removed.names)
    })
}

extension FieldTime {
  /// The options of HGETEX and HSETEX with a time.
  struct Option {
    let unit: ExpiryUnit
    let isRelative: Bool

    /// - Returns: nil if the word is none of them.
    init?(_ word: ByteView) {
      switch word.count {
      case 2 where word.matches("ex"): (unit, isRelative) = (.seconds, true)
      case 2 where word.matches("px"): (unit, isRelative) = (.milliseconds, true)
      case 4 where word.matches("exat"): (unit, isRelative) = (.seconds, false)
      case 4 where word.matches("pxat"): (unit, isRelative) = (.milliseconds, false)
      default: return nil
      }
    }

    func time(
      _ word: ByteView, now: Int64, _ command: String
    ) throws(CommandError) -> Int64 {
      try FieldTime.parse(word, unit, after: isRelative ? now : 0, command)
    }
  }
}

extension Keyspace {
  /// Whether fields that expire at `time` are to be deleted at once.
  func isPast(_ time: Int64) -> Bool { time <= expiryHorizon && !keepsExpiredKeys }
}

extension ReplyWriter {
  /// An Array of nulls.
  fileprivate mutating func nulls(_ count: Int) {
    array(count)
    for _ in 0..<count { null() }
  }
}
