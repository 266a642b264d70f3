import Engine
import RESP

extension ServiceCommand {
  /// `COMMAND [subcommand]`: what commands there are. Alone it replies as COMMAND INFO without names.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/command/>
  static var commandCommand: ServiceCommand {
    let subcommands: [ServiceCommand] = [
      .commandCount,
      .commandDocs,
      .commandGetKeys,
      .commandGetKeysAndFlags,
      .commandHelp,
      .commandInfo,
      .commandList,
    ]
    return ServiceCommand(
      Command(
        "command", "Describes all commands.",
        since: "2.8.13", group: .server,
        complexity: "O(N) where N is the total number of Redis commands",
        arity: .atLeast(1), flags: [.loading, .stale], categories: [.connection],
        tips: ["nondeterministic_output_order"],
        subcommands: subcommands.map(\.command), execution: .container),
      subcommands: subcommands,
      own: { worker, _, _, _, reply throws(CommandError) in
        let table = worker.server.table
        table.writeInfo(of: table.visibleCommands, to: &reply)
      })
  }
}
