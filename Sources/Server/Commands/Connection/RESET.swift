import Engine
import RESP
import ServerConfig

extension ServiceCommand {
  /// `RESET`
  ///
  /// Replies with `RESET`, in RESP2 whatever was spoken before.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/reset/>
  static let reset = ServiceCommand(
    Command(
      "reset", "Takes the connection back to the state of a new one.",
      since: "6.2.0", group: .connection, complexity: "O(1)",
      arity: .exactly(1), flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
      execution: .service)
  ) { worker, connection, _, _, reply throws(CommandError) in
    worker.deliverFeed(before: &reply, connection)
    worker.stopMonitoring(connection)
    connection.multi = nil
    worker.stopWatching(connection)
    connection.database = 0
    connection.protocolVersion = 2
    reply.protocolVersion = 2
    connection.name = []
    connection.replyMode = .on
    connection.isExemptFromEviction = false
    connection.leavesAccessClocks = false
    connection.isAuthenticated = worker.server.configuration[.requirepass].isEmpty
    reply.simple("RESET")
  }
}
