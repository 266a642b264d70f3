import RESP

extension Command {
  /// `DELEX key [IFEQ value | IFNE value | IFDEQ digest | IFDNE digest]`
  ///
  /// Replies with an Integer: 1 if the key was deleted, 0 if it is missing or the condition does
  /// not hold. Without a condition the key may hold any type.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/delex/>
  package static let delex = Command(
    "delex", "Deletes a key, on condition of its value or the digest of its value.",
    since: "8.4.0", group: .string,
    complexity: "O(1) for IFEQ and IFNE, O(N) for IFDEQ and IFDNE where N is the length "
      + "of the string",
    arity: .atLeast(2),
    keys: [.at(1, [.readWrite, .delete])],
    flags: [.write, .fast],
    arguments: [
      .key(),
      .oneOf(
        "condition", .optional,
        [
          Argument("ifeq-value", .string, token: "IFEQ"),
          Argument("ifne-value", .string, token: "IFNE"),
          Argument("ifdeq-digest", .integer, token: "IFDEQ"),
          Argument("ifdne-digest", .integer, token: "IFDNE"),
        ]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      if arguments.count == 2 { return reply.integer(keyspace.deleteRecorded(key) ? 1 : 0) }
      guard arguments.count == 4 else { throw .wrongArity("delex") }
      guard let condition = try StringCondition(arguments[2], arguments[3]) else {
        throw CommandError("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")
      }
      guard let entry = keyspace.lookup(key, for: .peek) else { return reply.integer(0) }
      guard entry.type == .string else {
        throw CommandError("ERR Key should be of string type if conditions are specified")
      }
      guard condition.holds(for: entry.string) else { return reply.integer(0) }
      reply.integer(keyspace.deleteRecorded(key) ? 1 : 0)
    })

  /// `DELIFEQ key value`
  ///
  /// Replies with an Integer: 1 if the key held `value` and was deleted, else 0.
  ///
  /// - Throws: `.wrongType` when `key` holds another type.
  /// - SeeAlso: <https://valkey.io/commands/delifeq/>
  package static let delifeq = Command(
    "delifeq", "Deletes a key if it holds a given string.",
    since: "9.0.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(3),
    keys: [.at(1, [.remove, .delete])],
    flags: [.write, .fast],
    arguments: [.key(), Argument("value", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let value = try keyspace.string(arguments[1], for: .peek), value.equals(arguments[2])
      else { return reply.integer(0) }
      reply.integer(keyspace.deleteRecorded(arguments[1]) ? 1 : 0)
    })
}

extension Keyspace {
  /// As `delete`, recorded in words that every server knows.
  fileprivate mutating func deleteRecorded(_ key: ByteView) -> Bool {
    guard delete(key) else { return false }
    record(["DEL", .view(key)])
    return true
  }
}
