import RESP

extension Command {
  /// `HDEL key field [field ...]`
  ///
  /// Replies with an Integer: how many fields were removed. The key goes with its last field.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hdel/>
  package static let hdel = Command(
    "hdel", "Removes fields of a hash, and the hash with its last field.",
    since: "2.0.0", group: .hash, complexity: "O(N) for N fields",
    arity: .atLeast(3),
    keys: [.at(1, [.readWrite, .delete])],
    flags: [.write, .fast],
    arguments: [.key(), Argument("field", .string, .multiple)],
    history: [("2.4.0", "Several fields at once.")],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard
        let hash = try keyspace.hashValue(
          arguments[1], toChange: FieldWords(arguments, 2..<arguments.count))
      else {
        return reply.integer(0)
      }
      var removed = 0
      for index in 2..<arguments.count where hash.remove(arguments[index]) { removed += 1 }
      if removed > 0 { keyspace.changed(arguments[1], fieldsOf: hash, "hdel") }
      reply.integer(removed)
    })
}
