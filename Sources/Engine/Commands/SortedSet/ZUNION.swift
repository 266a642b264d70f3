import RESP

extension Command {
  /// `ZUNION numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]`
  ///
  /// Replies with an Array of the members of all inputs, with WITHSCORES also of their scores. Inputs may be sets,
  /// whose members score 1.
  ///
  /// - Throws: `.wrongType`; `.syntax`; `.notAnInteger`; `.weightNotAFloat`; an error for no inputs.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zunion/>
  package static let zunion = combination(
    "zunion", "Returns the union of sorted sets.", .union, complexity: unionComplexity)

  /// `ZINTER numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zinter/>
  package static let zinter = combination(
    "zinter", "Returns the intersection of sorted sets.", .intersection,
    complexity: intersectionComplexity)

  /// `ZDIFF numkeys key [key ...] [WITHSCORES]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zdiff/>
  package static let zdiff = combination(
    "zdiff", "Returns the members of a sorted set that are in none of others.", .difference,
    complexity: differenceComplexity)

  /// `ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE <SUM | MIN | MAX>]`
  ///
  /// Replies with an Integer: how many members were stored. None deletes the destination.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zunionstore/>
  package static let zunionstore = storedCombination(
    "zunionstore", "Stores the union of sorted sets.", .union, since: "2.0.0",
    complexity: unionComplexity)

  /// `ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE <SUM | MIN | MAX>]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zinterstore/>
  package static let zinterstore = storedCombination(
    "zinterstore", "Stores the intersection of sorted sets.", .intersection, since: "2.0.0",
    complexity: intersectionComplexity)

  /// `ZDIFFSTORE destination numkeys key [key ...]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zdiffstore/>
  package static let zdiffstore = storedCombination(
    "zdiffstore", "Stores the members of a sorted set that are in none of others.", .difference,
    since: "6.2.0", complexity: differenceComplexity)

  /// `ZINTERCARD numkeys key [key ...] [LIMIT limit]`
  ///
  /// Replies with an Integer: how many members all inputs have; counting stops at the limit.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zintercard/>
  package static let zintercard = Command(
    "zintercard", "Counts the members of the intersection of sorted sets.", since: "7.0.0",
    group: .sortedSet, complexity: "O(N*K) for K inputs, the smallest of N members.",
    arity: .atLeast(3), keys: [.counted(at: 1, [.readOnly, .access])],
    flags: [.readOnly, .movableKeys],
    arguments: [
      Argument("numkeys", .integer), .key("key", .multiple),
      Argument("limit", .integer, token: "LIMIT", .optional),
    ],
    slices: sharedMemberCount, execution: .oneShard(sharedMemberCount.body))

  private static let sharedMemberCount = combinationSlices(
    .intersection, .count, numkeysAt: 1, "zintercard")

  private static func combinationSlices(
    _ operation: Combination.Operation, _ output: CombinationCall.Output, numkeysAt position: Int,
    _ name: StaticString
  ) -> Slices {
    Slices(
      elementCount: { keyspace, arguments in
        keyspace.largeElementCount(arguments, position + 1..<arguments.count)
      },
      begin: { keyspace, arguments throws(CommandError) in
        try CombinationCall(
          operation, output, numkeysAt: position, "\(name)", &keyspace, arguments)
      })
  }

  private static func combination(
    _ name: StaticString, _ summary: String, _ operation: Combination.Operation, complexity: String
  ) -> Command {
    let slices = combinationSlices(operation, .reply, numkeysAt: 1, name)
    return Command(
      name, summary, since: "6.2.0", group: .sortedSet, complexity: complexity, arity: .atLeast(3),
      keys: [.counted(at: 1, [.readOnly, .access])], flags: [.readOnly, .movableKeys],
      arguments: combinationArguments(operation) + [.token("withscores", "WITHSCORES", .optional)],
      slices: slices, execution: .oneShard(slices.body))
  }

  private static func storedCombination(
    _ name: StaticString, _ summary: String, _ operation: Combination.Operation, since: String,
    complexity: String
  ) -> Command {
    let slices = combinationSlices(operation, .store(key: 1, event: name), numkeysAt: 2, name)
    return Command(
      name, summary, since: since, group: .sortedSet, complexity: complexity, arity: .atLeast(4),
      keys: [.at(1, [.overwrite, .update]), .counted(at: 2, [.readOnly, .access])],
      flags: [.write, .denyOOM, .movableKeys],
      arguments: [.key("destination")] + combinationArguments(operation, keySpec: 1),
      slices: slices, execution: .oneShard(slices.body))
  }

  private static func combinationArguments(
    _ operation: Combination.Operation, keySpec: Int = 0
  ) -> [Argument] {
    let inputs: [Argument] = [
      Argument("numkeys", .integer), .key("key", .multiple, spec: keySpec),
    ]
    guard operation != .difference else { return inputs }
    return inputs + [
      Argument("weight", .integer, token: "WEIGHTS", [.optional, .multiple]),
      Argument(
        "aggregate", .oneof, token: "AGGREGATE", .optional,
        members: [.token("sum", "SUM"), .token("min", "MIN"), .token("max", "MAX")]),
    ]
  }

  private static let unionComplexity =
    "O(N)+O(M*log(M)) for N members of all inputs and M of the result."
  private static let intersectionComplexity =
    "O(N*K)+O(M*log(M)) for K inputs, the smallest of N members, and M of the result."
  private static let differenceComplexity =
    "O(N*K)+O(M*log(M)) for K inputs, the first of N members, and M of the result."
}
