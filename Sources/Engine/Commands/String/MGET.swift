import RESP

extension Command {
  /// `MGET key [key ...]`
  ///
  /// Replies with an Array: the string at each key, null where it is missing or of another type.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/mget/>
  package static let mget = Command(
    "mget", "Returns the strings at several keys.",
    since: "1.0.0", group: .string,
    complexity: "O(N) in the number of keys",
    arity: .atLeast(2),
    keys: [.range(1, [.readOnly, .access])],
    flags: [.readOnly, .fast],
    tips: ["request_policy:multi_shard"],
    arguments: [.key("key", .multiple)],
    execution: .eachKey(
      { keyspace, arguments, reply throws(CommandError) in
        reply.array(arguments.count - 1)
        keyspace.forEachKey(of: arguments) { keyspace, index in
          guard let entry = keyspace.lookup(arguments[index], for: .read), entry.type == .string
          else { return reply.null() }
          entry.string.write(to: &reply)
        }
      }, join: .elements))
}
