import RESP

extension Command {
  /// `GET key`
  ///
  /// Replies with the string at `key`, null if it is missing.
  ///
  /// - Throws: `.wrongType` when `key` holds another type.
  /// - Complexity: O(1), plus copying the value.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/get/>
  package static let get = Command(
    "get", "Returns the string value of a key.", since: "1.0.0", group: .string,
    complexity: "O(1)", arity: .exactly(2), keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly, .fast], arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let value = try keyspace.string(arguments[1], for: .read) else { return reply.null() }
      value.write(to: &reply)
    })
}
