import Engine
import RESP
import Shard

extension ServiceCommand {
  /// `SLOWLOG GET|LEN|RESET|HELP`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/slowlog/>
  static let slowlog = ServiceCommand(
    Command(
      "slowlog", "Groups commands about the log of slow commands.", since: "2.2.12", group: .server,
      complexity: "Depends on subcommand.", arity: .atLeast(2),
      subcommands: [
        slowlogGetCommand, slowlogLenCommand, slowlogResetCommand, HelpText.command(since: "6.2.0"),
      ], execution: .container),
    subcommands: [
      "get": slowlogGet,
      "len": { worker, connection, _, keyspace, reply in
        worker.replyWithLogCount(.slow, connection, &keyspace, &reply)
      },
      "reset": { worker, connection, _, keyspace, reply in
        worker.resetLog(.slow, connection, &keyspace, &reply)
      },
      "help": { _, _, _, _, reply in HelpText.write("SLOWLOG", slowlogHelpLines, to: &reply) },
    ])

  private static let slowlogHelpLines: [StaticString] = [
    "GET [<count>]",
    "    Return the newest <count> entries (default: 10, -1 means all). An entry is made of",
    "    its number, the time, microseconds, the words, and the client's address and name.",
    "LEN",
    "    Return how many entries there are.",
    "RESET",
    "    Forget all entries.",
  ]

  static let commandLogFlags: Command.Flags = [.admin, .loading, .stale]
  private static let tips = [
    "request_policy:all_nodes", "nondeterministic_output",
  ]

  private static let slowlogGetCommand = Command(
    "get", "Returns entries of the slow log.", since: "2.2.12", group: .server,
    complexity: "O(N) where N is the number of entries returned", arity: .atLeast(2),
    flags: commandLogFlags, tips: tips, arguments: [.init("count", .integer, .optional)],
    history: [("4.0.0", "Added client IP address, port and name to the reply.")],
    execution: .service)

  /// `SLOWLOG GET [count]`: an Array of entries, newest first.
  private static let slowlogGet: Body = {
    worker, connection, arguments, keyspace, reply throws(CommandError) in
    guard arguments.count <= 3 else { throw .subcommandSyntax(arguments[1], of: "SLOWLOG") }
    let count = arguments.count == 3 ? try commandLogCount(arguments[2]) : 10
    worker.replyWithLog(.slow, count: count, connection, &keyspace, &reply)
  }

  private static let slowlogLenCommand = Command(
    "len", "Returns the number of entries in the slow log.", since: "2.2.12", group: .server,
    complexity: "O(1)", arity: .exactly(2), flags: commandLogFlags,
    tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
    execution: .service)

  private static let slowlogResetCommand = Command(
    "reset", "Forgets all entries of the slow log.", since: "2.2.12", group: .server,
    complexity: "O(N) where N is the number of entries in the slowlog", arity: .exactly(2),
    flags: commandLogFlags, tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
    execution: .service)

  /// How many entries are wanted: -1 for all.
  static func commandLogCount(_ word: ByteView) throws(CommandError) -> Int {
    guard let count = DecimalText.integer(word), count >= -1 else {
      throw CommandError("ERR count should be greater than or equal to -1")
    }
    return count == -1 ? .max : count
  }
}

extension Worker {
  /// Replies with the newest entries of all workers.
  func replyWithLog(
    _ kind: CommandLog.Kind, count: Int, _ connection: Connection, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter
  ) {
    let count = min(count, settings.logLimits[kind].entriesMax)
    everywhere(connection, &keyspace, &reply) { worker, _ in
      unsafe Array(worker.insight.logs[kind].entries.suffix(count))
    } then: { parts, reply in
      let entries = CommandLog.merge(parts, count: count)
      reply.array(entries.count)
      for entry in entries {
        reply.array(6)
        reply.integer(entry.id)
        reply.integer(Int(entry.time))
        reply.integer(entry.value)
        reply.array(entry.words.count)
        for word in entry.words { reply.bulk(word) }
        reply.bulk(entry.peer)
        reply.bulk(entry.name)
      }
    }
  }

  func replyWithLogCount(
    _ kind: CommandLog.Kind, _ connection: Connection, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter
  ) {
    let entriesMax = settings.logLimits[kind].entriesMax
    everywhere(connection, &keyspace, &reply) { worker, _ in
      unsafe worker.insight.logs[kind].entries.count
    } then: { counts, reply in
      reply.integer(min(counts.reduce(0, +), entriesMax))
    }
  }

  func resetLog(
    _ kind: CommandLog.Kind, _ connection: Connection, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter
  ) {
    everywhere(connection, &keyspace, &reply) { worker, _ in
      unsafe worker.insight.logs[kind].removeAll()
    } then: { _, reply in
      reply.ok()
    }
  }
}
