import Engine
import RESP

extension ServiceCommand {
  /// `COMMAND HELP`
  ///
  /// Replies with an array of lines.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/command-help/>
  static let commandHelp = ServiceCommand(
    Command(
      "help", "Explains the subcommands.",
      since: "5.0.0", group: .server, complexity: "O(1)",
      arity: .exactly(2), flags: [.loading, .stale], categories: [.connection],
      execution: .service)
  ) { _, _, _, _, reply throws(CommandError) in
    reply.help(
      "COMMAND",
      [
        "(no subcommand)",
        "    Return details about all commands.",
        "COUNT",
        "    Return how many commands there are.",
        "DOCS [<command-name> ...]",
        "    Return the documentation of these commands, or of all.",
        "GETKEYS <full-command>",
        "    Return the keys in a whole command.",
        "GETKEYSANDFLAGS <full-command>",
        "    Return the keys in a whole command, and what happens to them.",
        "INFO [<command-name> ...]",
        "    Return details about these commands, or about all.",
        "LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
        "    Return the names of commands.",
      ])
  }
}
