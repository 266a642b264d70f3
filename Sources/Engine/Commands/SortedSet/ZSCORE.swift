import RESP

extension Command {
  /// `ZCARD key`
  ///
  /// Replies with an Integer: how many members there are.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zcard/>
  package static let zcard = Command(
    "zcard", "Counts the members of a sorted set.", since: "1.2.0", group: .sortedSet,
    complexity: "O(1)", arity: .exactly(2), keys: [.at(1, .readOnly)], flags: [.readOnly, .fast],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      reply.integer(value?.count ?? 0)
    })

  /// `ZSCORE key member`
  ///
  /// Replies with a Double; null if there is no such member.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zscore/>
  package static let zscore = Command(
    "zscore", "Returns the score of a member of a sorted set.", since: "1.2.0", group: .sortedSet,
    complexity: "O(1)", arity: .exactly(3), keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly, .fast], arguments: [.key(), Argument("member", .string)],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      reply.score(value?.score(of: arguments[2]))
    })

  /// `ZMSCORE key member [member ...]`
  ///
  /// Replies with an Array of Doubles, null for what is no member.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zmscore/>
  package static let zmscore = Command(
    "zmscore", "Returns the scores of members of a sorted set.", since: "6.2.0", group: .sortedSet,
    complexity: "O(N) in the members asked for.", arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly, .fast],
    arguments: [.key(), Argument("member", .string, .multiple)],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      reply.array(arguments.count - 2)
      for index in 2..<arguments.count { reply.score(value?.score(of: arguments[index])) }
    })

  /// `ZRANK key member [WITHSCORE]`
  ///
  /// Replies with an Integer: how many members come before; with WITHSCORE an Array of it and the score. Null if
  /// there is no such member.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrank/>
  package static let zrank = rank(
    "zrank", "Returns how many members come before one, lowest scores first.", backward: false)

  /// `ZREVRANK key member [WITHSCORE]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrevrank/>
  package static let zrevrank = rank(
    "zrevrank", "Returns how many members come before one, highest scores first.", backward: true)

  private static func rank(
    _ name: StaticString, _ summary: String, backward: Bool
  ) -> Command {
    Command(
      name, summary, since: "2.0.0", group: .sortedSet, complexity: "O(log(N))", arity: .atLeast(3),
      keys: [.at(1, [.readOnly, .access])], flags: [.readOnly, .fast],
      arguments: [
        .key(), Argument("member", .string), .token("withscore", "WITHSCORE", .optional),
      ],
      history: [("7.2.0", "The option `WITHSCORE`.")],
      element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        if arguments.count > 4 { throw .wrongArity("\(name)") }
        let withScore = arguments.count == 4
        if withScore, !arguments[3].matches("withscore") { throw .syntax }
        let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
        guard let value, let found = value.rank(of: arguments[2]) else {
          return withScore ? reply.nullArray() : reply.null()
        }
        if withScore { reply.array(2) }
        reply.integer(backward ? value.count - 1 - found.rank : found.rank)
        if withScore { reply.double(found.score) }
      })
  }
}

extension ReplyWriter {
  /// A Double, or null.
  @inline(__always)
  mutating func score(_ score: Double?) {
    guard let score else { return null() }
    double(score)
  }

  /// The header of `count` members with or without scores: RESP3 has a pair for each that has one.
  mutating func members(_ count: Int, withScores: Bool) {
    array(withScores && !isRESP3 ? count * 2 : count)
  }

  /// One of them.
  @inline(__always)
  mutating func member(_ member: ByteView, _ score: Double, withScore: Bool) {
    if withScore, isRESP3 { array(2) }
    bulk(member)
    if withScore { double(score) }
  }
}
