import RESP

extension Command {
  /// `SISMEMBER key member`
  ///
  /// Replies with an Integer: 1 or 0.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sismember/>
  package static let sismember = Command(
    "sismember", "Tells whether a set has a member.", since: "1.0.0", group: .set,
    complexity: "O(1)", arity: .exactly(3), keys: [.at(1, [.readOnly])],
    flags: [.readOnly, .fast], arguments: [.key(), Argument("member", .string)],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let set = try keyspace.collection(SetValue.self, arguments[1], for: .read)
      reply.integer(set?.contains(arguments[2]) == true ? 1 : 0)
    })

  /// `SMISMEMBER key member [member ...]`
  ///
  /// Replies with an Array of Integers, 1 or 0 for each member.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/smismember/>
  package static let smismember = Command(
    "smismember", "Tells which members a set has.", since: "6.2.0", group: .set,
    complexity: "O(N) in the members given.", arity: .atLeast(3), keys: [.at(1, [.readOnly])],
    flags: [.readOnly, .fast], arguments: [.key(), Argument("member", .string, .multiple)],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let set = try keyspace.collection(SetValue.self, arguments[1], for: .read)
      reply.array(arguments.count - 2)
      for index in 2..<arguments.count {
        reply.integer(set?.contains(arguments[index]) == true ? 1 : 0)
      }
    })

  /// `SCARD key`
  ///
  /// Replies with an Integer: how many members the set has.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/scard/>
  package static let scard = Command(
    "scard", "Returns the number of a set's members.", since: "1.0.0", group: .set,
    complexity: "O(1)", arity: .exactly(2), keys: [.at(1, [.readOnly])],
    flags: [.readOnly, .fast], arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let set = try keyspace.collection(SetValue.self, arguments[1], for: .read)
      reply.integer(set?.count ?? 0)
    })

  /// `SMEMBERS key`
  ///
  /// Replies with a Set of all members, in RESP2 with an Array.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/smembers/>
  package static let smembers = Command(
    "smembers", "Returns all members of a set.", since: "1.0.0", group: .set,
    complexity: "O(N) in the members.", arity: .exactly(2),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], tips: ["nondeterministic_output_order"],
    arguments: [.key()],
    slices: .members,
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let set = try keyspace.collection(SetValue.self, arguments[1], for: .read)
      reply.set(set?.count ?? 0)
      set?.forEach { $0.write(to: &reply) }
    })

  /// `SSCAN key cursor [MATCH pattern] [COUNT count]`
  ///
  /// Replies with the next cursor, and an Array of members. A member that is there throughout is returned.
  ///
  /// - Throws: `.wrongType`; `.invalidCursor`; `.syntax`; `.notAnInteger`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sscan/>
  package static let sscan = Command(
    "sscan", "Walks through a set's members, some at a time.", since: "2.8.0", group: .set,
    complexity: "O(1) a call, O(N) for the whole walk.", arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], tips: ["nondeterministic_output"],
    arguments: [
      .key(), Argument("cursor", .integer),
      Argument("pattern", .pattern, token: "MATCH", [.optional]),
      Argument("count", .integer, token: "COUNT", [.optional]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let cursor = try ScanCursor(arguments[2])
      guard let set = try keyspace.collection(SetValue.self, arguments[1], for: .read) else {
        return reply.emptyScan()
      }
      let options = try ElementScanOptions(arguments)
      var scan = ElementScan(options, protocolVersion: reply.protocolVersion)
      guard set.encoding == .structure else {
        set.forEach { member in
          member.withBytes { if options.matches($0) { scan.add($0) } }
        }
        return scan.write(next: nil, to: &reply)
      }
      let next = set.table.scan(from: cursor, count: options.count) { element in
        if options.matches(element.name) { scan.add(element.name) }
      }
      scan.write(next: next, to: &reply)
    })
}
