import RESP

extension Command {
  /// `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]`
  ///
  /// Replies with an Integer: how many members are new, with CH how many are new or have another score. With INCR
  /// a Double: the sum; null when a condition forbade it.
  ///
  /// - Throws: `.wrongType`; `.syntax`; `.notAFloat`; `.scoreNotANumber`; errors of options that exclude each other.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zadd/>
  package static let zadd = Command(
    "zadd", "Adds members to a sorted set, or gives them other scores.", since: "1.2.0",
    group: .sortedSet, complexity: "O(log(N)) for each member.", arity: .atLeast(4),
    keys: [.at(1, [.readWrite, .update])], flags: [.write, .denyOOM, .fast],
    arguments: [
      .key(),
      .oneOf(
        "condition", .optional, since: "3.0.2", [.token("nx", "NX"), .token("xx", "XX")]),
      .oneOf(
        "comparison", .optional, since: "6.2.0", [.token("gt", "GT"), .token("lt", "LT")]),
      .token("change", "CH", .optional, since: "3.0.2"),
      .token("increment", "INCR", .optional, since: "3.0.2"),
      .block("data", .multiple, [Argument("score", .double), Argument("member", .string)]),
    ],
    history: [
      ("2.4.0", "Several members."), ("3.0.2", "The options `XX`, `NX`, `CH` and `INCR`."),
      ("6.2.0", "The options `GT` and `LT`."),
    ],
    element: 3, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let options = try ScoreOptions(arguments)
      if options.increments {
        let index = options.firstPair
        try keyspace.add(
          try arguments[index].score(), to: arguments[index + 1], of: arguments[1], options, &reply)
      } else {
        let (added, updated) = try keyspace.setScores(arguments, options)
        reply.integer(options.countsChanges ? added + updated : added)
      }
    })

  /// `ZINCRBY key increment member`
  ///
  /// Replies with a Double: the sum. A missing member counts as 0.
  ///
  /// - Throws: `.wrongType`; `.notAFloat`; `.scoreNotANumber`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zincrby/>
  package static let zincrby = Command(
    "zincrby", "Adds to the score of a member of a sorted set.", since: "1.2.0", group: .sortedSet,
    complexity: "O(log(N))", arity: .exactly(4), keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("increment", .double), Argument("member", .string)],
    element: 3, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      // An option of ZADD is taken for one, and then something is missing.
      let options = try ScoreOptions(arguments)
      let increment = try arguments[2].score()
      try keyspace.add(increment, to: arguments[3], of: arguments[1], options, &reply)
    })
}

/// The words of ZADD between key and scores.
struct ScoreOptions {
  private(set) var onlyNew = false
  private(set) var onlyExisting = false
  private(set) var onlyGreater = false
  private(set) var onlyLess = false
  private(set) var countsChanges = false
  private(set) var increments = false
  /// Where scores and members begin.
  private(set) var firstPair = 2

  init(_ arguments: Arguments) throws(CommandError) {
    while firstPair < arguments.count, take(arguments[firstPair]) { firstPair += 1 }
    let count = arguments.count - firstPair
    guard count > 0, count % 2 == 0 else { throw .syntax }
    if onlyNew && onlyExisting { throw .conditionsNXXX }
    if onlyGreater && onlyLess || onlyNew && (onlyGreater || onlyLess) {
      throw .conditionsGTLTNX
    }
    if increments && count > 2 { throw .incrementsOnePair }
  }

  private mutating func take(_ word: ByteView) -> Bool {
    // Most calls have none of them: a score starts with no letter but `i`.
    guard word.count <= 4 else { return false }
    if word.matches("nx") {
      onlyNew = true
    } else if word.matches("xx") {
      onlyExisting = true
    } else if word.matches("gt") {
      onlyGreater = true
    } else if word.matches("lt") {
      onlyLess = true
    } else if word.matches("ch") {
      countsChanges = true
    } else if word.matches("incr") {
      increments = true
    } else {
      return false
    }
    return true
  }

  /// Whether a member of score `old` (nil: it is none) may get `new`.
  @inline(__always)
  func allow(_ old: Double?, _ new: Double) -> Bool {
    guard let old else { return !onlyExisting }
    if onlyNew { return false }
    if onlyGreater && new <= old { return false }
    return !(onlyLess && new >= old)
  }
}

extension Keyspace {
  /// Gives members their scores, as far as `options` allow.
  fileprivate mutating func setScores(
    _ arguments: Arguments, _ options: ScoreOptions
  ) throws(CommandError) -> (added: Int, updated: Int) {
    let pairs = options.firstPair
    for index in stride(from: pairs, to: arguments.count, by: 2) {
      _ = try arguments[index].score()
    }
    guard let value = try sortedSetForAdding(arguments[1], options) else { return (0, 0) }
    let settings = SortedSetValue.Settings(self)
    if value.count == 0 { value.prepare(forCount: (arguments.count - pairs) / 2, settings) }
    var (added, updated) = (0, 0)
    for index in stride(from: pairs, to: arguments.count, by: 2) {
      let score = try arguments[index].score()
      switch value.update(
        arguments[index + 1], settings, { options.allow($0, score) ? score : nil })
      {
      case .added: added &+= 1
      case .updated: updated &+= 1
      case .none: break
      }
    }
    if added > 0 || updated > 0 {
      changed(arguments[1])
      notify(.sortedSet, "zadd", arguments[1])
    }
    return (added, updated)
  }

  /// Adds to a score, as far as `options` allow, and replies with the sum.
  fileprivate mutating func add(
    _ increment: Double, to member: ByteView, of key: ByteView, _ options: ScoreOptions,
    _ reply: inout ReplyWriter
  ) throws(CommandError) {
    guard let value = try sortedSetForAdding(key, options) else { return reply.null() }
    var sum: Double?
    var isAllowed = false
    let change = value.update(member, SortedSetValue.Settings(self)) { old in
      if options.onlyNew, old != nil { return nil }
      let total = (old ?? 0) + increment
      sum = total
      isAllowed = options.allow(old, total)
      return isAllowed && !total.isNaN ? total : nil
    }
    if let sum, sum.isNaN { throw .scoreNotANumber }
    guard let sum, isAllowed else { return reply.null() }
    if change != .none {
      changed(key)
      notify(.sortedSet, "zincr", key)
    }
    reply.double(sum)
  }

  /// The sorted set at `key`, a new one where options let a member be new.
  private mutating func sortedSetForAdding(
    _ key: ByteView, _ options: ScoreOptions
  ) throws(CommandError) -> SortedSetValue? {
    if options.onlyExisting { return try collection(SortedSetValue.self, key, for: .write) }
    return try collectionForAdding(SortedSetValue.self, key)
  }
}

extension ByteView {
  /// - Throws: `error` for what is no number.
  @inline(__always)
  func score(orThrow error: CommandError = .notAFloat) throws(CommandError) -> Double {
    if count <= 15, let integer = DecimalText.integer(self) { return Double(integer) }
    guard let score = DecimalText.double(self) else { throw error }
    return score
  }
}

extension CommandError {
  static let conditionsNXXX = CommandError(
    "ERR XX and NX options at the same time are not compatible")
  static let conditionsGTLTNX = CommandError(
    "ERR GT, LT, and/or NX options at the same time are not compatible")
  static let incrementsOnePair = CommandError(
    "ERR INCR option supports a single increment-element pair")
  static let scoreNotANumber = CommandError("ERR resulting score is not a number (NaN)")
}
