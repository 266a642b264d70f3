import RESP

extension Command {
  /// `ZREM key member [member ...]`
  ///
  /// Replies with an Integer: how many members were removed.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrem/>
  package static let zrem = Command(
    "zrem", "Removes members from a sorted set.", since: "1.2.0", group: .sortedSet,
    complexity: "O(M*log(N)) for M members.", arity: .atLeast(3),
    keys: [.at(1, [.readWrite, .delete])], flags: [.write, .fast],
    arguments: [.key(), Argument("member", .string, .multiple)],
    history: [("2.4.0", "Several members.")],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .write)
      guard let value else { return reply.integer(0) }
      var removed = 0
      for index in 2..<arguments.count where value.remove(arguments[index]) {
        removed += 1
        if value.count == 0 { break }
      }
      if removed > 0 { keyspace.changed(arguments[1], value, .sortedSet, "zrem") }
      reply.integer(removed)
    })

  /// `ZREMRANGEBYRANK key start stop`
  ///
  /// Replies with an Integer: how many members were removed.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zremrangebyrank/>
  package static let zremrangebyrank = removal(
    "zremrangebyrank", "Removes members of a sorted set by how many come before them.", .rank,
    since: "2.0.0", [Argument("start", .integer), Argument("stop", .integer)])

  /// `ZREMRANGEBYSCORE key min max`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zremrangebyscore/>
  package static let zremrangebyscore = removal(
    "zremrangebyscore", "Removes members of a sorted set by their scores.", .score,
    since: "1.2.0", [Argument("min", .double), Argument("max", .double)])

  /// `ZREMRANGEBYLEX key min max`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zremrangebylex/>
  package static let zremrangebylex = removal(
    "zremrangebylex", "Removes members of a sorted set by their names, where all scores are equal.",
    .name, since: "2.8.9", [Argument("min", .string), Argument("max", .string)])

  private static func removal(
    _ name: StaticString, _ summary: String, _ kind: MemberRange.Kind, since: String,
    _ bounds: [Argument]
  ) -> Command {
    Command(
      name, summary, since: since, group: .sortedSet,
      complexity: "O(M*log(N)) for M members removed.", arity: .exactly(4),
      keys: [.at(1, [.readWrite, .delete])], flags: [.write], arguments: [.key()] + bounds,
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let range = try MemberRange(kind, arguments[2], arguments[3])
        let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .write)
        guard let value else { return reply.integer(0) }
        let ranks = value.ranks(of: range)
        value.remove(ranks: ranks)
        if !ranks.isEmpty { keyspace.changed(arguments[1], value, .sortedSet, name) }
        reply.integer(ranks.count)
      })
  }
}
