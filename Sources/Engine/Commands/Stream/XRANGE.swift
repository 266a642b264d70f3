import RESP

extension Command {
  /// `XRANGE key start end [COUNT count]`
  ///
  /// Replies with the entries of the range, each an array of ID and fields with values. `(` in front of an ID
  /// excludes it; `-` and `+` are the smallest and the largest.
  ///
  /// - Throws: `.wrongType`; `.invalidStreamID`, `.invalidRangeStart`, `.invalidRangeEnd`; `.notAnInteger`;
  ///   `.syntax`.
  /// - Complexity: O(log(*n*) + *m*) for *m* entries.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xrange/>
  package static let xrange = Command(
    "xrange", "Returns the entries of a stream within a range of IDs.",
    since: "5.0.0", group: .stream,
    complexity: "O(N) in the number of entries returned",
    arity: .atLeast(4),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly],
    arguments: [
      .key(),
      Argument("start", .string),
      Argument("end", .string),
      Argument("count", .integer, token: "COUNT", .optional),
    ],
    history: [("6.2.0", "Exclusive ranges.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      try range(&keyspace, arguments, &reply, start: 2, end: 3)
    })

  /// `XREVRANGE key end start [COUNT count]`
  ///
  /// As `XRANGE`, from the end of the range to its start.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xrevrange/>
  package static let xrevrange = Command(
    "xrevrange", "Returns the entries of a stream within a range of IDs, the last one first.",
    since: "5.0.0", group: .stream,
    complexity: "O(N) in the number of entries returned",
    arity: .atLeast(4),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly],
    arguments: [
      .key(),
      Argument("end", .string),
      Argument("start", .string),
      Argument("count", .integer, token: "COUNT", .optional),
    ],
    history: [("6.2.0", "Exclusive ranges.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      try range(&keyspace, arguments, &reply, start: 3, end: 2)
    })

  /// - Parameters:
  ///   - start: which argument is the smaller ID; it is the third for the reversed order.
  ///   - end: which argument is the larger one.
  private static func range(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ reply: inout ReplyWriter,
    start: Int, end: Int
  ) throws(CommandError) {
    let first = try arguments[start].streamRangeStart()
    let last = try arguments[end].streamRangeEnd()
    var count: Int?
    var index = 4
    while index < arguments.count {
      guard arguments[index].matches("count"), index + 1 < arguments.count else { throw .syntax }
      let number = try arguments[index + 1].integer()
      count = max(number, 0)
      index += 2
    }
    guard let stream = try keyspace.stream(arguments[1], for: .read) else { return reply.array(0) }
    if count == 0 { return reply.nullArray() }
    reply.streamEntries(
      stream, from: first, to: last, count: count ?? 0, backwards: start > end)
  }
}
