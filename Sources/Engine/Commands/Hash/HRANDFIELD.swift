import RESP

extension Command {
  /// `HRANDFIELD key [count [WITHVALUES]]`
  ///
  /// Without a count replies with a Bulk string, null if there is no such key. With one replies with an Array of so many
  /// different fields, or all; a negative count allows the same field several times.
  ///
  /// - Throws: `.notAnInteger`; `.syntax`; `.wrongType`; an error for a count out of range.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hrandfield/>
  package static let hrandfield = Command(
    "hrandfield", "Returns fields of a hash chosen at random.",
    since: "6.2.0", group: .hash, complexity: "O(N) for N fields returned",
    arity: .atLeast(2),
    keys: [.at(1, [.readOnly, .access])],
    flags: .readOnly,
    tips: ["nondeterministic_output"],
    arguments: [
      .key(),
      .block(
        "options", .optional,
        [Argument("count", .integer), .token("withvalues", "WITHVALUES", .optional)]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard arguments.count > 2 else {
        guard let hash = try keyspace.hashValue(arguments[1]) else {
          return reply.null()
        }
        var isFound = false
        hash.visitRandom(&keyspace.random) { field, _ in
          reply.element(field)
          isFound = true
        }
        if !isFound { reply.null() }
        return
      }
      let count = try arguments[2].integer()
      guard count != .min else { throw .countOutOfRange }
      guard arguments.count <= 4, arguments.count == 3 || arguments[3].matches("withvalues") else {
        throw .syntax
      }
      let withValues = arguments.count == 4
      if withValues, count.magnitude > Int.max / 2 { throw .valueOutOfRange }
      guard let hash = try keyspace.hashToCount(arguments[1]), count != 0,
        case let visible = hash.visibleCount, visible > 0
      else { return reply.array(0) }
      let replied = count < 0 ? -count : Swift.min(count, visible)
      reply.array(withValues && !reply.isRESP3 ? replied * 2 : replied)
      func write(_ field: StringValue, _ value: StringValue) {
        if withValues, reply.isRESP3 { reply.array(2) }
        reply.element(field)
        if withValues { reply.element(value) }
      }
      if count > 0 {
        hash.visitRandom(distinct: count, of: visible, &keyspace.random, write)
      } else {
        for _ in 0..<replied {
          if reply.isTooLong { break }
          hash.visitRandom(&keyspace.random, write)
        }
      }
    })
}
