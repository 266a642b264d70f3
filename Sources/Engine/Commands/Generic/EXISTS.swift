import RESP

extension Command {
  /// `EXISTS key [key ...]`
  ///
  /// Replies with an Integer: how many of the keys exist, counting a key as often as it is named.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/exists/>
  package static let exists = Command(
    "exists", "Counts how many of the given keys exist.", since: "1.0.0", group: .generic,
    complexity: "O(N) in the number of keys.", arity: .atLeast(2),
    keys: [.range(1, [.readOnly])], flags: [.readOnly, .fast], categories: .keyspace,
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    arguments: [.key("key", [.multiple])],
    history: [("3.0.3", "Takes several keys.")],
    execution: .eachKey(countKeys(for: .inspect), join: .sum))

  /// `TOUCH key [key ...]`: EXISTS that also marks the keys as just used.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/touch/>
  package static let touch = Command(
    "touch", "Marks keys as just used and counts those that exist.", since: "3.2.1",
    group: .generic, complexity: "O(N) in the number of keys.", arity: .atLeast(2),
    keys: [.range(1, [.readOnly])], flags: [.readOnly, .fast], categories: .keyspace,
    tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    arguments: [.key("key", [.multiple])],
    execution: .eachKey(countKeys(for: .read), join: .sum))

  private static func countKeys(for purpose: Keyspace.Purpose) -> Body {
    { keyspace, arguments, reply in
      // TOUCH does what it is for, whatever CLIENT NO-TOUCH says.
      let leavesClocks = keyspace.leavesAccessClocks
      keyspace.leavesAccessClocks = false
      defer { keyspace.leavesAccessClocks = leavesClocks }
      var found = 0
      keyspace.forEachKey(of: arguments) { keyspace, index in
        if keyspace.exists(arguments[index], for: purpose) { found += 1 }
      }
      reply.integer(found)
    }
  }
}
