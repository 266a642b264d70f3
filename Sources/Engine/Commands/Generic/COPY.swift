import RESP

extension Command {
  /// `COPY source destination [DB destination-db] [REPLACE]`
  ///
  /// Replies with an Integer: 1 if the value and its expiry were copied, 0 if there is no `source`,
  /// or there is a `destination` already and no REPLACE.
  ///
  /// - Throws: `.sameObject`; `.databaseOutOfRange`; `.notAnInteger`; `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/copy/>
  package static let copy = Command(
    "copy", "Copies a key's value and expiry to another key.", since: "6.2.0", group: .generic,
    complexity: "O(N) in the elements of the value; O(1) for strings.", arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access]), .at(2, [.overwrite, .update])],
    databaseOfKey: { arguments, key in
      guard key == 1 else { return nil }
      for index in 3..<max(arguments.count, 3) where arguments[index].matches("db") {
        return index + 1 < arguments.count ? DecimalText.integer(arguments[index + 1]) : nil
      }
      return nil
    },
    flags: [.write, .denyOOM], categories: .keyspace,
    arguments: [
      .key("source"), .key("destination", spec: 1),
      Argument("destination-db", .integer, token: "DB", [.optional]),
      .token("replace", "REPLACE", [.optional]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let source = arguments[1]
      let target = arguments[2]
      var database = keyspace.selected
      var replaces = false
      var index = 3
      while index < arguments.count {
        if arguments[index].matches("replace") {
          replaces = true
        } else if arguments[index].matches("db"), index + 1 < arguments.count {
          index += 1
          database = try arguments[index].databaseIndex(in: keyspace)
        } else {
          throw .syntax
        }
        index += 1
      }
      if database == keyspace.selected, source == target { throw .sameObject }
      guard keyspace.exists(source, for: .read) else { return reply.integer(0) }
      if !replaces, keyspace.inDatabase(database, { $0.exists(target) }) {
        return reply.integer(0)
      }
      reply.integer(keyspace.copy(source, to: target, inDatabase: database) ? 1 : 0)
    })
}
