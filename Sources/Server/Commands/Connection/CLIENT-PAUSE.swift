import Engine
import RESP

extension ServiceCommand {
  /// `CLIENT PAUSE timeout [WRITE | ALL]`
  ///
  /// Replies with `OK`. A pause under way is never made shorter or weaker.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-pause/>
  static let clientPause = ServiceCommand(
    Command(
      "pause", "Holds back the commands of all clients for a while.",
      since: "3.0.0", group: .connection, complexity: "O(1)",
      arity: .atLeast(3), flags: [.admin, .noScript, .loading, .stale],
      arguments: [
        .init("timeout", .integer),
        .init(
          "mode", .oneof, .optional, since: "6.2.0",
          members: [
            .init("write", .pureToken, token: "WRITE"),
            .init("all", .pureToken, token: "ALL"),
          ]),
      ],
      history: [
        ("6.2.0", "`CLIENT PAUSE WRITE` mode added along with the `mode` option.")
      ],
      execution: .service)
  ) { worker, _, arguments, _, reply throws(CommandError) in
    guard arguments.count <= 4 else { throw .subcommandSyntax(arguments[1], of: "CLIENT") }
    var onlyWrites = false
    if arguments.count == 4 {
      if arguments[3].matches("write") {
        onlyWrites = true
      } else if !arguments[3].matches("all") {
        throw CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL")
      }
    }
    guard let milliseconds = DecimalText.integer(arguments[2]) else { throw .timeoutNotAnInteger }
    guard milliseconds >= 0 else { throw .timeoutNegative }
    guard milliseconds < Int.max / 2_000_000 else { throw .timeoutOutOfRange }
    worker.pause(nanoseconds: UInt64(milliseconds) * 1_000_000, onlyWrites: onlyWrites)
    reply.ok()
  }

  /// `CLIENT UNPAUSE`
  ///
  /// Replies with `OK`, whether there was a pause or not.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-unpause/>
  static let clientUnpause = ServiceCommand(
    Command(
      "unpause", "Ends a pause before its time.",
      since: "6.2.0", group: .connection,
      complexity: "O(N) Where N is the number of paused clients",
      arity: .exactly(2), flags: [.admin, .noScript, .loading, .stale],
      execution: .service)
  ) { worker, _, _, _, reply throws(CommandError) in
    worker.server.endPause()
    reply.ok()
  }

  /// `CLIENT UNBLOCK client-id [TIMEOUT | ERROR]`
  ///
  /// Replies with 1 if that client was waiting for keys, else with 0.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-unblock/>
  static let clientUnblock = ServiceCommand(
    Command(
      "unblock", "Ends the wait of a client in a blocking command.",
      since: "5.0.0", group: .connection,
      complexity: "O(log N) where N is the number of client connections",
      arity: .atLeast(3), flags: [.admin, .noScript, .loading, .stale],
      arguments: [
        .init("client-id", .integer),
        .init(
          "unblock-type", .oneof, .optional,
          members: [
            .init("timeout", .pureToken, token: "TIMEOUT"),
            .init("error", .pureToken, token: "ERROR"),
          ]),
      ],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    guard arguments.count <= 4 else { throw .subcommandSyntax(arguments[1], of: "CLIENT") }
    if arguments.count == 4, !arguments[3].matches("timeout"), !arguments[3].matches("error") {
      throw CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    }
    let isError = arguments.count == 4 && arguments[3].matches("error")
    let error =
      isError ? CommandError("UNBLOCKED client unblocked via CLIENT UNBLOCK") : nil
    let id = UInt64(exactly: try arguments[2].integer())
    worker.onEveryWorker(connection, &reply) { worker in
      guard let blocked = worker.connections.all.first(where: { $0.id == id }) else { return false }
      return worker.unblock(blocked, with: error)
    } then: { wasBlocked, reply in
      reply.integer(wasBlocked.contains(true) ? 1 : 0)
    }
  }
}
