import RESP

extension Command {
  /// `ZCARD key`: how many members there are.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zcard/>
  package static let zcard = Command(
    "zcard", "Returns the number of members of a sorted set.", since: "1.2.0", group: .sortedSet,
    complexity: "O(1)", arity: .exactly(2), keys: [.at(1, [.readOnly])],
    flags: [.readOnly, .fast], arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      reply.integer(value?.count ?? 0)
    })

  /// `ZSCORE key member`: the score of a member, a null for what is none.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zscore/>
  package static let zscore = Command(
    "zscore", "Returns the score of a member of a sorted set.", since: "1.2.0",
    group: .sortedSet, complexity: "O(1)", arity: .exactly(3),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly, .fast],
    arguments: [.key(), Argument("member", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      if let score = value?.score(of: arguments[2]) { reply.double(score) } else { reply.null() }
    })

  /// `ZMSCORE key member [member ...]`: an array of scores and nulls.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zmscore/>
  package static let zmscore = Command(
    "zmscore", "Returns the scores of members of a sorted set.", since: "6.2.0",
    group: .sortedSet, complexity: "O(N), with N members asked for.", arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly, .fast],
    arguments: [.key(), Argument("member", .string, [.multiple])],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      reply.array(arguments.count - 2)
      for index in 2..<arguments.count {
        if let score = value?.score(of: arguments[index]) {
          reply.double(score)
        } else {
          reply.null()
        }
      }
    })

  /// `ZRANK key member [WITHSCORE]`: how many members come before.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrank/>
  package static let zrank = rankCommand(
    "zrank", "Returns the rank of a member by ascending score.", backward: false)

  /// `ZREVRANK key member [WITHSCORE]`: how many members come behind.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrevrank/>
  package static let zrevrank = rankCommand(
    "zrevrank", "Returns the rank of a member by descending score.", backward: true)

  private static func rankCommand(
    _ name: StaticString, _ summary: String, backward: Bool
  ) -> Command {
    Command(
      name, summary, since: "2.0.0", group: .sortedSet, complexity: "O(log(N))",
      arity: .atLeast(3), keys: [.at(1, [.readOnly, .access])], flags: [.readOnly, .fast],
      arguments: [
        .key(), Argument("member", .string),
        .token("withscore", "WITHSCORE", [.optional], since: "7.2.0"),
      ],
      history: [("7.2.0", "The option `WITHSCORE`.")],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let withScore = arguments.count > 3
        if arguments.count > 4 || (withScore && !arguments[3].matches("withscore")) {
          throw .syntax
        }
        let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
        guard let value, let found = value.rank(of: arguments[2]) else {
          return withScore ? reply.nullArray() : reply.null()
        }
        if withScore { reply.array(2) }
        reply.integer(backward ? value.count - 1 - found.rank : found.rank)
        if withScore { reply.double(found.score) }
      })
  }

  /// `ZREM key member [member ...]`: how many members were removed.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrem/>
  package static let zrem = Command(
    "zrem", "Removes members from a sorted set.", since: "1.2.0", group: .sortedSet,
    complexity: "O(M*log(N)), with N members in the sorted set and M to be removed.",
    arity: .atLeast(3), keys: [.at(1, [.readWrite, .delete])], flags: [.write, .fast],
    arguments: [.key(), Argument("member", .string, [.multiple])],
    history: [("2.4.0", "Several members.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .write)
      else { return reply.integer(0) }
      var removed = 0
      for index in 2..<arguments.count where value.remove(arguments[index]) {
        removed += 1
        if value.count == 0 { break }
      }
      if removed > 0 { keyspace.changed(arguments[1], value) }
      reply.integer(removed)
    })
}
