import RESP

extension Command {
  /// `APPEND key value`
  ///
  /// Replies with an Integer: the length afterwards. Keeps the expiry.
  ///
  /// - Throws: `.wrongType`; `.stringTooLong` beyond `proto-max-bulk-len`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/append/>
  package static let append = Command(
    "append", "Appends to a string, creating it if it is missing.",
    since: "2.0.0", group: .string,
    complexity: "O(1) amortised in the length of the result",
    arity: .exactly(3),
    keys: [.at(1, [.readWrite, .insert])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("value", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      let addition = arguments[2]
      guard let length = try keyspace.string(key, for: .peek)?.count else {
        keyspace.set(key, string: addition)
        keyspace.notify(.string, "append", key)
        return reply.integer(addition.count)
      }
      let total = length + addition.count
      guard total <= keyspace.options.stringBytesMax else { throw .stringTooLong }
      try keyspace.editString(key, growingTo: total).replace(at: length, with: addition)
      keyspace.changed(key)
      keyspace.notify(.string, "append", key)
      reply.integer(total)
    })
}
