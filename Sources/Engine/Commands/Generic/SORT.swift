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
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let options = try SortOptions(arguments, allowsStore: true)
      let count = try keyspace.sortableCount(arguments[1])
      guard let target = options.storePosition else { return reply.array(count) }
      _ = keyspace.delete(arguments[target])
      reply.integer(count)
    })

  /// `SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sort_ro/>
  package static let sortRO = Command(
    "sort_ro", "Returns the elements of a list, a set or a sorted set in order.",
    since: "7.0.0", group: .generic, complexity: sortComplexity, arity: .atLeast(2),
    keys: [.at(1, [.readOnly, .access]), sortPatternKeys], flags: [.readOnly, .movableKeys],
    categories: [.set, .sortedSet, .list, .dangerous], arguments: sortArguments,
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      _ = try SortOptions(arguments, allowsStore: false)
      reply.array(try keyspace.sortableCount(arguments[1]))
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

extension Keyspace {
  /// How many elements SORT finds at `key`: none where there is no such key.
  ///
  /// - Throws: `.wrongType` for types without elements to sort.
  fileprivate mutating func sortableCount(_ key: ByteView) throws(CommandError) -> Int {
    guard let entry = lookup(key, for: .read) else { return 0 }
    switch entry.type {
    case .string, .hash, .stream: throw .wrongType
    case .list, .set, .sortedSet:
      preconditionFailure("a value of type \(entry.type) cannot exist yet")
    }
  }
}

/// The words of SORT after its key.
struct SortOptions {
  /// Where the destination stands among the words, nil without STORE.
  private(set) var storePosition: Int?

  /// - Throws: `.syntax`; `.notAnInteger` for a limit.
  init(_ arguments: Arguments, allowsStore: Bool) throws(CommandError) {
    var index = 2
    while index < arguments.count {
      let option = Self.option(at: index, in: arguments)
      switch option {
      case .flag: break
      case .limit:
        _ = try arguments[index + 1].integer()
        _ = try arguments[index + 2].integer()
      case .pattern: break
      case .store:
        guard allowsStore else { throw .syntax }
        storePosition = index + 1
      case nil: throw .syntax
      }
      index += option?.wordCount ?? 1
    }
  }

  /// Where STORE's destination stands; the last one counts. Words that make no sense are passed
  /// over, since keys are asked for before the syntax is checked.
  static func storePosition(in arguments: Arguments) -> Int? {
    var position: Int?
    var index = 2
    while index < arguments.count {
      let option = option(at: index, in: arguments)
      if case .store = option { position = index + 1 }
      index += option?.wordCount ?? 1
    }
    return position
  }

  private enum Option {
    case flag, limit, pattern, store

    var wordCount: Int {
      switch self {
      case .flag: 1
      case .pattern, .store: 2
      case .limit: 3
      }
    }
  }

  /// The option at `index`, nil if that is none or its values are missing.
  private static func option(at index: Int, in arguments: Arguments) -> Option? {
    let word = arguments[index]
    let left = arguments.count - index - 1
    if word.matches("asc") || word.matches("desc") || word.matches("alpha") { return .flag }
    if word.matches("limit"), left >= 2 { return .limit }
    if word.matches("by") || word.matches("get"), left >= 1 { return .pattern }
    if word.matches("store"), left >= 1 { return .store }
    return nil
  }
}
