import RESP

extension Command {
  /// `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]`
  ///
  /// Replies with an Integer: how many members were added, with CH how many were added or changed; with
  /// INCR the new score, or a null where a condition was not met.
  ///
  /// - Throws: `.wrongType`; `.syntax`; `.notAFloat`; errors for conditions that contradict each other.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zadd/>
  package static let zadd = Command(
    "zadd", "Adds members to a sorted set, or gives them other scores.", since: "1.2.0",
    group: .sortedSet, complexity: "O(log(N)) a member, with N members in the sorted set.",
    arity: .atLeast(4), keys: [.at(1, [.readWrite, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [
      .key(),
      .oneOf(
        "condition", [.optional], since: "3.0.2", [.token("nx", "NX"), .token("xx", "XX")]),
      .oneOf(
        "comparison", [.optional], since: "6.2.0", [.token("gt", "GT"), .token("lt", "LT")]),
      .token("change", "CH", [.optional], since: "3.0.2"),
      .token("increment", "INCR", [.optional], since: "3.0.2"),
      .block(
        "data", [.multiple], [Argument("score", .double), Argument("member", .string)]),
    ],
    history: [
      ("2.4.0", "Several members."), ("3.0.2", "The options `XX`, `NX`, `CH` and `INCR`."),
      ("6.2.0", "The options `GT` and `LT`."),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let options = try AddOptions(arguments)
      let first = options.firstPair
      let firstScore = try arguments[first].score()
      var index = first + 2
      while index < arguments.count {
        _ = try arguments[index].score()
        index += 2
      }
      try keyspace.add(arguments, options, firstScore, &reply)
    })

  /// `ZINCRBY key increment member`
  ///
  /// Replies with the new score.
  ///
  /// - Throws: `.wrongType`; `.notAFloat`; `.scoreNotANumber`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zincrby/>
  package static let zincrby = Command(
    "zincrby", "Adds to the score of a member.", since: "1.2.0", group: .sortedSet,
    complexity: "O(log(N)), with N members in the sorted set.", arity: .exactly(4),
    keys: [.at(1, [.readWrite, .access, .update])], flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("increment", .integer), Argument("member", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let increment = try arguments[2].score()
      try keyspace.add(arguments, AddOptions(increments: true, firstPair: 2), increment, &reply)
    })
}

extension ByteView {
  /// A score.
  ///
  /// - Throws: `.notAFloat`.
  @inline(__always)
  func score() throws(CommandError) -> Double {
    if let integer = DecimalText.integer(self) { return Double(integer) }
    guard let value = DecimalText.double(self) else { throw .notAFloat }
    return value
  }
}

/// The words of ZADD between key and pairs.
struct AddOptions {
  var onlyNew = false
  var onlyExisting = false
  var onlyGreater = false
  var onlyLess = false
  var countsChanges = false
  var increments = false
  /// Where the first score stands.
  var firstPair: Int

  init(increments: Bool, firstPair: Int) {
    self.increments = increments
    self.firstPair = firstPair
  }

  /// - Parameter allowsScores: ZADD's; GEOADD has neither INCR nor comparisons, and triples.
  init(_ arguments: Arguments, isGeo: Bool = false) throws(CommandError) {
    var index = 2
    scan: while index < arguments.count {
      let word = arguments[index]
      if word.matches("nx") {
        onlyNew = true
      } else if word.matches("xx") {
        onlyExisting = true
      } else if word.matches("ch") {
        countsChanges = true
      } else if !isGeo, word.matches("gt") {
        onlyGreater = true
      } else if !isGeo, word.matches("lt") {
        onlyLess = true
      } else if !isGeo, word.matches("incr") {
        increments = true
      } else {
        break scan
      }
      index += 1
    }
    firstPair = index
    let left = arguments.count - index
    if isGeo {
      if left == 0 || left % 3 != 0 { throw .syntax }
    } else if left == 0 || left % 2 != 0 {
      throw .syntax
    }
    if onlyNew, onlyExisting {
      throw CommandError("ERR XX and NX options at the same time are not compatible")
    }
    if (onlyGreater && onlyNew) || (onlyLess && onlyNew) || (onlyGreater && onlyLess) {
      throw CommandError("ERR GT, LT, and/or NX options at the same time are not compatible")
    }
    if increments, left > 2 {
      throw CommandError("ERR INCR option supports a single increment-element pair")
    }
  }

  /// The score to give to a member that has `old`; nil for none.
  @inline(__always)
  func decide(_ old: Double?, _ score: Double) -> Double? {
    guard let old else { return onlyExisting ? nil : score }
    if onlyNew { return nil }
    let new = increments ? old + score : score
    if onlyGreater, new <= old { return nil }
    if onlyLess, new >= old { return nil }
    return new
  }
}

extension Keyspace {
  /// Adds the pairs that stand behind the options, whose scores are known to be numbers.
  mutating func add(
    _ arguments: Arguments, _ options: AddOptions, _ firstScore: Double,
    _ reply: inout ReplyWriter
  ) throws(CommandError) {
    let key = arguments[1]
    var found = try collection(SortedSetValue.self, key, for: .write)
    if found == nil {
      if options.onlyExisting {
        return options.increments ? reply.null() : reply.integer(0)
      }
      found = create(SortedSetValue.self, key)
    }
    guard let value = found else { return }
    let limits = self.options.sortedSetListpackLimits
    value.prepare(
      forCount: (arguments.count - options.firstPair) / 2, limits, seed: seed)
    var added = 0
    var updated = 0
    var result: Double?
    var score = firstScore
    var index = options.firstPair
    while true {
      let change = value.update(arguments[index + 1], limits, seed: seed) { old in
        let new = options.decide(old, score)
        if options.increments {
          result = new
          // Not a number: the member keeps its score.
          if let new, new.isNaN { return nil }
        }
        return new
      }
      if change == .added { added += 1 }
      if change == .updated { updated += 1 }
      index += 2
      if index >= arguments.count { break }
      score = try arguments[index].score()
    }
    if let result, result.isNaN { throw .scoreNotANumber }
    if added + updated > 0 { changed(key) }
    guard options.increments else {
      return reply.integer(options.countsChanges ? added + updated : added)
    }
    if let result { reply.double(result) } else { reply.null() }
  }
}
