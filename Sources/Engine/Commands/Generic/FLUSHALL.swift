import RESP

extension Command {
  /// `FLUSHALL [ASYNC | SYNC]`
  ///
  /// Replies OK. Either way the keys are gone at once and their memory is freed in slices: nobody
  /// waits for it.
  ///
  /// - Throws: `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/flushall/>
  package static let flushall = flushCommand(
    "flushall", "Empties all databases.",
    complexity: "O(1); memory is freed afterwards, in time linear in all keys."
  ) { keyspace in keyspace.flushAll() }

  /// `FLUSHDB [ASYNC | SYNC]`: FLUSHALL for the selected database.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/flushdb/>
  package static let flushdb = flushCommand(
    "flushdb", "Empties the database.",
    complexity: "O(1); memory is freed afterwards, in time linear in the database's keys."
  ) { keyspace in keyspace.flush(database: keyspace.selected) }

  private static func flushCommand(
    _ name: StaticString, _ summary: String, complexity: String,
    _ flush: @escaping @Sendable (inout Keyspace) -> Void
  ) -> Command {
    Command(
      name, summary, since: "1.0.0", group: .server, complexity: complexity, arity: .atLeast(1),
      flags: [.write], categories: [.keyspace, .dangerous],
      tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
      arguments: [
        .oneOf(
          "flush-type", [.optional],
          [.token("async", "ASYNC", since: "4.0.0"), .token("sync", "SYNC", since: "6.2.0")])
      ],
      history: [("4.0.0", "The mode `ASYNC`."), ("6.2.0", "The mode `SYNC`.")],
      execution: .everyShard(
        { keyspace, arguments, reply throws(CommandError) in
          if arguments.count > 1 {
            let isMode = arguments[1].matches("async") || arguments[1].matches("sync")
            guard isMode, arguments.count == 2 else { throw .syntax }
          }
          flush(&keyspace)
          // Worth a record even where there was nothing.
          keyspace.countChange()
          reply.ok()
        }, join: .first))
  }
}
