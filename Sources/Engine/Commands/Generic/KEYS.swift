extension Command {
  /// `KEYS pattern`
  ///
  /// Replies with an array: the names of all keys that match, in no order.
  ///
  /// Run by the layer that can take several turns, by `Keyspace.scan`.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/keys/>
  package static let keys = Command(
    "keys", "Returns the names of all keys that match a pattern.", since: "1.0.0",
    group: .generic,
    complexity: "O(N) in the keys of the database, names and pattern being of limited length.",
    arity: .exactly(2), flags: [.readOnly], categories: [.keyspace, .dangerous],
    tips: ["request_policy:all_shards", "nondeterministic_output_order"],
    arguments: [Argument("pattern", .pattern)],
    execution: .service)
}
