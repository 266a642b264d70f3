extension Command {
  /// `RANDOMKEY`
  ///
  /// Replies with the name of a key of the selected database, null if it has none.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/randomkey/>
  package static let randomkey = Command(
    "randomkey", "Returns the name of a key chosen at random.", since: "1.0.0", group: .generic,
    complexity: "O(1)", arity: .exactly(1), flags: [.readOnly], categories: .keyspace,
    tips: [
      "request_policy:all_shards", "response_policy:special", "nondeterministic_output",
    ],
    execution: .service)
}
