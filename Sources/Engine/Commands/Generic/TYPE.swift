import RESP

extension Command {
  /// `TYPE key`
  ///
  /// Replies with the type's name as a simple string, `none` if there is no such key.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/type/>
  package static let type = Command(
    "type", "Tells what type of value a key holds.", since: "1.0.0", group: .generic,
    complexity: "O(1)", arity: .exactly(2), keys: [.at(1, [.readOnly])],
    flags: [.readOnly, .fast], categories: .keyspace, arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply in
      reply.simple(keyspace.lookup(arguments[1], for: .inspect)?.type.name ?? "none")
    })
}
