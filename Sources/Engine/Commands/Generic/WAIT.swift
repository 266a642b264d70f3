package import RESP

extension Command {
  /// `WAIT numreplicas timeout`
  ///
  /// Replies with an Integer: how many replicas have acknowledged what this connection wrote
  /// before.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/wait/>
  package static let wait = Command(
    "wait", "Waits until replicas have acknowledged this connection's writes.", since: "3.0.0",
    group: .generic, complexity: "O(1)", arity: .exactly(3), flags: [.blocking],
    categories: .connection, tips: ["request_policy:all_shards", "response_policy:agg_min"],
    arguments: [Argument("numreplicas", .integer), Argument("timeout", .integer)],
    execution: .service)
}

/// The words of WAIT.
package struct WaitOptions: Sendable {
  /// 0 or less: reply at once.
  package let replicaCount: Int
  /// 0 waits for ever.
  package let timeoutMilliseconds: Int

  /// - Parameter now: milliseconds since 1970; the timeout must end before time does.
  /// - Throws: `.notAnInteger`; `.timeoutNotAnInteger`; `.timeoutNegative`; `.timeoutOutOfRange`.
  package init(_ arguments: Arguments, now: Int64) throws(CommandError) {
    replicaCount = try arguments[1].integer()
    timeoutMilliseconds = try arguments[2].integer(orThrow: .timeoutNotAnInteger)
    if timeoutMilliseconds < 0 { throw .timeoutNegative }
    if timeoutMilliseconds > Int(Int64.max - now) { throw .timeoutOutOfRange }
  }
}
