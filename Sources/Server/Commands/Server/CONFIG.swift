import Engine
import RESP

extension ServiceCommand {
  /// `CONFIG GET|SET|RESETSTAT|REWRITE|HELP`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/config/>
  static let config = ServiceCommand(
    Command(
      "config", "Groups the commands about the server's configuration.", since: "2.0.0",
      group: .server, complexity: "Depends on subcommand.", arity: .atLeast(2),
      subcommands: [
        configGetCommand, configSetCommand, configResetstatCommand, configRewriteCommand,
        HelpText.command(since: "5.0.0"),
      ], execution: .container),
    subcommands: [
      "get": configGet, "set": configSet, "resetstat": configResetstat,
      "rewrite": configRewrite,
      "help": { _, _, _, _, reply in
        HelpText.write("CONFIG", configHelpLines, to: &reply)
      },
    ])

  static let configFlags: Command.Flags = [.admin, .noScript, .loading, .stale]
  static let configTips = ["request_policy:all_nodes", "response_policy:all_succeeded"]

  private static let configHelpLines: [StaticString] = [
    "GET <pattern>",
    "    List the directives that match a glob-style <pattern>, and their values.",
    "SET <directive> <value>",
    "    Give a configuration <directive> a new <value>.",
    "RESETSTAT",
    "    Start the statistics that INFO reports from zero.",
    "REWRITE",
    "    Write the values of now into the configuration file.",
  ]
}
