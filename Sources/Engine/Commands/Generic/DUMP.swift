import RESP

extension Command {
  /// `DUMP key`
  ///
  /// Replies with a bulk string that RESTORE takes, here or on a Redis; null if there is no such
  /// key.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/dump/>
  package static let dump = Command(
    "dump", "Returns a key's value in a form that RESTORE takes.", since: "2.6.0",
    group: .generic, complexity: "O(N) in the size of the value.", arity: .exactly(2),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], categories: .keyspace,
    tips: ["nondeterministic_output"], arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply in
      guard let entry = keyspace.lookup(arguments[1], for: .read) else { return reply.null() }
      reply.bulk(DumpPayload.bytes(of: entry, compresses: keyspace.options.compressesStrings))
    })
}
