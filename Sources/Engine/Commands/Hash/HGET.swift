import RESP

extension Command {
  /// `HGET key field`
  ///
  /// Replies with the value, null if there is none.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hget/>
  package static let hget = Command(
    "hget", "Returns the value of a hash's field.", since: "2.0.0", group: .hash,
    complexity: "O(1)", arity: .exactly(3), keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly, .fast], arguments: [.key(), Argument("field", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.collection(HashValue.self, arguments[1], for: .read)
      if let value = hash?.value(of: arguments[2]) {
        value.write(to: &reply)
      } else {
        reply.null()
      }
    })

  /// `HMGET key field [field ...]`
  ///
  /// Replies with an Array of the values, null where there is none.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hmget/>
  package static let hmget = Command(
    "hmget", "Returns the values of several fields of a hash.", since: "2.0.0", group: .hash,
    complexity: "O(N) in the fields given.", arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly, .fast],
    arguments: [.key(), Argument("field", .string, .multiple)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.collection(HashValue.self, arguments[1], for: .read)
      reply.array(arguments.count - 2)
      for index in 2..<arguments.count {
        if let value = hash?.value(of: arguments[index]) {
          value.write(to: &reply)
        } else {
          reply.null()
        }
      }
    })

  /// `HEXISTS key field`
  ///
  /// Replies with an Integer: 1 or 0.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hexists/>
  package static let hexists = Command(
    "hexists", "Tells whether a hash has a field.", since: "2.0.0", group: .hash,
    complexity: "O(1)", arity: .exactly(3), keys: [.at(1, [.readOnly])],
    flags: [.readOnly, .fast], arguments: [.key(), Argument("field", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.collection(HashValue.self, arguments[1], for: .read)
      reply.integer(hash?.value(of: arguments[2]) == nil ? 0 : 1)
    })

  /// `HSTRLEN key field`
  ///
  /// Replies with an Integer: the length of the value, 0 if there is none.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hstrlen/>
  package static let hstrlen = Command(
    "hstrlen", "Returns the length of a field's value.", since: "3.2.0", group: .hash,
    complexity: "O(1)", arity: .exactly(3), keys: [.at(1, [.readOnly])],
    flags: [.readOnly, .fast], arguments: [.key(), Argument("field", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.collection(HashValue.self, arguments[1], for: .read)
      reply.integer(hash?.value(of: arguments[2])?.count ?? 0)
    })

  /// `HLEN key`
  ///
  /// Replies with an Integer: how many fields the hash has.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hlen/>
  package static let hlen = Command(
    "hlen", "Returns the number of a hash's fields.", since: "2.0.0", group: .hash,
    complexity: "O(1)", arity: .exactly(2), keys: [.at(1, [.readOnly])],
    flags: [.readOnly, .fast], arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.collection(HashValue.self, arguments[1], for: .read)
      reply.integer(hash?.count ?? 0)
    })
}
