import RESP

extension Command {
  /// `PERSIST key`
  ///
  /// Replies with an Integer: 1 if the key had an expiry, which it has no more, else 0.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/persist/>
  package static let persist = Command(
    "persist", "Lets a key stay for ever.", since: "2.2.0", group: .generic, complexity: "O(1)",
    arity: .exactly(2), keys: [.at(1, [.readWrite, .update])], flags: [.write, .fast],
    categories: .keyspace, arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply in
      guard let entry = keyspace.lookup(arguments[1], for: .write), entry.expiry != nil else {
        return reply.integer(0)
      }
      keyspace.setExpiry(entry, nil)
      keyspace.changed(arguments[1])
      keyspace.notify(.generic, "persist", arguments[1])
      reply.integer(1)
    })
}
