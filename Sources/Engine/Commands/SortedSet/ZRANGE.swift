import RESP

extension Command {
  /// `ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
  ///
  /// Replies with an Array of members, with WITHSCORES also of their scores (RESP3: of pairs).
  ///
  /// - Throws: `.wrongType`; `.syntax`; `.notAnInteger`; errors of the range and of `RangeRequest`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrange/>
  package static let zrange = range(
    "zrange", "Returns members of a sorted set in a range.", RangeRequest.Form(), since: "1.2.0",
    [Argument("start", .string), Argument("stop", .string)] + rangeArguments + [withScoresArgument],
    history: [("6.2.0", "The options `REV`, `BYSCORE`, `BYLEX` and `LIMIT`.")])

  /// `ZREVRANGE key start stop [WITHSCORES]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrevrange/>
  package static let zrevrange = range(
    "zrevrange", "Returns members of a sorted set by rank, highest scores first.",
    RangeRequest.Form(kind: .rank, backward: true), since: "1.2.0",
    [Argument("start", .integer), Argument("stop", .integer), withScoresArgument],
    deprecation: ("6.2.0", "`ZRANGE` with the `REV` argument"))

  /// `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrangebyscore/>
  package static let zrangebyscore = range(
    "zrangebyscore", "Returns members of a sorted set with scores in a range.",
    RangeRequest.Form(kind: .score, backward: false), since: "1.0.5",
    [
      Argument("min", .double), Argument("max", .double),
      .token("withscores", "WITHSCORES", .optional, since: "2.0.0"), limitArgument,
    ],
    history: [("2.0.0", "The option `WITHSCORES`.")],
    deprecation: ("6.2.0", "`ZRANGE` with the `BYSCORE` argument"))

  /// `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrevrangebyscore/>
  package static let zrevrangebyscore = range(
    "zrevrangebyscore", "Returns members of a sorted set with scores in a range, highest first.",
    RangeRequest.Form(kind: .score, backward: true), since: "2.2.0",
    [Argument("max", .double), Argument("min", .double), withScoresArgument, limitArgument],
    history: [("2.1.6", "Bounds that are outside the range.")],
    deprecation: ("6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments"))

  /// `ZRANGEBYLEX key min max [LIMIT offset count]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrangebylex/>
  package static let zrangebylex = range(
    "zrangebylex", "Returns members of a sorted set in a range of names.",
    RangeRequest.Form(kind: .name, backward: false), since: "2.8.9",
    [Argument("min", .string), Argument("max", .string), limitArgument],
    deprecation: ("6.2.0", "`ZRANGE` with the `BYLEX` argument"))

  /// `ZREVRANGEBYLEX key max min [LIMIT offset count]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrevrangebylex/>
  package static let zrevrangebylex = range(
    "zrevrangebylex", "Returns members of a sorted set in a range of names, last first.",
    RangeRequest.Form(kind: .name, backward: true), since: "2.8.9",
    [Argument("max", .string), Argument("min", .string), limitArgument],
    deprecation: ("6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments"))

  /// `ZRANGESTORE destination source min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]`
  ///
  /// Replies with an Integer: how many members were stored. None deletes the destination.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zrangestore/>
  package static let zrangestore = Command(
    "zrangestore", "Stores members of a sorted set in a range at another key.", since: "6.2.0",
    group: .sortedSet, complexity: "O(log(N)+M) for M members stored.", arity: .atLeast(5),
    keys: [.at(1, [.overwrite, .update]), .at(2, [.readOnly, .access])], flags: [.write, .denyOOM],
    arguments: [
      .key("dst"), .key("src", spec: 1), Argument("min", .string), Argument("max", .string),
    ] + rangeArguments,
    slices: storedRange, execution: .oneShard(storedRange.body))

  private static let storedRange = Slices(
    elementCount: { keyspace, arguments in
      keyspace.rangeCount(arguments, key: 2, RangeRequest.Form(), allowsScores: false)
    },
    begin: { keyspace, arguments throws(CommandError) in try StoredRange(&keyspace, arguments) })

