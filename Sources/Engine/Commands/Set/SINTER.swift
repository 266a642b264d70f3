import RESP

extension Command {
  /// `SINTER key [key ...]`
  ///
  /// Replies with a Set, in RESP2 an Array: the members that all sets have.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sinter/>
  package static let sinter = setAlgebra(
    "sinter", "Returns the members that several sets have in common.",
    complexity: "O(N*M) for the smallest set's N members and M sets.", .intersection)

  /// `SUNION key [key ...]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sunion/>
  package static let sunion = setAlgebra(
    "sunion", "Returns the members that any of several sets has.",
    complexity: "O(N) in all members.", .union)

  /// `SDIFF key [key ...]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sdiff/>
  package static let sdiff = setAlgebra(
    "sdiff", "Returns the members of the first set that the others do not have.",
    complexity: "O(N) in all members.", .difference)

  /// `SINTERSTORE destination key [key ...]`: SINTER whose result becomes a set; replies with its size.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sinterstore/>
  package static let sinterstore = setAlgebraStore(
    "sinterstore", "Stores the members that several sets have in common.",
    complexity: "O(N*M) for the smallest set's N members and M sets.", .intersection)

  /// `SUNIONSTORE destination key [key ...]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sunionstore/>
  package static let sunionstore = setAlgebraStore(
    "sunionstore", "Stores the members that any of several sets has.",
    complexity: "O(N) in all members.", .union)

  /// `SDIFFSTORE destination key [key ...]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sdiffstore/>
  package static let sdiffstore = setAlgebraStore(
    "sdiffstore", "Stores the members of the first set that the others do not have.",
    complexity: "O(N) in all members.", .difference)

  /// `SINTERCARD numkeys key [key ...] [LIMIT limit]`
  ///
  /// Replies with an Integer: how many members all sets have, counted up to the limit; 0 is none.
  ///
  /// - Throws: `.wrongType`; `.syntax`; errors of the numbers.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sintercard/>
  package static let sintercard = Command(
    "sintercard", "Returns how many members several sets have in common.", since: "7.0.0",
    group: .set, complexity: "O(N*M) for the smallest set's N members and M sets.",
    arity: .atLeast(3), keys: [.counted(at: 1, [.readOnly, .access])],
    flags: [.readOnly, .movableKeys],
    arguments: [
      Argument("numkeys", .integer), .key("key", .multiple),
      Argument("limit", .integer, token: "LIMIT", .optional),
    ],
    slices: sharedCount, execution: .oneShard(sharedCount.body))

  private static let sharedCount = setSlices(keysFrom: 2) { keyspace, arguments throws(CommandError) in
    let keyCount = try arguments[1].integer(orThrow: .numkeysNotPositive)
    guard keyCount > 0 else { throw .numkeysNotPositive }
    guard keyCount <= arguments.count - 2 else { throw .tooManyKeys }
    var limit = 0
    var index = 2 + keyCount
    while index < arguments.count {
      guard arguments[index].matches("limit"), index + 1 < arguments.count else { throw .syntax }
      limit = try arguments[index + 1].integer(orThrow: .limitNegative)
      guard limit >= 0 else { throw .limitNegative }
      index += 2
    }
    return try SetAlgebra(.intersection, .count(limit: limit), 2..<2 + keyCount, &keyspace, arguments)
  }

  private static func setAlgebra(
    _ name: StaticString, _ summary: String, complexity: String, _ operation: SetAlgebra.Operation
  ) -> Command {
    let slices = setSlices(keysFrom: 1) { keyspace, arguments throws(CommandError) in
      try SetAlgebra(operation, .reply, 1..<arguments.count, &keyspace, arguments)
    }
    return Command(
      name, summary, since: "1.0.0", group: .set, complexity: complexity, arity: .atLeast(2),
      keys: [.range(1, [.readOnly, .access])], flags: [.readOnly],
      tips: ["nondeterministic_output_order"], arguments: [.key("key", .multiple)],
      slices: slices, execution: .oneShard(slices.body))
  }

  private static func setAlgebraStore(
    _ name: StaticString, _ summary: String, complexity: String, _ operation: SetAlgebra.Operation
  ) -> Command {
    let slices = setSlices(keysFrom: 2) { keyspace, arguments throws(CommandError) in
      try SetAlgebra(
        operation, .store(key: 1, event: name), 2..<arguments.count, &keyspace, arguments)
    }
    return Command(
      name, summary, since: "1.0.0", group: .set, complexity: complexity, arity: .atLeast(3),
      keys: [.at(1, [.overwrite, .update]), .range(2, [.readOnly, .access])],
      flags: [.write, .denyOOM],
      arguments: [.key("destination"), .key("key", .multiple, spec: 1)],
      slices: slices, execution: .oneShard(slices.body))
  }

  private static func setSlices(keysFrom first: Int, _ begin: @escaping Slices.Begin) -> Slices {
    Slices(
      elementCount: { keyspace, arguments in
        keyspace.largeElementCount(arguments, first..<arguments.count)
      }, begin: begin)
  }
}
