import RESP

extension Command {
  /// `ZCOUNT key min max`
  ///
  /// Replies with an Integer: how many members have scores in the range.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zcount/>
  package static let zcount = counting(
    "zcount", "Counts the members of a sorted set with scores in a range.", .score,
    since: "2.0.0", [Argument("min", .double), Argument("max", .double)])

  /// `ZLEXCOUNT key min max`
  ///
  /// Replies with an Integer: how many members lie in the range of names, where all scores are equal.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zlexcount/>
  package static let zlexcount = counting(
    "zlexcount", "Counts the members of a sorted set in a range of names.", .name,
    since: "2.8.9", [Argument("min", .string), Argument("max", .string)])

  private static func counting(
    _ name: StaticString, _ summary: String, _ kind: MemberRange.Kind, since: String,
    _ bounds: [Argument]
  ) -> Command {
    Command(
      name, summary, since: since, group: .sortedSet, complexity: "O(log(N))", arity: .exactly(4),
      keys: [.at(1, [.readOnly, .access])], flags: [.readOnly, .fast],
      arguments: [.key()] + bounds,
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let range = try MemberRange(kind, arguments[2], arguments[3])
        let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
        reply.integer(value?.ranks(of: range).count ?? 0)
      })
  }
}
