import RESP

extension Command {
  /// `ZPOPMIN key [count]`
  ///
  /// Removes the members of lowest score and replies with an Array of them and their scores; with a count RESP3
  /// has an Array of pairs.
  ///
  /// - Throws: `.wrongType`; `.notPositive` for a negative count; `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zpopmin/>
  package static let zpopmin = pop(
    "zpopmin", "Takes the members of lowest score out of a sorted set.", .lowest)

  /// `ZPOPMAX key [count]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zpopmax/>
  package static let zpopmax = pop(
    "zpopmax", "Takes the members of highest score out of a sorted set.", .highest)

  private static func pop(
    _ name: StaticString, _ summary: String, _ end: SortedSetValue.End
  ) -> Command {
    Command(
      name, summary, since: "5.0.0", group: .sortedSet,
      complexity: "O(log(N)*M) for M members taken.", arity: .atLeast(2),
      keys: [.at(1, [.readWrite, .access, .delete])], flags: [.write, .fast],
      arguments: [.key(), Argument("count", .integer, .optional)],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        guard arguments.count <= 3 else { throw .syntax }
        let hasCount = arguments.count == 3
        let count = hasCount ? try arguments[2].integer(orThrow: .notPositive) : 1
        guard count >= 0 else { throw .notPositive }
        let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .write)
        guard let value, count > 0 else { return reply.array(0) }
        let taken = Swift.min(count, value.count)
        hasCount ? reply.members(taken, withScores: true) : reply.array(2)
        keyspace.pop(taken, from: end, of: value, arguments[1]) { member, score in
          if hasCount, reply.isRESP3 { reply.array(2) }
          reply.bulk(member)
          reply.double(score)
        }
      })
  }

  /// `BZPOPMIN key [key ...] timeout`
  ///
  /// Replies with an Array of the name of the first sorted set that has members, its member of lowest score and
  /// the score; null when the time is over.
  ///
  /// - Throws: `.wrongType`; `.timeoutNotAFloat`, `.timeoutNegative`, `.timeoutOutOfRange`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/bzpopmin/>
  package static let bzpopmin = blockingPop(
    "bzpopmin", "Takes the member of lowest score of the first sorted set that has one, and waits if need be.",
    .lowest)

  /// `BZPOPMAX key [key ...] timeout`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/bzpopmax/>
  package static let bzpopmax = blockingPop(
    "bzpopmax", "Takes the member of highest score of the first sorted set that has one, and waits if need be.",
    .highest)

  private static func blockingPop(
    _ name: StaticString, _ summary: String, _ end: SortedSetValue.End
  ) -> Command {
    Command(
      name, summary, since: "5.0.0", group: .sortedSet, complexity: "O(log(N))", arity: .atLeast(3),
      keys: [.range(1, last: -2, [.readWrite, .access, .delete])],
      flags: [.write, .noScript, .blocking, .fast],
      arguments: [.key("key", .multiple), Argument("timeout", .double)],
      history: [("6.0.0", "Fractions of a second.")], blocking: .seconds(at: -1, for: .sortedSet),
      execution: .keyByKey(
        { keyspace, arguments, key, reply throws(CommandError) in
          let name = arguments[key]
          let value = try keyspace.collection(SortedSetValue.self, name, for: .write)
          guard let value else { return false }
          reply.array(3)
          reply.bulk(name)
          keyspace.pop(1, from: end, of: value, name) { member, score in
            reply.bulk(member)
            reply.double(score)
          }
          return true
        }, join: .first))
  }
}

extension SortedSetValue {
  enum End { case lowest, highest }
}

extension Keyspace {
  /// Takes `count` members, which there are, and counts the change.
  mutating func pop(
    _ count: Int, from end: SortedSetValue.End, of value: SortedSetValue, _ key: ByteView,
    _ visit: (ByteView, Double) -> Void
  ) {
    let total = value.count
    let ranks = end == .lowest ? 0..<count : total - count..<total
    value.forEach(in: ranks, backward: end == .highest, visit)
    value.remove(ranks: ranks)
    record([end == .lowest ? "ZPOPMIN" : "ZPOPMAX", .view(key), .integer(count)])
    changed(key, value)
  }
}

extension CommandError {
  static let notPositive = CommandError("ERR value is out of range, must be positive")
}
