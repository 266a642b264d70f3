import RESP

extension Command {
  /// `DIGEST key`
  ///
  /// Replies with the 16 lower-case hexadecimal digits of the string's XXH3, null if the key is
  /// missing.
  ///
  /// - Throws: `.wrongType` when `key` holds another type.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/digest/>
  package static let digest = Command(
    "digest", "Returns the XXH3 digest of a string, in hexadecimal.",
    since: "8.4.0", group: .string,
    complexity: "O(N) where N is the length of the string",
    arity: .exactly(2),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly, .fast],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let value = try keyspace.string(arguments[1], for: .read) else { return reply.null() }
      reply.bulk(StringCondition.digestText(value))
    })
}
