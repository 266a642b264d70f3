import Engine
import RESP

extension ServiceCommand {
  /// `ECHO message`
  ///
  /// Replies with the message.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/echo/>
  static let echo = ServiceCommand(
    Command(
      "echo", "Sends a message back.",
      since: "1.0.0", group: .connection, complexity: "O(1)",
      arity: .exactly(2), flags: [.loading, .stale, .fast],
      arguments: [
        .init("message", .string)
      ],
      execution: .service)
  ) { _, _, arguments, _, reply throws(CommandError) in
    reply.bulk(arguments[1])
  }
}