  private static func range(
    _ name: StaticString, _ summary: String, _ form: RangeRequest.Form, since: String,
    _ bounds: [Argument], history: [(since: String, change: String)] = [],
    deprecation: (since: String, replacement: String)? = nil
  ) -> Command {
    Command(
      name, summary, since: since, group: .sortedSet,
      complexity: "O(log(N)+M) for M members returned.", arity: .atLeast(4),
      keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], arguments: [.key()] + bounds,
      history: history, deprecation: deprecation, slices: rangeSlices(form),
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let request = try RangeRequest(arguments, at: 2, form, allowsScores: true)
        let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
        guard let value else { return reply.array(0) }
        let ranks = request.ranks(in: value)
        reply.members(ranks.count, withScores: request.withScores)
        value.forEach(in: ranks, backward: request.backward) { member, score in
          reply.member(member, score, withScore: request.withScores)
        }
      })
  }

  private static func rangeSlices(_ form: RangeRequest.Form) -> Slices {
    Slices(
      elementCount: { keyspace, arguments in
        keyspace.rangeCount(arguments, key: 1, form, allowsScores: true)
      },
      advance: { keyspace, arguments, position, reply throws(CommandError) in
        let request = try RangeRequest(arguments, at: 2, form, allowsScores: true)
        let purpose = position == 0 ? Keyspace.Purpose.read : .peek
        guard let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: purpose) else {
          throw .changedBetweenSlices
        }
        let ranks = request.ranks(in: value)
        if position == 0 { reply.members(ranks.count, withScores: request.withScores) }
        let start = Int(position)
        let end = Swift.min(start + Slices.elementsPerSlice, ranks.count)
        let part =
          request.backward
          ? ranks.upperBound - end..<ranks.upperBound - start : ranks.lowerBound + start..<ranks.lowerBound + end
        value.forEach(in: part, backward: request.backward) { member, score in
          reply.member(member, score, withScore: request.withScores)
        }
        return end < ranks.count ? UInt64(end) : nil
      })
  }

  private static let withScoresArgument = Argument.token("withscores", "WITHSCORES", .optional)

  private static let limitArgument = Argument.block(
    "limit", token: "LIMIT", .optional, [Argument("offset", .integer), Argument("count", .integer)])

  private static let rangeArguments: [Argument] = [
    .oneOf(
      "sortby", .optional, since: "6.2.0",
      [.token("byscore", "BYSCORE"), .token("bylex", "BYLEX")]),
    .token("rev", "REV", .optional, since: "6.2.0"),
    .block(
      "limit", token: "LIMIT", .optional, since: "6.2.0",
      [Argument("offset", .integer), Argument("count", .integer)]),
  ]
}

/// What ZRANGE and its sisters ask for.
struct RangeRequest {
  /// What a command's name says already; the rest is for its words to say.
  struct Form {
    var kind: MemberRange.Kind?
    var backward: Bool?
  }

  let range: MemberRange
  let backward: Bool
  private(set) var withScores = false
  private var limit: (offset: Int, count: Int)?

  /// - Parameter position: of the first bound.
  init(
    _ arguments: Arguments, at position: Int, _ form: Form, allowsScores: Bool
  ) throws(CommandError) {
    var form = form
    var index = position + 2
    while index < arguments.count {
      let word = arguments[index]
      if allowsScores, word.matches("withscores") {
        withScores = true
      } else if word.matches("limit"), index + 2 < arguments.count {
        limit = (try arguments[index + 1].integer(), try arguments[index + 2].integer())
        index += 2
      } else if form.backward == nil, word.matches("rev") {
        form.backward = true
      } else if form.kind == nil, word.matches("bylex") {
        form.kind = .name
      } else if form.kind == nil, word.matches("byscore") {
        form.kind = .score
      } else {
        throw .syntax
      }
      index += 1
    }
    let kind = form.kind ?? .rank
    backward = form.backward ?? false
    // Redis knows a limit by its count, and by rank passes over one without.
    if let limit, kind == .rank, limit.count != -1 { throw .limitWithoutBounds }
    if withScores, kind == .name { throw .scoresOfNames }
    let first = backward && kind != .rank ? position + 1 : position
    let last = backward && kind != .rank ? position : position + 1
    range = try MemberRange(kind, arguments[first], arguments[last])
  }

