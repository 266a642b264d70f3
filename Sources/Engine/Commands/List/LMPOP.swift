import RESP

extension Command {
  /// `LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]`
  ///
  /// Replies with the name of the first list that has elements, and an Array of those taken; null if there is none.
  ///
  /// - Throws: `.wrongType`; `.syntax`; `.numkeysNotPositive`, `.countNotPositive`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lmpop/>
  package static let lmpop = Command(
    "lmpop", "Takes elements from the first list that has some.", since: "7.0.0", group: .list,
    complexity: "O(N+M) for N keys and M elements taken.", arity: .atLeast(4),
    keys: [.counted(at: 1, [.readWrite, .access, .delete])], flags: [.write, .movableKeys],
    arguments: [Argument("numkeys", .integer)] + popArguments,
    execution: .keyByKey(popBody(numkeysAt: 1), join: .first))

  /// `BLMPOP timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/blmpop/>
  package static let blmpop = Command(
    "blmpop", "Takes elements from the first list that has some, and waits for one if need be.",
    since: "7.0.0", group: .list, complexity: "O(N+M) for N keys and M elements taken.",
    arity: .atLeast(5), keys: [.counted(at: 2, [.readWrite, .access, .delete])],
    flags: [.write, .blocking, .movableKeys],
    arguments: [Argument("timeout", .double), Argument("numkeys", .integer)] + popArguments,
    blocking: Blocking(timeout: { arguments throws(CommandError) in
      _ = try PopOptions(arguments, numkeysAt: 2)
      return try WaitTime(seconds: arguments[1])
    }, for: .list),
    execution: .keyByKey(popBody(numkeysAt: 2), join: .first))

  private static let popArguments: [Argument] = [
    .key("key", .multiple), endArgument("where"),
    Argument("count", .integer, token: "COUNT", .optional),
  ]

  private static func popBody(numkeysAt position: Int) -> KeyBody {
    { keyspace, arguments, key, reply throws(CommandError) in
      let options = try PopOptions(arguments, numkeysAt: position)
      let name = arguments[key]
      guard let list = try keyspace.collection(ListValue.self, name, for: .write) else {
        return false
      }
      reply.array(2)
      reply.bulk(name)
      keyspace.record([
        options.end == .left ? "LPOP" : "RPOP", .view(name), .integer(Swift.min(options.count, list.count)),
      ])
      keyspace.pop(options.count, list, name, options.end, &reply)
      return true
    }
  }

  /// `BLPOP key [key ...] timeout`
  ///
  /// Replies with the name of the first list that has elements, and its first element; null when the time is over.
  ///
  /// - Throws: `.wrongType`; `.timeoutNotAFloat`, `.timeoutNegative`, `.timeoutOutOfRange`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/blpop/>
  package static let blpop = blockingPop(
    "blpop", "Takes the first element of the first list that has one, and waits if need be.", .left)

  /// `BRPOP key [key ...] timeout`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/brpop/>
  package static let brpop = blockingPop(
    "brpop", "Takes the last element of the first list that has one, and waits if need be.", .right)

  private static func blockingPop(
    _ name: StaticString, _ summary: String, _ end: ListValue.End
  ) -> Command {
    Command(
      name, summary, since: "2.0.0", group: .list, complexity: "O(N) in the keys.",
      arity: .atLeast(3), keys: [.range(1, last: -2, [.readWrite, .access, .delete])],
      flags: [.write, .noScript, .blocking],
      arguments: [.key("key", .multiple), Argument("timeout", .double)],
      history: [("6.0.0", "Fractions of a second.")], blocking: .seconds(at: -1, for: .list),
      execution: .keyByKey(
        { keyspace, arguments, key, reply throws(CommandError) in
          let name = arguments[key]
          guard let list = try keyspace.collection(ListValue.self, name, for: .write) else {
            return false
          }
          reply.array(2)
          reply.bulk(name)
          list.pop(end) { $0.write(to: &reply) }
          keyspace.elementsRemoved(name, list)
          keyspace.record([end == .left ? "LPOP" : "RPOP", .view(name)])
          return true
        }, join: .first))
  }
}

/// The words of LMPOP behind its keys.
private struct PopOptions {
  let end: ListValue.End
  private(set) var count = 1

  init(_ arguments: Arguments, numkeysAt position: Int) throws(CommandError) {
    let keyCount = try arguments[position].integer(orThrow: .numkeysNotPositive)
    guard keyCount > 0 else { throw .numkeysNotPositive }
    let (sum, overflow) = keyCount.addingReportingOverflow(position + 1)
    guard !overflow, sum < arguments.count else { throw .syntax }
    end = try ListValue.End(arguments[sum])
    var hasCount = false
    var index = sum + 1
    while index < arguments.count {
      guard !hasCount, arguments[index].matches("count"), index + 1 < arguments.count else {
        throw .syntax
      }
      count = try arguments[index + 1].integer(orThrow: .countNotPositive)
      guard count > 0 else { throw .countNotPositive }
      hasCount = true
      index += 2
    }
  }
}

extension CommandError {
  package static let numkeysNotPositive = CommandError("ERR numkeys should be greater than 0")
  package static let countNotPositive = CommandError("ERR count should be greater than 0")
}
