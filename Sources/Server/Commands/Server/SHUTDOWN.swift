import Engine
import Logging
import RESP
import ServerConfig

extension ServiceCommand {
  /// `SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]`
  ///
  /// Saves if there are save points, or as the argument says. The client gets no reply: its connection closes; if
  /// saving fails, an error, and the server goes on, unless FORCE comes with it.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/shutdown/>
  static let shutdown = ServiceCommand(
    Command(
      "shutdown", "Stops the server.", since: "1.0.0", group: .server,
      complexity:
        "O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)",
      arity: .atLeast(1), flags: [.admin, .noScript, .loading, .stale, .noMulti, .allowBusy],
      arguments: [
        .oneOf(
          "save-selector", .optional,
          [.token("nosave", "NOSAVE"), .token("save", "SAVE")]),
        .token("now", "NOW", .optional, since: "7.0.0"),
        .token("force", "FORCE", .optional, since: "7.0.0"),
        .token("abort", "ABORT", .optional, since: "7.0.0"),
      ],
      history: [("7.0.0", "Added the `NOW`, `FORCE` and `ABORT` modifiers.")],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    let options = try ShutdownOptions(arguments)
    let server = worker.server
    if server.origin.isEmbedded {
      throw CommandError("ERR the store belongs to a program, which alone ends it")
    }
    if options.aborts {
      guard server.abortShutdown() else { throw CommandError("ERR No shutdown in progress.") }
      return reply.ok()
    }
    let saves: Bool? = options.saves ? true : options.doesNotSave ? false : nil
    worker.suspend(connection) { _ throws(CommandError) in
      // The last one to leave is this client: it waits for nothing more.
      connection.isSuspended = false
      guard await server.shutDown(saves: saves, forces: options.forces) == nil else {
        return connection.isClosing = true
      }
      throw CommandError("ERR Errors trying to SHUTDOWN. Check logs.")
    }
  }
}

private struct ShutdownOptions {
  var saves = false
  var doesNotSave = false
  var forces = false
  var aborts = false

  init(_ arguments: Arguments) throws(CommandError) {
    var others = false
    for index in 1..<max(1, arguments.count) {
      let word = arguments[index]
      if word.matches("abort") {
        aborts = true
        continue
      }
      others = true
      if word.matches("nosave") {
        doesNotSave = true
      } else if word.matches("save") {
        saves = true
      } else if word.matches("force") {
        forces = true
      } else if !word.matches("now") {
        throw .syntax
      }
    }
    if aborts && others || saves && doesNotSave { throw .syntax }
  }
}