  /// The ranks asked for, in ascending order whatever the direction.
  func ranks(in value: SortedSetValue) -> Range<Int> {
    var ranks = value.ranks(of: range)
    if case .ranks = range {
      guard backward else { return ranks }
      let count = value.count
      return count - ranks.upperBound..<count - ranks.lowerBound
    }
    guard let limit else { return ranks }
    guard limit.offset >= 0, limit.offset < ranks.count else { return 0..<0 }
    let left = ranks.count - limit.offset
    let count = limit.count < 0 ? left : Swift.min(limit.count, left)
    if backward {
      let end = ranks.upperBound - limit.offset
      ranks = end - count..<end
    } else {
      let start = ranks.lowerBound + limit.offset
      ranks = start..<start + count
    }
    return ranks
  }
}

/// A call of ZRANGESTORE, a slice at a time.
private final class StoredRange: SlicedCall {
  private let request: RangeRequest
  private var source: SortedSetValue?
  private let ranks: Range<Int>
  private var position: Int
  /// nil when the members are stored.
  private var members: SortedSetIndex.Builder?

  init(_ keyspace: inout Keyspace, _ arguments: Arguments) throws(CommandError) {
    request = try RangeRequest(arguments, at: 3, RangeRequest.Form(), allowsScores: false)
    let source = try keyspace.collection(SortedSetValue.self, arguments[2], for: .read)
    ranks = source.map(request.ranks(in:)) ?? 0..<0
    position = ranks.lowerBound
    members = SortedSetIndex.Builder(seed: keyspace.hashSeed)
    self.source = source
  }

  deinit { members?.finish().free() }

  func resume(_ keyspace: inout Keyspace, _ arguments: Arguments) throws(CommandError) {
    source = try keyspace.collection(SortedSetValue.self, arguments[2], for: .peek)
    guard let source, source.count >= ranks.upperBound else { throw .changedBetweenSlices }
  }

  func advance(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) -> Bool {
    let end = Swift.min(position + Command.Slices.elementsPerSlice, ranks.upperBound)
    source?.forEach(in: position..<end) { member, score in members?.append(member, score) }
    position = end
    guard end == ranks.upperBound, let built = members.take() else { return false }
    reply.integer(keyspace.store(built.finish(), at: arguments[1], "zrangestore"))
    return true
  }
}

extension Keyspace {
  /// How many members a range of the large sorted set at the `key`-th word has; 0 if it is no such set.
  fileprivate mutating func rangeCount(
    _ arguments: Arguments, key: Int, _ form: RangeRequest.Form, allowsScores: Bool
  ) -> Int {
    if arguments.count == key + 3, form.kind ?? .rank == .rank, arguments.isShortRange(at: key + 1, options.elementsAtOnceMax) {
      return 0
    }
    guard let entry = lookup(arguments[key], for: .peek), entry.type == .sortedSet,
      entry.block.encoding == .structure,
      let request = try? RangeRequest(arguments, at: key + 1, form, allowsScores: allowsScores)
    else { return 0 }
    let value = SortedSetValue(block: entry.block)
    return value.count > options.elementsAtOnceMax ? request.ranks(in: value).count : 0
  }
}

extension Keyspace {
  /// Makes members what is at `key`, whatever was there; none deletes it. Takes over the index.
  ///
  /// - Returns: how many there are.
  mutating func store(
    _ index: SortedSetIndex, at key: ByteView, _ event: StaticString
  ) -> Int {
    store(Detached(index, self), at: key, .sortedSet, event)
  }
}

extension CommandError {
  static let limitWithoutBounds = CommandError(
    "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
  static let scoresOfNames = CommandError(
    "ERR syntax error, WITHSCORES not supported in combination with BYLEX")
}
