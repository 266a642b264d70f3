import RESP

extension Command {
  /// `ZPOPMIN key [count]`: removes the members with the lowest scores and replies with them.
  package static let zpopmin = popCommand(
    "zpopmin", "Removes and returns the members with the lowest scores.", highest: false)
  /// `ZPOPMAX key [count]`: as ZPOPMIN, with the highest scores.
  package static let zpopmax = popCommand(
    "zpopmax", "Removes and returns the members with the highest scores.", highest: true)

  /// `BZPOPMIN key [key ...] timeout`: key, member and score, from the first key that has some.
  package static let bzpopmin = blockingPopCommand(
    "bzpopmin", "Removes and returns the member with the lowest score, or waits for one.",
    highest: false)
  /// `BZPOPMAX key [key ...] timeout`: as BZPOPMIN, with the highest score.
  package static let bzpopmax = blockingPopCommand(
    "bzpopmax", "Removes and returns the member with the highest score, or waits for one.",
    highest: true)

  /// `ZMPOP numkeys key [key ...] <MIN | MAX> [COUNT count]`: a key and its members, from the first that
  /// has some.
  package static let zmpop = Command(
    "zmpop", "Removes and returns members of the first sorted set that has some.",
    since: "7.0.0", group: .sortedSet, complexity: manyPopComplexity, arity: .atLeast(4),
    keys: [.counted(at: 1, [.readWrite, .access, .delete])], flags: [.write, .movableKeys],
    arguments: manyPopArguments,
    execution: .keyByKey(
      { keyspace, arguments, key, reply throws(CommandError) in
        try keyspace.popMany(arguments, countAt: 1, key: key, &reply)
      }, join: .first))

  /// `BZMPOP timeout numkeys key [key ...] <MIN | MAX> [COUNT count]`
  package static let bzmpop = Command(
    "bzmpop", "Removes and returns members of the first sorted set that has some, or waits.",
    since: "7.0.0", group: .sortedSet, complexity: manyPopComplexity, arity: .atLeast(5),
    keys: [.counted(at: 2, [.readWrite, .access, .delete])],
    flags: [.write, .blocking, .movableKeys],
    arguments: [Argument("timeout", .double)] + manyPopArguments,
    blocking: .seconds(at: 1, for: .sortedSet),
    execution: .keyByKey(
      { keyspace, arguments, key, reply throws(CommandError) in
        _ = try WaitTime(seconds: arguments[1])
        return try keyspace.popMany(arguments, countAt: 2, key: key, &reply)
      }, join: .first))

  private static let manyPopComplexity =
    "O(K)+O(M*log(N)), with K keys, N members in the sorted set and M removed."

  private static let manyPopArguments: [Argument] = [
    Argument("numkeys", .integer), .key("key", [.multiple]),
    .oneOf("where", [], [.token("min", "MIN"), .token("max", "MAX")]),
    Argument("count", .integer, token: "COUNT", [.optional]),
  ]

  private static func popCommand(
    _ name: StaticString, _ summary: String, highest: Bool
  ) -> Command {
    Command(
      name, summary, since: "5.0.0", group: .sortedSet,
      complexity: "O(log(N)*M), with N members in the sorted set and M removed.",
      arity: .atLeast(2), keys: [.at(1, [.readWrite, .access, .delete])],
      flags: [.write, .fast], arguments: [.key(), Argument("count", .integer, [.optional])],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        if arguments.count > 3 { throw .syntax }
        var count = 1
        if arguments.count == 3 {
          count = try arguments[2].integer(orThrow: .outOfPositiveRange)
          guard count >= 0 else { throw .outOfPositiveRange }
        }
        guard let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .write),
          count > 0
        else { return reply.array(0) }
        let ranks = value.endRanks(count, highest: highest)
        if arguments.count == 3 {
          reply.members(value, ranks, backward: highest, withScores: true)
        } else {
          reply.array(2)
          value.forEach(in: ranks) { member, score in
            reply.bulk(member)
            reply.double(score)
          }
        }
        value.remove(ranks: ranks)
        keyspace.changed(arguments[1], value)
      })
  }

  private static func blockingPopCommand(
    _ name: StaticString, _ summary: String, highest: Bool
  ) -> Command {
    Command(
      name, summary, since: "5.0.0", group: .sortedSet,
      complexity: "O(log(N)), with N members in the sorted set.", arity: .atLeast(3),
      keys: [.range(1, last: -2, [.readWrite, .access, .delete])],
      flags: [.write, .blocking, .fast],
      arguments: [.key("key", [.multiple]), Argument("timeout", .double)],
      history: [("6.0.0", "The timeout may have a fraction.")], blocking: .seconds(at: -1, for: .sortedSet),
      execution: .keyByKey(
        { keyspace, arguments, key, reply throws(CommandError) in
          _ = try WaitTime(seconds: arguments[arguments.count - 1])
          guard
            let value = try keyspace.collection(SortedSetValue.self, arguments[key], for: .write)
          else { return false }
          let ranks = value.endRanks(1, highest: highest)
          reply.array(3)
          reply.bulk(arguments[key])
          value.forEach(in: ranks) { member, score in
            reply.bulk(member)
            reply.double(score)
          }
          value.remove(ranks: ranks)
          keyspace.changed(arguments[key], value)
          return true
        }, join: .first))
  }
}

extension SortedSetValue {
  /// The ranks of the `count` lowest or highest members, or of as many as there are.
  func endRanks(_ count: Int, highest: Bool) -> Range<Int> {
    let total = self.count
    let taken = Swift.min(count, total)
    return highest ? total - taken..<total : 0..<taken
  }
}

extension Keyspace {
  fileprivate mutating func popMany(
    _ arguments: Arguments, countAt: Int, key: Int, _ reply: inout ReplyWriter
  ) throws(CommandError) -> Bool {
    let badKeyCount = CommandError("ERR numkeys should be greater than 0")
    let keyCount = try arguments[countAt].integer(orThrow: badKeyCount)
    guard keyCount > 0 else { throw badKeyCount }
    guard keyCount < arguments.count - countAt - 1 else { throw .syntax }
    var index = countAt + keyCount + 1
    let highest = arguments[index].matches("max")
    guard highest || arguments[index].matches("min") else { throw .syntax }
    var count: Int?
    index += 1
    while index < arguments.count {
      guard count == nil, arguments[index].matches("count"), index + 1 < arguments.count
      else { throw .syntax }
      let badCount = CommandError("ERR count should be greater than 0")
      let number = try arguments[index + 1].integer(orThrow: badCount)
      guard number > 0 else { throw badCount }
      count = number
      index += 2
    }
    guard key > 0,
      let value = try collection(SortedSetValue.self, arguments[key], for: .write)
    else { return false }
    let ranks = value.endRanks(count ?? 1, highest: highest)
    reply.array(2)
    reply.bulk(arguments[key])
    reply.array(ranks.count)
    value.forEach(in: ranks, backward: highest) { member, score in
      reply.array(2)
      reply.bulk(member)
      reply.double(score)
    }
    value.remove(ranks: ranks)
    changed(arguments[key], value)
    return true
  }
}
