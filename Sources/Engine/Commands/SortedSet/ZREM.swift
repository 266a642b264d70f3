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
    let slices = Slices(
      elementCount: { keyspace, arguments in keyspace.largeElementCount(arguments, 1..<2) },
      begin: { keyspace, arguments throws(CommandError) in
        try RangeRemoval(kind, event: name, &keyspace, arguments)
      })
    return Command(
      name, summary, since: since, group: .sortedSet,
      complexity: "O(M*log(N)) for M members removed.", arity: .exactly(4),
      keys: [.at(1, [.readWrite, .delete])], flags: [.write], arguments: [.key()] + bounds,
      slices: slices, execution: .oneShard(slices.body))
  }
}

/// A call of ZREMRANGEBYRANK or one of its sisters, a slice at a time.
private final class RangeRemoval: SlicedCall {
  private let event: StaticString
  private var value: SortedSetValue?
  /// The ranks of those still to go; it is their first ones that go.
  private var ranks = 0..<0
  private var removed = 0

  init(
    _ kind: MemberRange.Kind, event: StaticString, _ keyspace: inout Keyspace, _ arguments: Arguments
  ) throws(CommandError) {
    self.event = event
    let range = try MemberRange(kind, arguments[2], arguments[3])
    value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .write)
    if let value { ranks = value.ranks(of: range) }
  }

  func resume(_ keyspace: inout Keyspace, _ arguments: Arguments) throws(CommandError) {
    value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .write)
    guard let value, value.count >= ranks.upperBound else { throw .changedBetweenSlices }
  }

  func advance(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) -> Bool {
    let count = Swift.min(ranks.count, Command.Slices.elementsPerSlice)
    value?.remove(ranks: ranks.lowerBound..<ranks.lowerBound + count)
    removed += count
    ranks = ranks.lowerBound..<ranks.upperBound - count
    guard ranks.isEmpty else { return false }
    if let value, removed > 0 { keyspace.changed(arguments[1], value, .sortedSet, event) }
    reply.integer(removed)
    return true
  }
}
