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
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
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
      let sets = try keyspace.sets(arguments, 2..<2 + keyCount)
      var count = 0
      SetAlgebra.intersection.walk(sets, SetValue.Settings(keyspace)) { _ in
        count += 1
        return limit == 0 || count < limit
      }
      reply.integer(count)
    })

  private static func setAlgebra(
    _ name: StaticString, _ summary: String, complexity: String, _ operation: SetAlgebra
  ) -> Command {
    Command(
      name, summary, since: "1.0.0", group: .set, complexity: complexity, arity: .atLeast(2),
      keys: [.range(1, [.readOnly, .access])], flags: [.readOnly],
      tips: ["nondeterministic_output_order"], arguments: [.key("key", .multiple)],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let sets = try keyspace.sets(arguments, 1..<arguments.count)
        let start = reply.count
        var count = 0
        operation.walk(sets, SetValue.Settings(keyspace)) { member in
          member.write(to: &reply)
          count += 1
          return true
        }
        reply.insertSetHeader(count, at: start)
      })
  }

  private static func setAlgebraStore(
    _ name: StaticString, _ summary: String, complexity: String, _ operation: SetAlgebra
  ) -> Command {
    Command(
      name, summary, since: "1.0.0", group: .set, complexity: complexity, arity: .atLeast(3),
      keys: [.at(1, [.overwrite, .update]), .range(2, [.readOnly, .access])],
      flags: [.write, .denyOOM],
      arguments: [.key("destination"), .key("key", .multiple, spec: 1)],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let sets = try keyspace.sets(arguments, 2..<arguments.count)
        // The destination may be one of the sources, so it is replaced at the end.
        let result = DetachedSet(SetValue.Settings(keyspace))
        if case .union = operation {
          for set in sets { result.formUnion(set) }
        } else {
          operation.walk(sets, SetValue.Settings(keyspace)) { member in
            _ = member.withBytes { result.insert($0) }
            return true
          }
        }
        reply.integer(keyspace.store(result, at: arguments[1], name))
      })
  }
}

extension Keyspace {
  /// The sets at the keys among `arguments`; nil where there is none.
  mutating func sets(
    _ arguments: Arguments, _ range: Range<Int>
  ) throws(CommandError) -> [SetValue?] {
    var sets: [SetValue?] = []
    sets.reserveCapacity(range.count)
    for index in range {
      sets.append(try collection(SetValue.self, arguments[index], for: .read))
    }
    return sets
  }

  /// Makes a set what is at `key`, or deletes the key if it has no members. Returns how many there are.
  mutating func store(
    _ set: consuming DetachedSet, at key: ByteView, _ event: StaticString
  ) -> Int {
    let count = set.count
    guard count > 0 else {
      _ = delete(key)
      return 0
    }
    if !exists(key) { notify(.newKey, "new", key) }
    put(set.entry(key: key))
    notify(.set, event, key)
    return count
  }
}

/// A set that is in no keyspace yet.
struct DetachedSet: ~Copyable {
  private let block: EntryBlock
  private let settings: SetValue.Settings

  init(_ settings: SetValue.Settings) {
    self.settings = settings
    block = EntryBlock.allocate(
      key: .empty, valueCount: 8, type: .set, encoding: .intset, expiry: nil)
    block.word = IntSet.empty().bits
  }

  deinit { block.dispose() }

  var count: Int { value.count }

  private var value: SetValue { SetValue(block: block) }

  /// - Returns: false if the member was there.
  func insert(_ member: ByteView) -> Bool { value.insert(member, settings) }

  func formUnion(_ other: SetValue?) {
    other?.forEach { member in _ = member.withBytes { insert($0) } }
  }

  func remove(_ member: ByteView) { _ = value.remove(member) }

  func walk(_ visit: (StringValue) -> Bool) { value.walk(visit) }

  /// The set as an entry, under its name.
  consuming func entry(key: ByteView) -> DetachedEntry {
    let block = self.block
    discard self
    let named = block.shallowCopy(key: key)
    block.free()
    return DetachedEntry(named, clock: nil)
  }
}

/// What SINTER, SUNION and SDIFF make of several sets.
enum SetAlgebra {
  case intersection
  case union
  case difference

  /// Visits the members of the result, each once, until `visit` returns false.
  ///
  /// - Parameter sets: nil where there is none.
  func walk(
    _ sets: [SetValue?], _ settings: SetValue.Settings, _ visit: (StringValue) -> Bool
  ) {
    switch self {
    case .intersection: walkIntersection(sets, visit)
    case .union: walkUnion(sets.compactMap { $0 }, settings, visit)
    case .difference: walkDifference(sets, settings, visit)
    }
  }

  /// Looks every member of the smallest set up in the others, the next smallest first.
  private func walkIntersection(_ sets: [SetValue?], _ visit: (StringValue) -> Bool) {
    let present = sets.compactMap { $0 }.sorted { $0.count < $1.count }
    guard present.count == sets.count, let smallest = present.first else { return }
    smallest.walk { member in
      let isCommon = member.withBytes { bytes in
        present.dropFirst().allSatisfy { $0.contains(bytes) }
      }
      return isCommon ? visit(member) : true
    }
  }

  /// A member is visited with the first set that has it. With many sets, what was visited is remembered instead
  /// of being looked up in each.
  private func walkUnion(
    _ sets: [SetValue], _ settings: SetValue.Settings, _ visit: (StringValue) -> Bool
  ) {
    var goesOn = true
    if sets.count > Self.setsLookedUpMax {
      let seen = DetachedSet(settings)
      for set in sets where goesOn {
        set.walk { member in
          if member.withBytes({ seen.insert($0) }) { goesOn = visit(member) }
          return goesOn
        }
      }
      return
    }
    for (index, set) in sets.enumerated() where goesOn {
      set.walk { member in
        let isNew = member.withBytes { bytes in
          !sets[..<index].contains { $0.contains(bytes) }
        }
        if isNew { goesOn = visit(member) }
        return goesOn
      }
    }
  }

  /// Up to here looking a member up in each set is cheaper than making a set of all.
  private static let setsLookedUpMax = 4

  /// Looks every member of the first set up in the others, the largest first: it finds most. Or takes the
  /// members of all others out of a copy of the first, if those are fewer, a look-up being half as dear.
  private func walkDifference(
    _ sets: [SetValue?], _ settings: SetValue.Settings, _ visit: (StringValue) -> Bool
  ) {
    guard let first = sets.first, let first else { return }
    let others = sets.dropFirst().compactMap { $0 }.sorted { $0.count > $1.count }
    let lookUps = first.count * (others.count + 1)
    if lookUps / 2 > others.reduce(first.count, { $0 + $1.count }) {
      let left = DetachedSet(settings)
      left.formUnion(first)
      for other in others where left.count > 0 {
        other.forEach { member in member.withBytes { left.remove($0) } }
      }
      return left.walk(visit)
    }
    first.walk { member in
      let isElsewhere = member.withBytes { bytes in others.contains { $0.contains(bytes) } }
      return isElsewhere ? true : visit(member)
    }
  }
}

extension CommandError {
  package static let tooManyKeys = CommandError(
    "ERR Number of keys can't be greater than number of args")
  package static let limitNegative = CommandError("ERR LIMIT can't be negative")
}
