import Engine
import RESP
import ServerConfig

extension ServiceCommand {
  /// `CONFIG SET parameter value [parameter value ...]`
  ///
  /// Changes all of them or none, and replies when every shard works with the new values.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/config-set/>
  static let configSetCommand = Command(
    "set", "Gives directives new values while the server runs.", since: "2.0.0", group: .server,
    complexity: "O(N) when N is the number of configuration parameters provided",
    arity: .atLeast(4), flags: configFlags, tips: configTips,
    arguments: [
      .block("data", .multiple, [.init("parameter", .string), .init("value", .string)])
    ],
    history: [("7.0.0", "Added the ability to set multiple parameters in one call.")],
    execution: .service)

  static let configSet: Body = {
    worker, connection, arguments, keyspace, reply throws(CommandError) in
    guard arguments.count % 2 == 0 else { throw .wrongArity("config|set") }
    let pairs = stride(from: 2, to: arguments.count, by: 2).map {
      (arguments[$0].string, arguments[$0 + 1].string)
    }
    let server = worker.server
    // Where the files are that are being read.
    if server.persistence.isLoading, pairs.contains(where: { $0.0.lowercased() == "dir" }) {
      throw CommandError("LOADING Failed to set the specified config during loading")
    }
    do throws(ConfigError) {
      try server.reconfigure(pairs, fromLocalClient: connection.address.isLoopback)
    } catch {
      throw CommandError(composed: error.message)
    }
    server.persistence.refreshGuards()
    let switchesFiles = pairs.contains {
      ["appendonly", "aof-disable-auto-gc"].contains($0.0.lowercased())
    }
    guard server.shardCount > 1 || switchesFiles else {
      worker.apply(server.settings, &keyspace)
      return reply.ok()
    }
    worker.suspend(connection) { reply throws(CommandError) in
      await server.distributeSettings()
      if switchesFiles { await server.persistence.applyAppendOnly() }
      reply.ok()
    }
  }
}
