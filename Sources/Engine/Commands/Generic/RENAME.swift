import RESP

extension Command {
  /// `RENAME key newkey`
  ///
  /// Replies OK. Whatever `newkey` held is gone; the expiry of `key` goes along.
  ///
  /// - Throws: `.noSuchKey`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/rename/>
  package static let rename = Command(
    "rename", "Gives a key another name, replacing what has that name.", since: "1.0.0",
    group: .generic, complexity: "O(1), plus freeing the value that was replaced.",
    arity: .exactly(3),
    keys: [.at(1, [.readWrite, .access, .delete]), .at(2, [.overwrite, .update])],
    flags: [.write], categories: .keyspace, arguments: [.key(), .key("newkey", spec: 1)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard keyspace.rename(arguments[1], to: arguments[2]) else { throw .noSuchKey }
      reply.ok()
    })

  /// `RENAMENX key newkey`
  ///
  /// Replies with an Integer: 1 if the key was renamed, 0 if `newkey` exists.
  ///
  /// - Throws: `.noSuchKey`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/renamenx/>
  package static let renamenx = Command(
    "renamenx", "Gives a key another name if nothing has that name.", since: "1.0.0",
    group: .generic, complexity: "O(1)", arity: .exactly(3),
    keys: [.at(1, [.readWrite, .access, .delete]), .at(2, [.overwrite, .insert])],
    flags: [.write, .fast], categories: .keyspace, arguments: [.key(), .key("newkey", spec: 1)],
    history: [("3.2.0", "Two equal names are no error any more.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard keyspace.exists(arguments[1]) else { throw .noSuchKey }
      guard !keyspace.exists(arguments[2]) else { return reply.integer(0) }
      reply.integer(keyspace.rename(arguments[1], to: arguments[2]) ? 1 : 0)
    })
}
