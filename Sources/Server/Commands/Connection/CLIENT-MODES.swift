import Engine
import RESP

extension ServiceCommand {
  /// `CLIENT REPLY <ON | OFF | SKIP>`
  ///
  /// Replies with `OK` to ON, and with nothing to the others.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-reply/>
  static let clientReply = ServiceCommand(
    Command(
      "reply", "Sets whether this connection wants replies.",
      since: "3.2.0", group: .connection, complexity: "O(1)",
      arity: .exactly(3), flags: [.noScript, .loading, .stale],
      arguments: [
        .init(
          "action", .oneof,
          members: [
            .init("on", .pureToken, token: "ON"),
            .init("off", .pureToken, token: "OFF"),
            .init("skip", .pureToken, token: "SKIP"),
          ])
      ],
      execution: .service)
  ) { _, connection, arguments, _, reply throws(CommandError) in
    if arguments[2].matches("on") {
      connection.replyMode = .on
      reply.ok()
    } else if arguments[2].matches("off") {
      connection.replyMode = .off
    } else if arguments[2].matches("skip") {
      if connection.replyMode != .off { connection.replyMode = .skipNext }
    } else {
      throw .syntax
    }
  }

  /// `CLIENT NO-EVICT <ON | OFF>`
  ///
  /// Replies with `OK`.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-no-evict/>
  static let clientNoEvict = ServiceCommand(
    Command(
      "no-evict", "Sets whether this connection is spared when clients use too much memory.",
      since: "7.0.0", group: .connection, complexity: "O(1)",
      arity: .exactly(3), flags: [.admin, .noScript, .loading, .stale],
      arguments: [
        .init(
          "enabled", .oneof,
          members: [
            .init("on", .pureToken, token: "ON"),
            .init("off", .pureToken, token: "OFF"),
          ])
      ],
      execution: .service)
  ) { _, connection, arguments, _, reply throws(CommandError) in
    if arguments[2].matches("on") {
      connection.isExemptFromEviction = true
    } else if arguments[2].matches("off") {
      connection.isExemptFromEviction = false
    } else {
      throw .syntax
    }
    reply.ok()
  }

  /// `CLIENT NO-TOUCH <ON | OFF>`
  ///
  /// Replies with `OK`. TOUCH goes on marking keys as used.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-no-touch/>
  static let clientNoTouch = ServiceCommand(
    Command(
      "no-touch",
      "Sets whether commands of this connection leave the keys' access times as they are.",
      since: "7.2.0", group: .connection, complexity: "O(1)",
      arity: .exactly(3), flags: [.noScript, .loading, .stale],
      arguments: [
        .init(
          "enabled", .oneof,
          members: [
            .init("on", .pureToken, token: "ON"),
            .init("off", .pureToken, token: "OFF"),
          ])
      ],
      execution: .service)
  ) { _, connection, arguments, _, reply throws(CommandError) in
    if arguments[2].matches("on") {
      connection.leavesAccessClocks = true
    } else if arguments[2].matches("off") {
      connection.leavesAccessClocks = false
    } else {
      throw .syntax
    }
    reply.ok()
  }
}
