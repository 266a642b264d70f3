import Engine
import RESP

extension ServiceCommand {
  /// `COMMAND INFO [command-name [command-name ...]]`
  ///
  /// Replies with an array of descriptions, null for unknown names; of all commands when none is named.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/command-info/>
  static let commandInfo = ServiceCommand(
    Command(
      "info", "Describes commands for clients that route them.",
      since: "2.8.13", group: .server,
      complexity: "O(N) where N is the number of commands to look up",
      arity: .atLeast(2), flags: [.loading, .stale], categories: [.connection],
      tips: ["nondeterministic_output_order"],
      arguments: [
        .init("command-name", .string, [.optional, .multiple])
      ],
      history: [
        ("7.0.0", "Allowed to be called with no argument to get info on all commands.")
      ],
      execution: .service)
  ) { worker, _, arguments, _, reply throws(CommandError) in
    let table = worker.server.table
    guard arguments.count > 2 else { return table.writeInfo(of: table.visibleCommands, to: &reply) }
    reply.array(arguments.count - 2)
    for position in 2..<arguments.count {
      if let index = table.index(ofFullName: arguments[position]) {
        table.writeInfo(index, to: &reply)
      } else {
        reply.null()
      }
    }
  }

  /// `COMMAND DOCS [command-name [command-name ...]]`
  ///
  /// Replies with a map from names to documentation; unknown names are left out.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/command-docs/>
  static let commandDocs = ServiceCommand(
    Command(
      "docs", "Documents commands for people.",
      since: "7.0.0", group: .server,
      complexity: "O(N) where N is the number of commands to look up",
      arity: .atLeast(2), flags: [.loading, .stale], categories: [.connection],
      tips: ["nondeterministic_output_order"],
      arguments: [
        .init("command-name", .string, [.optional, .multiple])
      ],
      execution: .service)
  ) { worker, _, arguments, _, reply throws(CommandError) in
    let table = worker.server.table
    let indices =
      arguments.count == 2
      ? table.visibleCommands
      : (2..<arguments.count).compactMap { table.index(ofFullName: arguments[$0]) }
    reply.map(indices.count)
    for index in indices { table.writeDocumentation(index, to: &reply) }
  }
}
