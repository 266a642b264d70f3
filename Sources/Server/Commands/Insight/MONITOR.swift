import Engine
import RESP

extension ServiceCommand {
  /// `MONITOR`
  ///
  /// Replies with `OK`, and from then on with a line for each command that any client runs. RESET ends it.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/monitor/>
  static let monitor = ServiceCommand(
    Command(
      "monitor", "Shows all commands of all clients as they come.", since: "1.0.0", group: .server,
      complexity: "O(1)", arity: .exactly(1), flags: [.admin, .noScript, .loading, .stale],
      execution: .service)
  ) { worker, connection, _, _, reply throws(CommandError) in
    guard connection.replyCapture == nil else {
      throw CommandError("ERR MONITOR isn't allowed for DENY BLOCKING client")
    }
    // A second time it says nothing, as in Redis.
    guard !connection.isMonitor else { return }
    worker.startMonitoring(connection)
    reply.ok()
  }
}
