import RESP

extension Command {
  /// `MOVE key db`
  ///
  /// Replies with an Integer: 1 if the key is now in the other database, 0 if there is none, or
  /// that name is taken there.
  ///
  /// - Throws: `.sameObject` when `db` is the selected database; `.databaseOutOfRange`;
  ///   `.notAnInteger`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/move/>
  package static let move = Command(
    "move", "Moves a key to another database.", since: "1.0.0", group: .generic,
    complexity: "O(1)", arity: .exactly(3), keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .fast], categories: .keyspace, arguments: [.key(), Argument("db", .integer)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let database = try arguments[2].databaseIndex(in: keyspace)
      guard database != keyspace.selected else { throw .sameObject }
      reply.integer(keyspace.move(arguments[1], toDatabase: database) ? 1 : 0)
    })
}
