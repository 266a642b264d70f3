import RESP

extension Command {
  /// `HGET key field`
  ///
  /// Replies with a Bulk string, or null if there is no such field.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hget/>
  package static let hget = Command(
    "hget", "Returns the value of a hash's field.",
    since: "2.0.0", group: .hash, complexity: "O(1)",
    arity: .exactly(3),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly, .fast],
    arguments: [.key(), Argument("field", .string)],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.hashValue(arguments[1])
      reply.element(hash?.value(of: arguments[2]))
    })

  /// `HMGET key field [field ...]`
  ///
  /// Replies with an Array of the values, null where there is no such field.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hmget/>
  package static let hmget = Command(
    "hmget", "Returns the values of several fields of a hash.",
    since: "2.0.0", group: .hash, complexity: "O(N) for N fields",
    arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly, .fast],
    arguments: [.key(), Argument("field", .string, .multiple)],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.hashValue(arguments[1])
      reply.array(arguments.count - 2)
      for index in 2..<arguments.count { reply.element(hash?.value(of: arguments[index])) }
    })

  /// `HEXISTS key field`
  ///
  /// Replies with an Integer: 1 or 0.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hexists/>
  package static let hexists = Command(
    "hexists", "Tells whether a hash has a field.",
    since: "2.0.0", group: .hash, complexity: "O(1)",
    arity: .exactly(3),
    keys: [.at(1, .readOnly)],
    flags: [.readOnly, .fast],
    arguments: [.key(), Argument("field", .string)],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.hashValue(arguments[1])
      reply.integer(hash?.value(of: arguments[2]) == nil ? 0 : 1)
    })

  /// `HSTRLEN key field`
  ///
  /// Replies with an Integer: the length of the value, 0 if there is no such field.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hstrlen/>
  package static let hstrlen = Command(
    "hstrlen", "Returns the length of a field's value.",
    since: "3.2.0", group: .hash, complexity: "O(1)",
    arity: .exactly(3),
    keys: [.at(1, .readOnly)],
    flags: [.readOnly, .fast],
    arguments: [.key(), Argument("field", .string)],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.hashValue(arguments[1])
      reply.integer(hash?.value(of: arguments[2])?.count ?? 0)
    })

  /// `HLEN key`
  ///
  /// Replies with an Integer: how many fields there are, with those that are over but not deleted yet.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hlen/>
  package static let hlen = Command(
    "hlen", "Returns the number of a hash's fields.",
    since: "2.0.0", group: .hash, complexity: "O(1)",
    arity: .exactly(2),
    keys: [.at(1, .readOnly)],
    flags: [.readOnly, .fast],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      reply.integer(try keyspace.hashValue(arguments[1])?.count ?? 0)
    })
}

extension ReplyWriter {
  /// An element of a collection as a Bulk string, nil as null.
  @inline(__always)
  mutating func element(_ value: StringValue?) {
    switch value {
    case .bytes(let bytes): bulk(bytes)
    case .integer(let integer): bulk(integer)
    case nil: null()
    }
  }
}
