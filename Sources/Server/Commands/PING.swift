import Engine
import RESP

extension ServiceCommand {
  /// `PING [message]`
  ///
  /// Replies with `PONG`, or with the message.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/ping/>
  static let ping = ServiceCommand(
    Command(
      "ping", "Answers, to show that the connection and the server are alive.", since: "1.0.0",
      group: .connection, complexity: "O(1)", arity: .atLeast(1), flags: [.fast],
      tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
      arguments: [.init("message", .string, .optional)], execution: .service)
  ) { _, connection, arguments, _, reply throws(CommandError) in
    if connection.isConfined, arguments.count <= 2 {
      // In the form of a message, which is all that a RESP2 subscriber looks for.
      reply.array(2)
      reply.bulk("pong")
      reply.bulk(arguments.count == 2 ? arguments[1] : .empty)
      return
    }
    switch arguments.count {
    case 1: reply.simple("PONG")
    case 2: reply.bulk(arguments[1])
    default: throw .wrongArity("ping")
    }
  }
}
