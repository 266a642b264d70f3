import RESP

extension Command {
  /// `ZSCAN key cursor [MATCH pattern] [COUNT count]`: the next cursor, and members with their scores.
  package static let zscan = Command(
    "zscan", "Walks through the members of a sorted set, some at a time.", since: "2.8.0",
    group: .sortedSet, complexity: "O(1) a call, O(N) for the whole walk.", arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], tips: ["nondeterministic_output"],
    arguments: [
      .key(), Argument("cursor", .integer),
      Argument("pattern", .pattern, token: "MATCH", [.optional]),
      Argument("count", .integer, token: "COUNT", [.optional]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let cursor = try ScanCursor(arguments[2])
      let found = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      var count = 10
      var pattern: ByteView?
      var index = 3
      while found != nil, index < arguments.count {
        guard index + 1 < arguments.count else { throw .syntax }
        if arguments[index].matches("count") {
          count = try arguments[index + 1].integer()
          if count < 1 { throw .syntax }
        } else if arguments[index].matches("match") {
          pattern = arguments[index + 1]
        } else {
          throw .syntax
        }
        index += 2
      }
      reply.array(2)
      guard let value = found else {
        reply.bulk("0" as StaticString)
        return reply.array(0)
      }
      var elements = ReplyWriter(protocolVersion: 2)
      var elementCount = 0
      let next = value.scan(from: cursor.rawValue, count: count) { member, score in
        if let pattern, !Glob.matches(pattern, member) { return }
        elements.bulk(member)
        elements.double(score)
        elementCount += 2
      }
      reply.bulk(String(next ?? 0))
      reply.array(elementCount)
      reply.raw(elements.bytes)
    })

  /// `ZRANDMEMBER key [count [WITHSCORES]]`: members drawn at random; a negative count allows repetitions.
  package static let zrandmember = Command(
    "zrandmember", "Returns members of a sorted set, drawn at random.", since: "6.2.0",
    group: .sortedSet, complexity: "O(N), with N members returned.", arity: .atLeast(2),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], tips: ["nondeterministic_output"],
    arguments: [
      .key(),
      .block(
        "options", [.optional],
        [Argument("count", .integer), .token("withscores", "WITHSCORES", [.optional])]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let outOfRange = CommandError("ERR value is out of range")
      guard arguments.count > 2 else {
        guard let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
        else { return reply.null() }
        let rank = Int(keyspace.random.next() % UInt64(value.count))
        return value.forEach(in: rank..<rank + 1) { member, _ in reply.bulk(member) }
      }
      let count = try arguments[2].integer()
      guard count > -Int.max else { throw outOfRange }
      let withScores = arguments.count == 4
      if arguments.count > 4 || (withScores && !arguments[3].matches("withscores")) {
        throw .syntax
      }
      if withScores, count < -(Int.max / 2) || count > Int.max / 2 { throw outOfRange }
      guard let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read),
        count != 0
      else { return reply.array(0) }
      let total = value.count
      if count >= total {
        return reply.members(value, 0..<total, withScores: withScores)
      }
      reply.array(withScores && !reply.isRESP3 ? count.magnitude.asInt * 2 : count.magnitude.asInt)
      if count < 0 {
        for _ in 0..<(-count) {
          let rank = Int(keyspace.random.next() % UInt64(total))
          value.forEach(in: rank..<rank + 1) { reply.memberItem($0, $1, withScores: withScores) }
        }
        return
      }
      // Floyd's sampling: each set of `count` ranks with the same chance.
      var chosen = Set<Int>()
      for top in total - count..<total {
        let drawn = Int(keyspace.random.next() % UInt64(top + 1))
        let rank = chosen.contains(drawn) ? top : drawn
        chosen.insert(rank)
        value.forEach(in: rank..<rank + 1) { reply.memberItem($0, $1, withScores: withScores) }
      }
    })
}

extension UInt {
  fileprivate var asInt: Int { Int(self) }
}
