import Engine
import Glibc
import Persistence
import RESP
import Shard

/// What one worker tells about itself: its counters, copied on its own loop.
struct ShardReport: Sendable {
  let index: Int
  /// When, in milliseconds since 1970.
  let time: Int64
  /// Error replies, and those of each first word.
  let errorCount: Int
  let errors: [String: Int]
  let callCount: Int
  let traffic: TrafficStatistics
  let rates: TrafficRates
  let keyspace: KeyspaceStatistics
  let defragmentation: Defragmentation.Report
  let changeCount: Int
  /// Bytes in the append-only file, and on their way there.
  let journalFileByteCount: Int
  let journalQueuedByteCount: Int
  let garbageCount: Int
  let tableByteCount: Int
  /// Of each database, keys, keys with an expiry and the milliseconds those have left on average, and bytes of its
  /// table.
  let keys: [DatabaseKeys]

  struct DatabaseKeys: Sendable {
    let count: Int
    let expiring: Int
    let averageTimeToLive: Int64
    let expiringHashes: Int
    let tableByteCount: Int
  }

  let connectionCount: Int
  let blockedConnectionCount: Int
  let watchingConnectionCount: Int
  let subscriberCount: Int
  let trackingClientCount: Int
  let trackedKeyCount: Int
  let trackedItemCount: Int
  let trackedPrefixes: [[UInt8]]
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
  let turns: TurnWatch
  /// The thread's processor time in microseconds.
  let userMicroseconds: Int
  let systemMicroseconds: Int
  let monitorCount: Int
  /// The newest entries of the slow log, and the hottest keys.
  let slowLog: [CommandLog.Entry]
  let hotKeys: HotKeys
  let slowLogCount: Int

  private static let slowLogMax = 32

  /// - Parameter isDetailed: with the log and the hot keys, which the metrics port shows; some tens of KiB.
  init(_ worker: Worker, _ keyspace: borrowing Keyspace, isDetailed: Bool) {
    index = worker.index
    time = WallClock.milliseconds
    errorCount = unsafe worker.statistics.totalErrorReplies
    errors = unsafe worker.statistics.errors
    callCount = worker.counters.callCount
    traffic = unsafe worker.traffic
    rates = worker.rates
    self.keyspace = keyspace.statistics
    defragmentation = worker.defragmentation.report
    changeCount = keyspace.changeCount
    journalFileByteCount = worker.journal.fileByteCount
    journalQueuedByteCount = worker.journal.queuedByteCount
    garbageCount = keyspace.garbageCount
    tableByteCount = keyspace.tableByteCount
    var keys: [DatabaseKeys] = []
    for database in 0..<keyspace.databaseCount {
      keys.append(
        DatabaseKeys(
          count: keyspace.keyCount(inDatabase: database),
          expiring: keyspace.expiringKeyCount(inDatabase: database),
          averageTimeToLive: keyspace.averageTimeToLive(inDatabase: database),
          expiringHashes: keyspace.expiringHashCount(inDatabase: database),
          tableByteCount: keyspace.tableByteCount(inDatabase: database)))
    }
    self.keys = keys
    let connections = worker.connections.all
    connectionCount = connections.count
    blockedConnectionCount = connections.count { $0.stopWaiting != nil || $0.isPaused }
    watchingConnectionCount = connections.count { !$0.watches.isEmpty }
    trackingClientCount = worker.trackingCount
    trackedKeyCount = keyspace.observed.tracked.keyCount
    trackedItemCount = keyspace.observed.tracked.itemCount
    trackedPrefixes = worker.broadcastClients.flatMap { $0.tracking?.prefixes ?? [] }
    subscriberCount = connections.count { $0.isSubscriber }
    watchedKeyCount = connections.reduce(0) { sum, connection in
      connection.watches.reduce(sum) { $0 + $1.keys.count }
    }
    timedConnectionCount = connections.count { $0.blockTimer != nil }
    blockingKeyCount = worker.scheduler.blockedKeyCount
    transactionCount = unsafe worker.traffic.transactionCount
    transactionRefusalCount = worker.scheduler.refusalCount
    interpreterByteCount = worker.scripts.heapByteCount
    bufferByteCount = connections.reduce(0) { $0 + $1.allocatedByteCount }
    inputByteCountMax = connections.map { $0.input.allocatedByteCount }.max() ?? 0
    outputByteCountMax = connections.map { $0.output.allocatedByteCount }.max() ?? 0
    turns = worker.insight.turns
    // RUSAGE_THREAD, which the C library shows to GNU sources only.
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(1), &usage)
    userMicroseconds = Int(usage.ru_utime.tv_sec) * 1_000_000 + Int(usage.ru_utime.tv_usec)
    systemMicroseconds = Int(usage.ru_stime.tv_sec) * 1_000_000 + Int(usage.ru_stime.tv_usec)
    monitorCount = worker.insight.monitors.connections.count
    slowLog = isDetailed ? worker.insight.logs[.slow].entries.suffix(Self.slowLogMax) : []
    hotKeys = isDetailed ? worker.insight.hotKeys : HotKeys()
    slowLogCount = worker.insight.logs[.slow].entries.count
  }
}
