import Engine
import RESP
import Shard

extension ServiceCommand {
  /// `CONFIG RESETSTAT`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/config-resetstat/>
  static let configResetstatCommand = Command(
    "resetstat", "Starts the server's statistics from zero.", since: "2.0.0", group: .server,
    complexity: "O(1)", arity: .exactly(2), flags: configFlags, tips: configTips,
    execution: .service)

  static let configResetstat: Body = { worker, connection, _, keyspace, reply in
    worker.server.memory.resetPeak()
    worker.everywhere(connection, &keyspace, &reply) { worker, keyspace in
      unsafe worker.statistics.reset()
      worker.insight.turns.reset()
      unsafe worker.traffic = TrafficStatistics()
      keyspace.statistics = KeyspaceStatistics()
    } then: { _, reply in
      reply.ok()
    }
  }
}
