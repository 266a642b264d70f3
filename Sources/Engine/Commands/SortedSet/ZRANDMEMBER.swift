import RESP

extension Command {
  /// `ZRANDMEMBER key [count [WITHSCORES]]`
  ///
  /// Replies with a member drawn at random, null if there is none; with a count an Array of as many different
  /// ones, or where it is negative, of as many draws.
  ///
  /// - Throws: `.wrongType`; `.notAnInteger`; `.valueOutOfRange`; `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrandmember/>
  package static let zrandmember = Command(
    "zrandmember", "Returns members of a sorted set drawn at random.", since: "6.2.0",
    group: .sortedSet, complexity: "O(N*log(M)) for N members returned of M.", arity: .atLeast(2),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly],
    tips: ["nondeterministic_output"],
    arguments: [
      .key(),
      .block(
        "options", .optional,
        [Argument("count", .integer), .token("withscores", "WITHSCORES", .optional)]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard arguments.count > 2 else {
        let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
        guard let value else { return reply.null() }
        let rank = Int(keyspace.random.next() % UInt64(value.count))
        return value.forEach(in: rank..<rank + 1) { member, _ in reply.bulk(member) }
      }
      let count = try arguments[2].integer()
      guard count > Int.min else { throw .countOutOfRange }
      let withScores = arguments.count > 3
      if arguments.count > 4 || withScores && !arguments[3].matches("withscores") { throw .syntax }
      if withScores, count.magnitude > UInt(Int.max / 2) { throw .valueOutOfRange }
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      guard let value, count != 0 else { return reply.array(0) }
      var random = keyspace.random
      defer { keyspace.random = random }
      if count < 0 {
        reply.members(-count, withScores: withScores)
        for _ in 0..<(-count) {
          if reply.isTooLong { break }
          let rank = Int(random.next() % UInt64(value.count))
          value.forEach(in: rank..<rank + 1) { reply.member($0, $1, withScore: withScores) }
        }
      } else {
        let ranks = random.ranks(Swift.min(count, value.count), of: value.count)
        reply.members(ranks.count, withScores: withScores)
        for rank in ranks {
          value.forEach(in: rank..<rank + 1) { reply.member($0, $1, withScore: withScores) }
        }
      }
    })
}

extension SplitMix64 {
  /// `count` different numbers below `bound`, each set of them with the same chance, in ascending order.
  ///
  /// - SeeAlso: R. Floyd, in "Programming Pearls: A Sample of Brilliance", CACM 1987.
  fileprivate mutating func ranks(_ count: Int, of bound: Int) -> [Int] {
    if count == bound { return Array(0..<bound) }
    var chosen = Set<Int>(minimumCapacity: count)
    for top in bound - count..<bound {
      let drawn = Int(next() % UInt64(top + 1))
      if !chosen.insert(drawn).inserted { chosen.insert(top) }
    }
    return chosen.sorted()
  }
}
