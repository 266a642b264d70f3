import RESP

extension Command {
  /// `GET key`
  ///
  /// Replies with the string at `key`, null if it is missing.
  ///
  /// - Throws: `.wrongType` when `key` holds another type.
  /// - Complexity: O(1), plus copying the value.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/get/>
  package static let get = Command(
    "get", "Returns the string at a key.",
    since: "1.0.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(2),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly, .fast],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let value = try keyspace.string(arguments[1], for: .read) else { return reply.null() }
      value.write(to: &reply)
    })

  /// `GETDEL key`
  ///
  /// Replies with the string at `key`, which is deleted; null if it is missing.
  ///
  /// - Throws: `.wrongType` when `key` holds another type.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/getdel/>
  package static let getdel = Command(
    "getdel", "Returns the string at a key and deletes the key.",
    since: "6.2.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(2),
    keys: [.at(1, [.readWrite, .access, .delete])],
    flags: [.write, .fast],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let value = try keyspace.string(arguments[1], for: .read) else { return reply.null() }
      value.write(to: &reply)
      _ = keyspace.delete(arguments[1])
    })

  /// `GETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]`
  ///
  /// Replies with the string at `key`, null if it is missing. A time that has passed deletes the key.
  ///
  /// - Throws: `.wrongType`; `.invalidExpireTime`, `.notAnInteger`, only where the key exists.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/getex/>
  package static let getex = Command(
    "getex", "Returns the string at a key and changes its expiry.",
    since: "6.2.0", group: .string,
    complexity: "O(1)",
    arity: .atLeast(2),
    keys: [
      KeySpec(
        begin: .index(1), find: .range(last: 0, step: 1, limit: 0),
        access: [.readWrite, .access, .update], notes: "changes the expiry")
    ],
    flags: [.write, .fast],
    arguments: [
      .key(),
      .oneOf("expiration", .optional, [
        Argument("seconds", .integer, token: "EX"),
        Argument("milliseconds", .integer, token: "PX"),
        Argument("unix-time-seconds", .unixTime, token: "EXAT"),
        Argument("unix-time-milliseconds", .unixTime, token: "PXAT"),
        .token("persist", "PERSIST"),
      ]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      var option = ExpiryOption.none
      var index = 2
      while index < arguments.count {
        guard try option.read(arguments, at: &index, .persist) else { throw .syntax }
      }
      guard let entry = keyspace.lookup(key, for: .read) else { return reply.null() }
      guard entry.type == .string else { throw .wrongType }
      let time = try option.time(now: keyspace.now, "getex")
      entry.string.write(to: &reply)
      if let time {
        if time <= keyspace.now {
          _ = keyspace.delete(key)
          keyspace.record(["DEL", .view(key)])
        } else {
          keyspace.setExpiry(entry, time)
          keyspace.changed(key)
          keyspace.record(["PEXPIREAT", .view(key), .integer(Int(time))])
        }
      } else if case .persist = option, entry.expiry != nil {
        keyspace.setExpiry(entry, nil)
        keyspace.changed(key)
        keyspace.record(["PERSIST", .view(key)])
      }
    })

  /// `GETSET key value`
  ///
  /// Replies with the string that was at `key`, null if it was missing.
  ///
  /// - Throws: `.wrongType` when `key` holds another type.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/getset/>
  package static let getset = Command(
    "getset", "Sets a string and returns the one it replaces.",
    since: "1.0.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(3),
    keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("value", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      if let old = try keyspace.string(arguments[1], for: .read) {
        old.write(to: &reply)
      } else {
        reply.null()
      }
      keyspace.set(arguments[1], string: arguments[2])
    })
}
