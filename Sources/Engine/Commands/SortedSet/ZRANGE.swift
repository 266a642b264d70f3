import RESP

/// What ZRANGE and its older sisters ask for.
struct RangeRequest {
  enum Kind { case rank, score, member }

  private(set) var kind: Kind
  private(set) var backward: Bool
  private(set) var withScores = false
  private var offset = 0
  private var limit = -1
  private var start = 0
  private var end = 0
  private var bounds: SortedSetBounds?

  /// - Parameters:
  ///   - first: where the start of the range stands.
  ///   - kind, backward: nil where words say.
  ///   - stores: ZRANGESTORE's: no scores to be replied.
  init(
    _ arguments: Arguments, first: Int, kind fixedKind: Kind?, backward fixedDirection: Bool?,
    stores: Bool = false
  ) throws(CommandError) {
    kind = fixedKind ?? .rank
    backward = fixedDirection ?? false
    var index = first + 2
    while index < arguments.count {
      let word = arguments[index]
      if !stores, word.matches("withscores") {
        withScores = true
      } else if word.matches("limit"), index + 2 < arguments.count {
        offset = try arguments[index + 1].integer()
        limit = try arguments[index + 2].integer()
        index += 2
      } else if fixedDirection == nil, word.matches("rev") {
        backward = true
      } else if fixedKind == nil, word.matches("bylex") {
        kind = .member
      } else if fixedKind == nil, word.matches("byscore") {
        kind = .score
      } else {
        throw .syntax
      }
      index += 1
    }
    if limit != -1, kind == .rank {
      throw CommandError(
        "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
    }
    if withScores, kind == .member {
      throw CommandError(
        "ERR syntax error, WITHSCORES not supported in combination with BYLEX")
    }
    let (low, high) = backward && kind != .rank ? (first + 1, first) : (first, first + 1)
    switch kind {
    case .rank:
      start = try arguments[first].integer()
      end = try arguments[first + 1].integer()
    case .score: bounds = try .scores(arguments[low], arguments[high])
    case .member: bounds = try .members(arguments[low], arguments[high])
    }
  }

  /// The ranks, counted from the lowest score, that the request is about.
  func ranks(in value: SortedSetValue) -> Range<Int> {
    guard let bounds else { return value.ranks(from: start, through: end, backward: backward) }
    let ranks = value.ranks(in: bounds)
    guard offset >= 0, offset < ranks.count else { return 0..<0 }
    let count = limit < 0 ? ranks.count - offset : Swift.min(limit, ranks.count - offset)
    let first = backward ? ranks.upperBound - offset - count : ranks.lowerBound + offset
    return first..<first + count
  }
}

extension Command {
  /// `ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrange/>
  package static let zrange = rangeCommand(
    "zrange", "Returns the members of a range of ranks, scores or members.", since: "1.2.0",
    kind: nil, backward: nil)
  /// `ZREVRANGE key start stop [WITHSCORES]`
  package static let zrevrange = rangeCommand(
    "zrevrange", "Returns the members of a range of ranks by descending score.", since: "1.2.0",
    kind: .rank, backward: true, replacement: "`ZRANGE` with the `REV` argument")
  /// `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]`
  package static let zrangebyscore = rangeCommand(
    "zrangebyscore", "Returns the members of a range of scores.", since: "1.0.5",
    kind: .score, backward: false, replacement: "`ZRANGE` with the `BYSCORE` argument")
  /// `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]`
  package static let zrevrangebyscore = rangeCommand(
    "zrevrangebyscore", "Returns the members of a range of scores, the highest first.",
    since: "2.2.0", kind: .score, backward: true,
    replacement: "`ZRANGE` with the `REV` and `BYSCORE` arguments")
  /// `ZRANGEBYLEX key min max [LIMIT offset count]`
  package static let zrangebylex = rangeCommand(
    "zrangebylex", "Returns the members of a range of members.", since: "2.8.9",
    kind: .member, backward: false, replacement: "`ZRANGE` with the `BYLEX` argument")
  /// `ZREVRANGEBYLEX key max min [LIMIT offset count]`
  package static let zrevrangebylex = rangeCommand(
    "zrevrangebylex", "Returns the members of a range of members, the last first.",
    since: "2.8.9", kind: .member, backward: true,
    replacement: "`ZRANGE` with the `REV` and `BYLEX` arguments")

