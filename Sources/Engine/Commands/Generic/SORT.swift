import RESP

extension Command {
  /// `SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA]
  /// [STORE destination]`
  ///
  /// Replies with an array of the sorted elements; with STORE an Integer, how many were stored.
  /// Nothing to store deletes the destination.
  ///
  /// - Throws: `.wrongType` when `key` holds neither list, set nor sorted set; `.notAnInteger`;
  ///   `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sort/>
  package static let sort = Command(
    "sort", "Sorts the elements of a list, a set or a sorted set, and may store the result.",
    since: "1.0.0", group: .generic, complexity: sortComplexity, arity: .atLeast(2),
    keys: [
      .at(1, [.readOnly, .access]), sortPatternKeys,
      KeySpec(
        begin: .unknown, find: .unknown, access: [.overwrite, .update],
        notes: "The destination of STORE, which may stand anywhere after the key."),
    ],
    findKeys: { arguments in
      [1] + (SortOptions.storePosition(in: arguments).map { [$0] } ?? [])
    },
    flags: [.write, .denyOOM, .movableKeys],
    categories: [.set, .sortedSet, .list, .dangerous],
    arguments: sortArguments + [
      Argument("destination", .key, token: "STORE", [.optional], keySpecIndex: 2)
    ],
    dependents: sortDependents,
    slices: sortSlices(allowsStore: true), execution: .oneShard(sortSlices(allowsStore: true).body))

  /// `SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sort_ro/>
  package static let sortRO = Command(
    "sort_ro", "Returns the elements of a list, a set or a sorted set in order.",
    since: "7.0.0", group: .generic, complexity: sortComplexity, arity: .atLeast(2),
    keys: [.at(1, [.readOnly, .access]), sortPatternKeys], flags: [.readOnly, .movableKeys],
    categories: [.set, .sortedSet, .list, .dangerous], arguments: sortArguments,
    dependents: sortDependents,
    slices: sortSlices(allowsStore: false), execution: .oneShard(sortSlices(allowsStore: false).body))

  private static func sortSlices(allowsStore: Bool) -> Slices {
    Slices(
      elementCount: { keyspace, arguments in
        // Keys that follow from the elements are not claimed one by one.
        sortDependents.areNeeded(arguments) ? 0 : keyspace.largeElementCount(arguments, 1..<2)
      },
      begin: { keyspace, arguments throws(CommandError) in
        try SortCall(allowsStore: allowsStore, &keyspace, arguments)
      })
  }

  private static let sortDependents = Dependents(
    areNeeded: { arguments in
      guard let options = try? SortOptions(arguments, allowsStore: true) else { return false }
      return options.by?.namesKeys == true || options.gets.contains { $0.namesKeys }
    },
    names: { keyspace, arguments in
      guard let options = try? SortOptions(arguments, allowsStore: true) else { return [] }
      return keyspace.sortDependents(arguments[1], options)
    })

  private static let sortComplexity =
    "O(N+M*log(M)) for N elements of which M are returned; O(N) where nothing is sorted."

  private static let sortPatternKeys = KeySpec(
    begin: .unknown, find: .unknown, access: [.readOnly, .access],
    notes: "The keys that BY and GET name, which follow from the sorted elements.")

  private static let sortArguments: [Argument] = [
    .key(),
    Argument(
      "by-pattern", .pattern, token: "BY", [.optional], keySpecIndex: 1, displayText: "pattern"),
    .block(
      "limit", token: "LIMIT", [.optional],
      [Argument("offset", .integer), Argument("count", .integer)]),
    Argument(
      "get-pattern", .pattern, token: "GET", [.optional, .multiple, .multipleToken],
      keySpecIndex: 1, displayText: "pattern"),
    .oneOf("order", [.optional], [.token("asc", "ASC"), .token("desc", "DESC")]),
    .token("sorting", "ALPHA", [.optional]),
  ]
}
