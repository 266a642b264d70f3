import RESP

extension Command {
  /// `HGETALL key`
  ///
  /// Replies with a Map of all fields and their values.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hgetall/>
  package static let hgetall = Command(
    "hgetall", "Returns all fields and values of a hash.",
    since: "2.0.0", group: .hash, complexity: "O(N) for N fields",
    arity: .exactly(2),
    keys: [.at(1, [.readOnly, .access])],
    flags: .readOnly,
    tips: ["nondeterministic_output_order"],
    arguments: [.key()],
    slices: .fields(names: true, values: true),
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let hash = try keyspace.hashToCount(arguments[1]) else {
        return reply.map(0)
      }
      reply.map(hash.visibleCount)
      hash.forEach { field, value in
        reply.element(field)
        reply.element(value)
      }
    })

  /// `HKEYS key`
  ///
  /// Replies with an Array of all fields.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hkeys/>
  package static let hkeys = Command(
    "hkeys", "Returns all fields of a hash.",
    since: "2.0.0", group: .hash, complexity: "O(N) for N fields",
    arity: .exactly(2),
    keys: [.at(1, [.readOnly, .access])],
    flags: .readOnly,
    tips: ["nondeterministic_output_order"],
    arguments: [.key()],
    slices: .fields(names: true, values: false),
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let hash = try keyspace.hashToCount(arguments[1]) else {
        return reply.array(0)
      }
      reply.array(hash.visibleCount)
      hash.forEach { field, _ in reply.element(field) }
    })

  /// `HVALS key`
  ///
  /// Replies with an Array of the values of all fields.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hvals/>
  package static let hvals = Command(
    "hvals", "Returns all values of a hash.",
    since: "2.0.0", group: .hash, complexity: "O(N) for N fields",
    arity: .exactly(2),
    keys: [.at(1, [.readOnly, .access])],
    flags: .readOnly,
    tips: ["nondeterministic_output_order"],
    arguments: [.key()],
    slices: .fields(names: false, values: true),
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let hash = try keyspace.hashToCount(arguments[1]) else {
        return reply.array(0)
      }
      reply.array(hash.visibleCount)
      hash.forEach { _, value in reply.element(value) }
    })
}
