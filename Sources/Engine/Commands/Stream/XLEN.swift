import RESP

extension Command {
  /// `XLEN key`
  ///
  /// Replies with an Integer: how many entries the stream has, 0 if there is none.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xlen/>
  package static let xlen = Command(
    "xlen", "Counts the entries of a stream.",
    since: "5.0.0", group: .stream, complexity: "O(1)", arity: .exactly(2),
    keys: [.at(1, [.readOnly])],
    flags: [.readOnly, .fast],
    arguments: [
      .key()
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      reply.integer(try keyspace.stream(arguments[1], for: .read)?.body.count ?? 0)
    })
}
