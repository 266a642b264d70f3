import Engine
import RESP

extension ServiceCommand {
  /// `COMMANDLOG GET|LEN|RESET|HELP`, as Valkey has it: the slow log, and logs of large requests and replies.
  ///
  /// - SeeAlso: <https://valkey.io/commands/commandlog/>
  static let commandlog = ServiceCommand(
    Command(
      "commandlog", "Groups commands about the logs of slow and large commands.", since: "8.1.0",
      group: .server, complexity: "Depends on subcommand.", arity: .atLeast(2),
      subcommands: [
        commandlogGetCommand, commandlogLenCommand, commandlogResetCommand,
        HelpText.command(since: "8.1.0"),
      ], execution: .container),
    subcommands: [
      "get": { worker, connection, arguments, keyspace, reply throws(CommandError) in
        let count = try commandLogCount(arguments[2])
        let kind = try CommandLog.Kind(arguments[3])
        worker.replyWithLog(kind, count: count, connection, &keyspace, &reply)
      },
      "len": { worker, connection, arguments, keyspace, reply throws(CommandError) in
        let kind = try CommandLog.Kind(arguments[2])
        worker.replyWithLogCount(kind, connection, &keyspace, &reply)
      },
      "reset": { worker, connection, arguments, keyspace, reply throws(CommandError) in
        let kind = try CommandLog.Kind(arguments[2])
        worker.resetLog(kind, connection, &keyspace, &reply)
      },
      "help": { _, _, _, _, reply in
        HelpText.write("COMMANDLOG", commandlogHelpLines, to: &reply)
      },
    ])

  private static let commandlogHelpLines: [StaticString] = [
    "GET <count> <type>",
    "    Return the newest <count> entries of a type (-1 means all). An entry is made of",
    "    its number, the time, microseconds (slow) or bytes (large-request, large-reply),",
    "    the words, and the client's address and name.",
    "LEN <type>",
    "    Return how many entries of a type there are.",
    "RESET <type>",
    "    Forget all entries of a type.",
  ]

  private static let typeArgument = Command.Argument(
    "type", .oneof,
    members: [
      .init("slow", .pureToken, token: "SLOW"),
      .init("large-request", .pureToken, token: "LARGE-REQUEST"),
      .init("large-reply", .pureToken, token: "LARGE-REPLY"),
    ])

  private static let commandlogGetCommand = Command(
    "get", "Returns entries of one of the logs.", since: "8.1.0", group: .server,
    complexity: "O(N) where N is the number of entries returned", arity: .exactly(4),
    flags: commandLogFlags, tips: ["request_policy:all_nodes", "nondeterministic_output"],
    arguments: [.init("count", .integer), typeArgument], execution: .service)

  private static let commandlogLenCommand = Command(
    "len", "Returns the number of entries in one of the logs.", since: "8.1.0", group: .server,
    complexity: "O(1)", arity: .exactly(3), flags: commandLogFlags,
    tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
    arguments: [typeArgument], execution: .service)

  private static let commandlogResetCommand = Command(
    "reset", "Forgets all entries of one of the logs.", since: "8.1.0", group: .server,
    complexity: "O(N) where N is the number of entries in the commandlog", arity: .exactly(3),
    flags: commandLogFlags, tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    arguments: [typeArgument], execution: .service)
}
