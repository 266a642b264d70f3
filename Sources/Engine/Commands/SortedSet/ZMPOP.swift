import RESP

extension Command {
  /// `ZMPOP numkeys key [key ...] <MIN | MAX> [COUNT count]`
  ///
  /// Replies with the name of the first sorted set that has members, and an Array of pairs of those taken; null if
  /// there is none.
  ///
  /// - Throws: `.wrongType`; `.syntax`; errors of `MemberPop`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zmpop/>
  package static let zmpop = Command(
    "zmpop", "Takes members of lowest or highest score of the first sorted set that has some.",
    since: "7.0.0", group: .sortedSet, complexity: "O(K)+O(M*log(N)) for K keys and M members taken.",
    arity: .atLeast(4), keys: [.counted(at: 1, [.readWrite, .access, .delete])],
    flags: [.write, .movableKeys], arguments: [Argument("numkeys", .integer)] + popArguments,
    execution: .keyByKey(popBody(numkeysAt: 1), join: .first))

  /// `BZMPOP timeout numkeys key [key ...] <MIN | MAX> [COUNT count]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/bzmpop/>
  package static let bzmpop = Command(
    "bzmpop",
    "Takes members of lowest or highest score of the first sorted set that has some, and waits if need be.",
    since: "7.0.0", group: .sortedSet, complexity: "O(K)+O(M*log(N)) for K keys and M members taken.",
    arity: .atLeast(5), keys: [.counted(at: 2, [.readWrite, .access, .delete])],
    flags: [.write, .blocking, .movableKeys],
    arguments: [Argument("timeout", .double), Argument("numkeys", .integer)] + popArguments,
    blocking: Blocking(timeout: { arguments throws(CommandError) in
      _ = try MemberPop(arguments, numkeysAt: 2)
      return try WaitTime(seconds: arguments[1])
    }, for: .sortedSet),
    execution: .keyByKey(popBody(numkeysAt: 2), join: .first))

  private static let popArguments: [Argument] = [
    .key("key", .multiple), .oneOf("where", [], [.token("min", "MIN"), .token("max", "MAX")]),
    Argument("count", .integer, token: "COUNT", .optional),
  ]

  private static func popBody(numkeysAt position: Int) -> KeyBody {
    { keyspace, arguments, key, reply throws(CommandError) in
      let pop = try MemberPop(arguments, numkeysAt: position)
      let name = arguments[key]
      let value = try keyspace.collection(SortedSetValue.self, name, for: .write)
      guard let value else { return false }
      let count = Swift.min(pop.count, value.count)
      reply.array(2)
      reply.bulk(name)
      reply.array(count)
      keyspace.pop(count, from: pop.end, of: value, name) { member, score in
        reply.array(2)
        reply.bulk(member)
        reply.double(score)
      }
      return true
    }
  }
}

/// The words of ZMPOP behind its keys.
private struct MemberPop {
  let end: SortedSetValue.End
  private(set) var count = 1

  /// - Throws: `.syntax`; errors of numbers that are not positive.
  init(_ arguments: Arguments, numkeysAt position: Int) throws(CommandError) {
    let keyCount = try arguments[position].integer(orThrow: Self.numkeysTooSmall)
    guard keyCount > 0 else { throw Self.numkeysTooSmall }
    guard keyCount < arguments.count - position - 1 else { throw .syntax }
    var index = position + keyCount + 1
    if arguments[index].matches("min") {
      end = .lowest
    } else if arguments[index].matches("max") {
      end = .highest
    } else {
      throw .syntax
    }
    index += 1
    var hasCount = false
    while index < arguments.count {
      guard !hasCount, arguments[index].matches("count"), index + 1 < arguments.count else {
        throw .syntax
      }
      count = try arguments[index + 1].integer(orThrow: Self.countTooSmall)
      guard count > 0 else { throw Self.countTooSmall }
      hasCount = true
      index += 2
    }
  }

  private static let numkeysTooSmall = CommandError("ERR numkeys should be greater than 0")
  private static let countTooSmall = CommandError("ERR count should be greater than 0")
}