  private static func rangeCommand(
    _ name: StaticString, _ summary: String, since: String, kind: RangeRequest.Kind?,
    backward: Bool?, replacement: String? = nil
  ) -> Command {
    Command(
      name, summary, since: since, group: .sortedSet,
      complexity: "O(log(N)+M) with N members in the sorted set and M returned.",
      arity: .atLeast(4), keys: [.at(1, [.readOnly, .access])], flags: [.readOnly],
      arguments: rangeArguments(kind: kind, backward: backward == true),
      deprecation: replacement.map { ("6.2.0", $0) },
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let request = try RangeRequest(arguments, first: 2, kind: kind, backward: backward)
        guard let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
        else { return reply.array(0) }
        reply.members(
          value, request.ranks(in: value), backward: request.backward,
          withScores: request.withScores)
      })
  }

  private static let limitArgument = Argument.block(
    "limit", token: "LIMIT", [.optional],
    [Argument("offset", .integer), Argument("count", .integer)])

  private static func rangeArguments(kind: RangeRequest.Kind?, backward: Bool) -> [Argument] {
    let scores = Argument.token("withscores", "WITHSCORES", [.optional])
    switch kind {
    case .rank: return [.key(), Argument("start", .integer), Argument("stop", .integer), scores]
    case .score:
      let ends = [Argument("min", .double), Argument("max", .double)]
      return [.key()] + (backward ? ends.reversed() : ends) + [scores, limitArgument]
    case .member:
      let ends = [Argument("min", .string), Argument("max", .string)]
      return [.key()] + (backward ? ends.reversed() : ends) + [limitArgument]
    case nil:
      return [.key(), Argument("start", .string), Argument("stop", .string)]
        + [sortByArgument, .token("rev", "REV", [.optional], since: "6.2.0"), limitArgument, scores]
    }
  }

  private static let sortByArgument = Argument.oneOf(
    "sortby", [.optional], since: "6.2.0",
    [.token("byscore", "BYSCORE"), .token("bylex", "BYLEX")])

  /// `ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]`: how many members the
  /// destination has now.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrangestore/>
  package static let zrangestore = Command(
    "zrangestore", "Stores a range of a sorted set in another key.", since: "6.2.0",
    group: .sortedSet,
    complexity: "O(log(N)+M) with N members in the sorted set and M stored.",
    arity: .atLeast(5), keys: [.at(1, [.overwrite, .update]), .at(2, [.readOnly, .access])],
    flags: [.write, .denyOOM],
    arguments: [
      .key("dst"), .key("src", spec: 1), Argument("min", .string), Argument("max", .string),
      sortByArgument, .token("rev", "REV", [.optional]), limitArgument,
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let request = try RangeRequest(arguments, first: 3, kind: nil, backward: nil, stores: true)
      var result = SortedSetResult()
      if let value = try keyspace.collection(SortedSetValue.self, arguments[2], for: .read) {
        value.forEach(in: request.ranks(in: value)) { result.append($0, $1) }
      }
      reply.integer(keyspace.store(result, at: arguments[1]))
    })
}

/// Members and scores on the way from one key to another.
struct SortedSetResult {
  private(set) var members: [(member: [UInt8], score: Double)] = []

  mutating func append(_ member: ByteView, _ score: Double) {
    members.append((member.bytes, score))
  }

  var longestMember: Int { members.reduce(0) { Swift.max($0, $1.member.count) } }
}

extension Keyspace {
  /// Makes a result what is at `key`; nothing deletes the key.
  mutating func store(_ result: SortedSetResult, at key: ByteView) -> Int {
    let limits = options.sortedSetListpackLimits
    let seed = self.seed
    return replace(key, with: SortedSetValue.self) { value in
      value.prepare(forCount: result.members.count, limits, seed: seed)
      for (member, score) in result.members {
        ByteView.with(member) { _ = value.set($0, score, limits, seed: seed) }
      }
    }
  }
}
