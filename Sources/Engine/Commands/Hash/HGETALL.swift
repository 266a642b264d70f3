import RESP

extension Command {
  /// `HGETALL key`
  ///
  /// Replies with a Map of fields and values, in RESP2 with an Array.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hgetall/>
  package static let hgetall = Command(
    "hgetall", "Returns all fields of a hash and their values.", since: "2.0.0", group: .hash,
    complexity: "O(N) in the fields.", arity: .exactly(2),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], tips: ["nondeterministic_output_order"],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.collection(HashValue.self, arguments[1], for: .read)
      reply.map(hash?.count ?? 0)
      hash?.forEach { field, value in
        field.write(to: &reply)
        value.write(to: &reply)
      }
    })

  /// `HKEYS key`
  ///
  /// Replies with an Array of the fields.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hkeys/>
  package static let hkeys = Command(
    "hkeys", "Returns all fields of a hash.", since: "2.0.0", group: .hash,
    complexity: "O(N) in the fields.", arity: .exactly(2),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], tips: ["nondeterministic_output_order"],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.collection(HashValue.self, arguments[1], for: .read)
      reply.array(hash?.count ?? 0)
      hash?.forEach { field, _ in field.write(to: &reply) }
    })

  /// `HVALS key`
  ///
  /// Replies with an Array of the values.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hvals/>
  package static let hvals = Command(
    "hvals", "Returns all values of a hash.", since: "2.0.0", group: .hash,
    complexity: "O(N) in the fields.", arity: .exactly(2),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], tips: ["nondeterministic_output_order"],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.collection(HashValue.self, arguments[1], for: .read)
      reply.array(hash?.count ?? 0)
      hash?.forEach { _, value in value.write(to: &reply) }
    })

  /// `HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]`
  ///
  /// Replies with the next cursor, and an Array of fields and values. A field that is there throughout is returned.
  ///
  /// - Throws: `.wrongType`; `.invalidCursor`; `.syntax`; `.notAnInteger`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hscan/>
  package static let hscan = Command(
    "hscan", "Walks through a hash's fields, some at a time.", since: "2.8.0", group: .hash,
    complexity: "O(1) a call, O(N) for the whole walk.", arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], tips: ["nondeterministic_output"],
    arguments: [
      .key(), Argument("cursor", .integer),
      Argument("pattern", .pattern, token: "MATCH", [.optional]),
      Argument("count", .integer, token: "COUNT", [.optional]),
      .token("novalues", "NOVALUES", .optional),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let cursor = try ScanCursor(arguments[2])
      guard let hash = try keyspace.collection(HashValue.self, arguments[1], for: .read) else {
        return reply.emptyScan()
      }
      let options = try ElementScanOptions(arguments, allowsNoValues: true)
      var scan = ElementScan(options, protocolVersion: reply.protocolVersion)
      guard hash.encoding == .structure else {
        hash.forEach { field, value in
          field.withBytes { field in
            guard options.matches(field) else { return }
            scan.add(field)
            if !options.leavesValuesOut { value.withBytes { scan.add($0) } }
          }
        }
        return scan.write(next: nil, to: &reply)
      }
      let next = hash.table.scan(from: cursor, count: options.count) { element in
        guard options.matches(element.name) else { return }
        scan.add(element.name)
        if !options.leavesValuesOut { scan.add(element.value) }
      }
      scan.write(next: next, to: &reply)
    })
}
