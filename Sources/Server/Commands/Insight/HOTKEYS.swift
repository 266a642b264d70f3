import Engine
import RESP

extension ServiceCommand {
  /// `HOTKEYS GET|RESET|HELP`
  static let hotkeys = ServiceCommand(
    Command(
      "hotkeys", "Groups commands about the keys that are used most.", since: "8.2.0",
      group: .server, complexity: "Depends on subcommand.", arity: .atLeast(2),
      subcommands: [hotkeysGetCommand, hotkeysResetCommand, HelpText.command(since: "8.2.0")],
      execution: .container),
    subcommands: [
      "get": hotkeysGet,
      "reset": { worker, connection, _, keyspace, reply in
        worker.everywhere(connection, &keyspace, &reply) { worker, _ in
          worker.insight.hotKeys.reset()
        } then: { _, reply in
          reply.ok()
        }
      },
      "help": { _, _, _, _, reply in HelpText.write("HOTKEYS", hotkeysHelpLines, to: &reply) },
    ])

  private static let hotkeysHelpLines: [StaticString] = [
    "GET [COUNT <count>] [SHARD <shard>]",
    "    Return the keys used most in the last seconds, hottest first (default: 10): for each",
    "    the key, its database and shard, about how often a second it is used, and which share",
    "    of all uses, in percent, that is. About one command in 500 is looked at.",
    "RESET",
    "    Forget what was seen so far.",
  ]

  private static let hotkeysGetCommand = Command(
    "get", "Returns the keys that are used most.", since: "8.2.0", group: .server,
    complexity: "O(N log N) where N is the number of keys seen, at most 128 a thread",
    arity: .atLeast(2), flags: [.admin, .loading, .stale],
    tips: ["request_policy:all_nodes", "nondeterministic_output"],
    arguments: [
      .init("count", .integer, token: "COUNT", .optional),
      .init("shard", .integer, token: "SHARD", .optional),
    ], execution: .service)

  /// `HOTKEYS GET [COUNT count] [SHARD shard]`: an Array of Maps.
  private static let hotkeysGet: Body = {
    worker, connection, arguments, keyspace, reply throws(CommandError) in
    var count = 10
    var shard: Int?
    for index in stride(from: 2, to: arguments.count, by: 2) {
      guard index + 1 < arguments.count else { throw .syntax }
      let value = try arguments[index + 1].integer()
      if arguments[index].matches("count") {
        guard value > 0 else { throw CommandError("ERR COUNT should be greater than 0") }
        count = value
      } else if arguments[index].matches("shard") {
        guard (0..<worker.server.shardCount).contains(value) else {
          throw CommandError("ERR no such shard")
        }
        shard = value
      } else {
        throw .syntax
      }
    }
    let (countMax, only, server) = (count, shard, worker.server)
    worker.everywhere(connection, &keyspace, &reply) { worker, _ in
      worker.insight.hotKeys
    } then: { parts, reply in
      let keys = HotKeyReport(server, parts, shard: only).keys.prefix(countMax)
      reply.array(keys.count)
      for key in keys {
        reply.map(5)
        reply.bulk("key")
        reply.bulk(key.name)
        reply.bulk("database")
        reply.integer(key.database)
        reply.bulk("shard")
        reply.integer(key.shard)
        reply.bulk("uses-per-second")
        reply.integer(key.perSecond)
        reply.bulk("percent")
        reply.double(key.percent)
      }
    }
  }

  private static let hotkeysResetCommand = Command(
    "reset", "Forgets which keys were used.", since: "8.2.0", group: .server, complexity: "O(1)",
    arity: .exactly(2), flags: [.admin, .loading, .stale],
    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], execution: .service)
}

/// The hottest keys of all workers' clients, for people.
struct HotKeyReport: Sendable {
  struct Key: Sendable {
    let name: [UInt8]
    let database: Int
    let shard: Int
    let perSecond: Int
    /// Of all uses of keys.
    let percent: Double
  }

  let keys: [Key]
  private static let countMin = 1.5

  /// - Parameter shard: only keys of this one.
  init(_ server: ServerContext, _ parts: [HotKeys], shard: Int? = nil) {
    let merged = HotKeys.merge(parts)
    keys = merged.keys.compactMap { key, count in
      let owner = ByteView.with(key.name) { server.shard(of: $0) }
      if let shard, owner != shard { return nil }
      // Seen once is no more than chance.
      guard count > Self.countMin else { return nil }
      let percent = (count / max(merged.total, count) * 1000).rounded() / 10
      return Key(
        name: key.name, database: key.database, shard: owner,
        perSecond: Int(HotKeys.perSecond(count).rounded()), percent: percent)
    }
  }
}
