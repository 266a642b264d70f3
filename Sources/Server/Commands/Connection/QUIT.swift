import Engine
import RESP

extension ServiceCommand {
  /// `QUIT`
  ///
  /// Replies with `OK`; the connection closes once that is sent.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/quit/>
  static let quit = ServiceCommand(
    Command(
      "quit", "Ends the connection after the replies still due.",
      since: "1.0.0", group: .connection, complexity: "O(1)",
      arity: .atLeast(1), flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
      deprecation: ("7.2.0", "just closing the connection"),
      execution: .service)
  ) { _, connection, _, _, reply throws(CommandError) in
    reply.ok()
    connection.isClosing = true
  }
}
