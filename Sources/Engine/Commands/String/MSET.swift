import RESP

extension Command {
  /// `MSET key value [key value ...]`
  ///
  /// Replies with OK.
  ///
  /// - Throws: `.wrongArity` when a value is missing.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/mset/>
  package static let mset = Command(
    "mset", "Sets several strings at once.",
    since: "1.0.1", group: .string,
    complexity: "O(N) in the number of keys",
    arity: .atLeast(3),
    keys: [.range(1, step: 2, [.overwrite, .update])],
    flags: [.write, .denyOOM],
    tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
    arguments: [
      .block(
        "data", .multiple,
        [
          .key(),
          Argument("value", .string),
        ])
    ],
    execution: .eachKey(
      { keyspace, arguments, reply throws(CommandError) in
        guard arguments.count % 2 == 1 else { throw .wrongArity("mset") }
        keyspace.forEachKey(of: arguments, by: 2) { keyspace, index in
          keyspace.set(arguments[index], string: arguments[index + 1])
          keyspace.notify(.string, "set", arguments[index])
        }
        reply.ok()
      }, join: .first))

  /// `MSETNX key value [key value ...]`
  ///
  /// Replies with an Integer: 1 if all were set, 0 if one of the keys exists and nothing was done.
  ///
  /// - Throws: `.wrongArity` when a value is missing.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/msetnx/>
  package static let msetnx = Command(
    "msetnx", "Sets several strings, provided that none of the keys exists.",
    since: "1.0.1", group: .string,
    complexity: "O(N) in the number of keys",
    arity: .atLeast(3),
    keys: [.range(1, step: 2, [.overwrite, .insert])],
    flags: [.write, .denyOOM],
    arguments: [
      .block(
        "data", .multiple,
        [
          .key(),
          Argument("value", .string),
        ])
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard arguments.count % 2 == 1 else { throw .wrongArity("msetnx") }
      for index in stride(from: 1, to: arguments.count, by: 2) {
        if keyspace.exists(arguments[index]) { return reply.integer(0) }
      }
      for index in stride(from: 1, to: arguments.count, by: 2) {
        keyspace.set(arguments[index], string: arguments[index + 1])
        keyspace.notify(.string, "set", arguments[index])
      }
      reply.integer(1)
    })

  /// `MSETEX numkeys key value [key value ...] [NX | XX]
  /// [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds |
  /// KEEPTTL]`
  ///
  /// Replies with an Integer: 1 if all were set, 0 if the condition does not hold for all and
  /// nothing was done.
  ///
  /// - Throws: an error for a count that is not positive; `.syntax`; `.invalidExpireTime`;
  ///   `.notAnInteger`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/msetex/>
  package static let msetex = Command(
    "msetex", "Sets several strings at once, with one condition and one expiry for all.",
    since: "8.4.0", group: .string,
    complexity: "O(N) in the number of keys",
    arity: .atLeast(4),
    keys: [
      KeySpec(
        begin: .index(1), find: .count(countIndex: 0, firstKey: 1, step: 2),
        access: [.overwrite, .update])
    ],
    flags: [.write, .denyOOM, .movableKeys],
    tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
    arguments: [
      Argument("numkeys", .integer),
      .block(
        "data", .multiple,
        [
          .key(),
          Argument("value", .string),
        ]),
      .oneOf(
        "condition", .optional,
        [
          .token("nx", "NX"),
          .token("xx", "XX"),
        ]),
      .oneOf(
        "expiration", .optional,
        [
          Argument("seconds", .integer, token: "EX"),
          Argument("milliseconds", .integer, token: "PX"),
          Argument("unix-time-seconds", .unixTime, token: "EXAT"),
          Argument("unix-time-milliseconds", .unixTime, token: "PXAT"),
          .token("keepttl", "KEEPTTL"),
        ]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let pairCount = DecimalText.integer(arguments[1]), pairCount > 0,
        pairCount <= Int(Int32.max)
      else { throw CommandError("ERR invalid numkeys value or out of range") }
      let end = 2 + pairCount * 2
      guard end <= arguments.count else { throw .syntax }
      var option = ExpiryOption.none
      var mustExist: Bool?
      var index = end
      while index < arguments.count {
        if try option.read(arguments, at: &index, .keepTTL) { continue }
        let wanted = arguments[index].matches("xx")
        guard wanted || arguments[index].matches("nx"), mustExist == nil || mustExist == wanted
        else { throw .syntax }
        mustExist = wanted
        index += 1
      }
      let expiry = option.setting(try option.time(now: keyspace.now, "msetex"))
      if let mustExist {
        for index in stride(from: 2, to: end, by: 2) {
          if keyspace.exists(arguments[index]) != mustExist { return reply.integer(0) }
        }
      }
      for index in stride(from: 2, to: end, by: 2) {
        keyspace.set(arguments[index], string: arguments[index + 1], until: expiry)
      }
      reply.integer(1)
    })
}
