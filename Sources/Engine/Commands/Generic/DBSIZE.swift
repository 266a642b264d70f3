import RESP

extension Command {
  /// `DBSIZE`
  ///
  /// Replies with an Integer: keys in the selected database, expired ones that are still there
  /// included.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/dbsize/>
  package static let dbsize = Command(
    "dbsize", "Counts the keys of the database.", since: "1.0.0", group: .server,
    complexity: "O(1)", arity: .exactly(1), flags: [.readOnly, .fast], categories: .keyspace,
    tips: ["request_policy:all_shards", "response_policy:agg_sum"],
    execution: .everyShard(
      { keyspace, _, reply in reply.integer(keyspace.count) }, join: .sum))
}
