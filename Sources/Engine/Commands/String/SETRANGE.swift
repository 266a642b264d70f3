import RESP

extension Command {
  /// `SETRANGE key offset value`
  ///
  /// Replies with an Integer: the length afterwards. An empty value changes nothing. Keeps the
  /// expiry.
  ///
  /// - Throws: `.notAnInteger`; `.offsetOutOfRange` when negative; `.wrongType`; `.stringTooLong`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/setrange/>
  package static let setrange = Command(
    "setrange", "Overwrites a part of a string, lengthening it with zeros where needed.",
    since: "2.2.0", group: .string,
    complexity: "O(N) where N is the length of the new part, and of the zeros before it",
    arity: .exactly(4),
    keys: [.at(1, [.readWrite, .update])],
    flags: [.write, .denyOOM],
    arguments: [.key(), Argument("offset", .integer), Argument("value", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      let part = arguments[3]
      guard let offset = DecimalText.integer(arguments[2]) else { throw .notAnInteger }
      guard offset >= 0 else { throw .offsetOutOfRange }
      let length = try keyspace.string(key, for: .peek)?.count ?? 0
      if part.isEmpty { return reply.integer(length) }
      let (end, overflow) = offset.addingReportingOverflow(part.count)
      guard !overflow, end <= keyspace.options.stringBytesMax else { throw .stringTooLong }
      let bytes = try keyspace.editString(key, growingTo: end)
      bytes.replace(at: offset, with: part)
      keyspace.changed(key)
      keyspace.notify(.string, "setrange", key)
      reply.integer(bytes.count)
    })
}
