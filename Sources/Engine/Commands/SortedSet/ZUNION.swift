import RESP

extension Command {
  /// `ZUNION numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]`
  package static let zunion = operation(
    "zunion", "Returns the union of sorted sets.", .union)
  /// `ZINTER numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]`
  package static let zinter = operation(
    "zinter", "Returns the intersection of sorted sets.", .intersection)
  /// `ZDIFF numkeys key [key ...] [WITHSCORES]`
  package static let zdiff = operation(
    "zdiff", "Returns the members of the first sorted set that are in none of the others.",
    .difference)

  /// `ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE ...]`
  package static let zunionstore = storingOperation(
    "zunionstore", "Stores the union of sorted sets.", since: "2.0.0", .union)
  /// `ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE ...]`
  package static let zinterstore = storingOperation(
    "zinterstore", "Stores the intersection of sorted sets.", since: "2.0.0", .intersection)
  /// `ZDIFFSTORE destination numkeys key [key ...]`
  package static let zdiffstore = storingOperation(
    "zdiffstore", "Stores the difference of sorted sets.", since: "6.2.0", .difference)

  private static func inputArguments(_ kind: SetOperation.Kind, spec: Int) -> [Argument] {
    let keys = [Argument("numkeys", .integer), .key("key", [.multiple], spec: spec)]
    if kind == .difference { return keys }
    return keys + [
      Argument("weight", .integer, token: "WEIGHTS", [.optional, .multiple]),
      .oneOf(
        "aggregate", [.optional],
        [.token("sum", "SUM"), .token("min", "MIN"), .token("max", "MAX")]),
    ]
  }

  private static func operation(
    _ name: StaticString, _ summary: String, _ kind: SetOperation.Kind
  ) -> Command {
    let text = "\(name)"
    return Command(
      name, summary, since: "6.2.0", group: .sortedSet,
      complexity: "O(N)+O(M*log(M)), with N members in all inputs and M in the result.",
      arity: .atLeast(3), keys: [.counted(at: 1, [.readOnly, .access])],
      flags: [.readOnly, .movableKeys],
      arguments: inputArguments(kind, spec: 0) + [
        .token("withscores", "WITHSCORES", [.optional])
      ],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let operation = try SetOperation(
          &keyspace, arguments, countAt: 1, kind: kind, name: text, stores: false)
        let result = operation.run(seed: keyspace.seed)
        let withScores = operation.withScores
        reply.array(withScores && !reply.isRESP3 ? result.count * 2 : result.count)
        result.tree.forEach(from: 0, count: result.count) {
          reply.memberItem($0, $1, withScores: withScores)
        }
        result.free()
      })
  }

  private static func storingOperation(
    _ name: StaticString, _ summary: String, since: String, _ kind: SetOperation.Kind
  ) -> Command {
    let text = "\(name)"
    return Command(
      name, summary, since: since, group: .sortedSet,
      complexity: "O(N)+O(M*log(M)), with N members in all inputs and M in the result.",
      arity: .atLeast(4),
      keys: [.at(1, [.overwrite, .update]), .counted(at: 2, [.readOnly, .access])],
      flags: [.write, .denyOOM, .movableKeys],
      arguments: [.key("destination")] + inputArguments(kind, spec: 1),
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let operation = try SetOperation(
          &keyspace, arguments, countAt: 2, kind: kind, name: text, stores: true)
        let index = operation.run(seed: keyspace.seed)
        var result = SortedSetResult()
        index.tree.forEach(from: 0, count: index.count) { result.append($0, $1) }
        index.free()
        reply.integer(keyspace.store(result, at: arguments[1]))
      })
  }

  /// `ZINTERCARD numkeys key [key ...] [LIMIT limit]`: how many members all inputs have.
  package static let zintercard = Command(
    "zintercard", "Counts the members of the intersection of sorted sets.", since: "7.0.0",
    group: .sortedSet, complexity: "O(N*K), with N members in the smallest of K inputs.",
    arity: .atLeast(3), keys: [.counted(at: 1, [.readOnly, .access])],
    flags: [.readOnly, .movableKeys],
    arguments: [
      Argument("numkeys", .integer), .key("key", [.multiple]),
      Argument("limit", .integer, token: "LIMIT", [.optional]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      var inputs: [(input: SetOperationInput, weight: Double)] = []
      var index = try SetOperation.readKeys(
        &keyspace, arguments, countAt: 1, "zintercard", into: &inputs)
      var limit = 0
      while index < arguments.count {
        guard arguments[index].matches("limit"), index + 1 < arguments.count else {
          throw .syntax
        }
        let negative = CommandError("ERR LIMIT can't be negative")
        limit = try arguments[index + 1].integer(orThrow: negative)
        guard limit >= 0 else { throw negative }
        index += 2
      }
      reply.integer(
        SetOperation.intersectionCount(inputs.map(\.input), limit: limit == 0 ? .max : limit))
    })
}
