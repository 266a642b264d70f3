import Engine
import RESP
import Shard

/// What one worker tells about itself: its counters, copied on its own loop.
struct ShardReport: Sendable {
  let index: Int
  let commands: CommandStatistics
  let traffic: TrafficStatistics
  let rates: TrafficRates
  let keyspace: KeyspaceStatistics
  let changeCount: Int
  let garbageCount: Int
  let tableByteCount: Int
  /// Of each database, keys, keys with an expiry, and bytes of its table.
  let keys: [(count: Int, expiring: Int, tableByteCount: Int)]
  let connectionCount: Int
  let blockedConnectionCount: Int
  let watchingConnectionCount: Int
  let watchedKeyCount: Int
  /// Clients that wait, but not for ever.
  let timedConnectionCount: Int
  let blockingKeyCount: Int
  let transactionCount: Int
  let transactionRefusalCount: Int
  /// The heap of the thread's interpreter.
  let interpreterByteCount: Int
  /// Bytes of clients' buffers: the sum, and the largest of one client.
  let bufferByteCount: Int
  let inputByteCountMax: Int
  let outputByteCountMax: Int

  init(_ worker: Worker, _ keyspace: borrowing Keyspace) {
    index = worker.index
    commands = worker.statistics
    traffic = worker.traffic
    rates = worker.rates
    self.keyspace = keyspace.statistics
    changeCount = keyspace.changeCount
    garbageCount = keyspace.garbageCount
    tableByteCount = keyspace.tableByteCount
    var keys: [(count: Int, expiring: Int, tableByteCount: Int)] = []
    for database in 0..<keyspace.databaseCount {
      keys.append(
        (
          keyspace.keyCount(inDatabase: database),
          keyspace.expiringKeyCount(inDatabase: database),
          keyspace.tableByteCount(inDatabase: database)
        ))
    }
    self.keys = keys
    let connections = worker.connections.all
    connectionCount = connections.count
    blockedConnectionCount = connections.count { $0.stopWaiting != nil || $0.isPaused }
    watchingConnectionCount = connections.count { !$0.watches.isEmpty }
    watchedKeyCount = connections.reduce(0) { sum, connection in
      connection.watches.reduce(sum) { $0 + $1.keys.count }
    }
    timedConnectionCount = connections.count { $0.blockTimer != nil }
    blockingKeyCount = worker.scheduler.blockedKeyCount
    transactionCount = worker.traffic.transactionCount
    transactionRefusalCount = worker.scheduler.refusalCount
    interpreterByteCount = worker.scripts.heapByteCount
    bufferByteCount = connections.reduce(0) { $0 + $1.allocatedByteCount }
    inputByteCountMax = connections.map { $0.input.allocatedByteCount }.max() ?? 0
    outputByteCountMax = connections.map { $0.output.allocatedByteCount }.max() ?? 0
  }
}
