import RESP

extension Command {
  /// `DEL key [key ...]`
  ///
  /// Replies with an Integer: how many keys there were and are no more.
  ///
  /// - Complexity: O(keys), plus freeing the values.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/del/>
  package static let del = Command(
    "del", "Removes keys and their values.", since: "1.0.0", group: .generic,
    complexity: "O(N) in the number of keys; freeing a value takes time linear in its elements.",
    arity: .atLeast(2), keys: [.range(1, [.remove, .delete])], flags: [.write],
    categories: .keyspace, tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    arguments: [.key("key", [.multiple])], execution: .eachKey(deleteKeys(.deletion), join: .sum))

  /// `UNLINK key [key ...]`: DEL that promises not to wait for large values to be freed.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/unlink/>
  package static let unlink = Command(
    "unlink", "Removes keys and leaves freeing their values for later.", since: "4.0.0",
    group: .generic,
    complexity: "O(1) for each key; memory is reclaimed afterwards, in time linear in its size.",
    arity: .atLeast(2), keys: [.range(1, [.remove, .delete])], flags: [.write, .fast],
    categories: .keyspace, tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
    arguments: [.key("key", [.multiple])], execution: .eachKey(deleteKeys(.unlink), join: .sum))

  private static func deleteKeys(_ removal: Removal) -> Body {
    { keyspace, arguments, reply in
      var deleted = 0
      keyspace.forEachKey(of: arguments) { keyspace, index in
        if keyspace.delete(arguments[index], removal) { deleted += 1 }
      }
      reply.integer(deleted)
    }
  }
}
