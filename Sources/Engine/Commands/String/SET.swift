import RESP

extension Command {
  /// `SET key value [NX | XX | IFEQ value | IFNE value | IFDEQ digest | IFDNE digest] [GET]
  /// [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds |
  /// KEEPTTL]`
  ///
  /// Replies with OK, or null if the condition does not hold; with GET with the old string instead,
  /// null if there was none. A time that has passed leaves the key missing.
  ///
  /// - Throws: `.syntax`; `.notAnInteger`, `.invalidExpireTime`; `.wrongType` when GET or a
  ///   comparison meets another type.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/set/>
  package static let set = Command(
    "set", "Sets a key to a string, whatever it held.",
    since: "1.0.0", group: .string,
    complexity: "O(1)",
    arity: .atLeast(3),
    keys: [
      KeySpec(
        begin: .index(1), find: .range(last: 0, step: 1, limit: 0),
        access: [.readWrite, .access, .update, .variableFlags], notes: "GET reads the old value")
    ],
    flags: [.write, .denyOOM],
    arguments: [
      .key(),
      Argument("value", .string),
      .oneOf(
        "condition", .optional, since: "2.6.12",
        [
          .token("nx", "NX"),
          .token("xx", "XX"),
          Argument("ifeq-value", .string, token: "IFEQ", since: "8.4.0"),
          Argument("ifne-value", .string, token: "IFNE", since: "8.4.0"),
          Argument("ifdeq-digest", .integer, token: "IFDEQ", since: "8.4.0"),
          Argument("ifdne-digest", .integer, token: "IFDNE", since: "8.4.0"),
        ]),
      .token("get", "GET", .optional, since: "6.2.0"),
      .oneOf(
        "expiration", .optional,
        [
          Argument("seconds", .integer, token: "EX", since: "2.6.12"),
          Argument("milliseconds", .integer, token: "PX", since: "2.6.12"),
          Argument("unix-time-seconds", .unixTime, token: "EXAT", since: "6.2.0"),
          Argument("unix-time-milliseconds", .unixTime, token: "PXAT", since: "6.2.0"),
          .token("keepttl", "KEEPTTL", since: "6.0.0"),
        ]),
    ],
    history: [
      ("2.6.12", "New options `EX`, `PX`, `NX`, `XX`."),
      ("6.0.0", "New option `KEEPTTL`."),
      ("6.2.0", "New options `GET`, `EXAT`, `PXAT`."),
      ("7.0.0", "`NX` and `GET` may be combined."),
      ("8.4.0", "New options `IFEQ`, `IFNE`, `IFDEQ`, `IFDNE`."),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      if arguments.count == 3 {
        keyspace.set(arguments[1], string: arguments[2])
        return reply.ok()
      }
      try SetOptions(arguments).run(&keyspace, arguments, &reply)
    })

  /// `SETNX key value`
  ///
  /// Replies with an Integer: 1 if the key was set, 0 if it exists.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/setnx/>
  package static let setnx = Command(
    "setnx", "Sets a string if the key is missing.",
    since: "1.0.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(3),
    keys: [.at(1, [.overwrite, .insert])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("value", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      if keyspace.exists(arguments[1]) { return reply.integer(0) }
      keyspace.set(arguments[1], string: arguments[2])
      reply.integer(1)
    })

  /// `SETEX key seconds value`
  ///
  /// Replies with OK.
  ///
  /// - Throws: `.notAnInteger`; `.invalidExpireTime`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/setex/>
  package static let setex = Command(
    "setex", "Sets a string with a time to live in seconds.",
    since: "2.0.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(4),
    keys: [.at(1, [.overwrite, .update])],
    flags: [.write, .denyOOM],
    arguments: [.key(), Argument("seconds", .integer), Argument("value", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let option = ExpiryOption.seconds(arguments[2])
      let expiry = option.setting(try option.time(now: keyspace.now, "setex"))
      keyspace.set(arguments[1], string: arguments[3], until: expiry)
      reply.ok()
    })

  /// `PSETEX key milliseconds value`
  ///
  /// Replies with OK.
  ///
  /// - Throws: `.notAnInteger`; `.invalidExpireTime`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/psetex/>
  package static let psetex = Command(
    "psetex", "Sets a string with a time to live in milliseconds.",
    since: "2.6.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(4),
    keys: [.at(1, [.overwrite, .update])],
    flags: [.write, .denyOOM],
    arguments: [.key(), Argument("milliseconds", .integer), Argument("value", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let option = ExpiryOption.milliseconds(arguments[2])
      let expiry = option.setting(try option.time(now: keyspace.now, "psetex"))
      keyspace.set(arguments[1], string: arguments[3], until: expiry)
      reply.ok()
    })
}

/// SET's options after key and value.
private struct SetOptions {
  private enum Condition {
    case none
    case missing
    case present
    case string(StringCondition)
  }

  private var condition = Condition.none
  private var expiry = ExpiryOption.none
  private var returnsOld = false

  init(_ arguments: Arguments) throws(CommandError) {
    var index = 3
    while index < arguments.count {
      if try expiry.read(arguments, at: &index, .keepTTL) { continue }
      let word = arguments[index]
      switch (word.matches("nx"), word.matches("xx"), condition) {
      case (true, _, .none), (true, _, .missing): condition = .missing
      case (_, true, .none), (_, true, .present): condition = .present
      case (false, false, _) where word.matches("get"): returnsOld = true
      case (false, false, .none) where index + 1 < arguments.count:
        guard let comparison = try StringCondition(word, arguments[index + 1]) else {
          throw .syntax
        }
        condition = .string(comparison)
        index += 1
      default: throw .syntax
      }
      index += 1
    }
  }

  func run(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) {
    let key = arguments[1]
    let setting = expiry.setting(try expiry.time(now: keyspace.now, "set"))
    if returnsOld {
      let old = try keyspace.string(key, for: .read)
      let holds = try conditionHolds(keyspace.lookup(key, for: .peek))
      if let old { old.write(to: &reply) } else { reply.null() }
      if holds { keyspace.set(key, string: arguments[2], until: setting) }
      return
    }
    if case .none = condition {
    } else if try !conditionHolds(keyspace.lookup(key, for: .peek)) {
      return reply.null()
    }
    keyspace.set(key, string: arguments[2], until: setting)
    reply.ok()
  }

  private func conditionHolds(_ entry: Entry?) throws(CommandError) -> Bool {
    switch condition {
    case .none: return true
    case .missing: return entry == nil
    case .present: return entry != nil
    case .string(let comparison):
      guard let entry else { return comparison.holdsForMissing }
      guard entry.type == .string else { throw .wrongType }
      return comparison.holds(for: entry.string)
    }
  }
}
