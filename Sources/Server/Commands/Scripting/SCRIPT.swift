import Engine
import RESP
import Scripting

extension ServiceCommand {
  /// `SCRIPT subcommand`: the scripts that the server keeps.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/script/>
  static let script = ServiceCommand(
    Command(
      "script", "Holds the commands about scripts.",
      since: "2.6.0", group: .scripting, complexity: "Depends on subcommand.",
      arity: .atLeast(2),
      subcommands: [
        subcommand("debug", "Sets the debug mode of scripts.", "3.2.0", "O(1)", .exactly(3), .noScript),
        subcommand(
          "exists", "Tells which scripts the server knows.", "2.6.0",
          "O(N) with N being the number of scripts to check", .atLeast(3), .noScript,
          ["request_policy:all_shards", "response_policy:agg_logical_and"]),
        subcommand(
          "flush", "Forgets all scripts.", "2.6.0", "O(N) with N being the number of scripts",
          .atLeast(2), .noScript, ["request_policy:all_nodes", "response_policy:all_succeeded"]),
        subcommand("help", "Tells the subcommands.", "5.0.0", "O(1)", .exactly(2), [.loading, .stale]),
        subcommand(
          "kill", "Ends a script that takes long.", "2.6.0", "O(1)", .exactly(2),
          [.noScript, .allowBusy], ["request_policy:all_shards", "response_policy:one_succeeded"]),
        subcommand(
          "load", "Keeps a script for EVALSHA.", "2.6.0", "O(N) with N being the script's length",
          .exactly(3), [.noScript, .stale],
          ["request_policy:all_nodes", "response_policy:all_succeeded"]),
        subcommand(
          "show", "Shows the text of a script.", "8.0.0", "O(1)", .exactly(3), .noScript),
      ], execution: .container),
    subcommands: [
      "debug": { _, connection, arguments, _, reply throws(CommandError) in
        if arguments[2].matches("no") {
          connection.isDebugging = false
        } else if arguments[2].matches("sync") {
          connection.isDebugging = true
        } else if arguments[2].matches("yes") {
          // Redis debugs in a forked process then, whose changes are lost.
          throw CommandError(
            "ERR SCRIPT DEBUG YES is not supported: use SYNC, with which changes of the script are kept")
        } else {
          throw CommandError("ERR Use SCRIPT DEBUG YES/SYNC/NO")
        }
        reply.ok()
      },
      "exists": { worker, _, arguments, _, reply throws(CommandError) in
        reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
          let isKnown = ScriptID(arguments[index]).flatMap { worker.server.scripts[$0] } != nil
          reply.integer(isKnown ? 1 : 0)
        }
      },
      "flush": { worker, _, arguments, _, reply throws(CommandError) in
        guard
          arguments.count == 2
            || (arguments.count == 3
              && (arguments[2].matches("sync") || arguments[2].matches("async")))
        else { throw CommandError("ERR SCRIPT FLUSH only support SYNC|ASYNC option") }
        worker.server.scripts.flush()
        reply.ok()
      },
      "help": { _, _, _, _, reply throws(CommandError) in reply.help("SCRIPT", scriptHelp) },
      "kill": { worker, _, _, _, reply throws(CommandError) in
        try worker.server.slowScripts.kill(functions: false)
        reply.ok()
      },
      "load": { worker, _, arguments, _, reply throws(CommandError) in
        let script = try Worker.makeScript(arguments[2])
        _ = try worker.scripts.compile(script, isReadOnly: false)
        worker.server.scripts.add(script)
        reply.bulk(script.id.digits)
      },
      "show": { worker, _, arguments, _, reply throws(CommandError) in
        guard let script = ScriptID(arguments[2]).flatMap({ worker.server.scripts[$0] }) else {
          throw CommandError("NOSCRIPT No matching script. Please use EVAL.")
        }
        reply.bulk(script.text)
      },
    ])

  static func subcommand(
    _ name: StaticString, _ summary: String, _ since: String, _ complexity: String,
    _ arity: Command.Arity, _ flags: Command.Flags, _ tips: [String] = []
  ) -> Command {
    Command(
      name, summary, since: since, group: .scripting, complexity: complexity, arity: arity,
      flags: flags, tips: tips, execution: .service)
  }

  private static let scriptHelp: [StaticString] = [
    "DEBUG SYNC|NO",
    "    Run the next script step by step, for redis-cli --ldb-sync-mode.",
    "EXISTS <sha1> [<sha1> ...]",
    "    Tell which of these scripts the server knows.",
    "FLUSH [ASYNC|SYNC]",
    "    Forget all scripts.",
    "KILL",
    "    End the script that is running, unless it has written.",
    "LOAD <script>",
    "    Keep a script without running it.",
    "SHOW <sha1>",
    "    Show the text of a script.",
  ]
}
