import Engine
import Persistence
import RESP
import ServerConfig

extension WorkerSettings {
  /// The part of the configuration that workers read.
  init(_ configuration: Configuration) {
    parserLimits = RequestParser.Limits(bulkBytesMax: configuration[.protoMaxBulkLen])
    queryBufferBytesMax = configuration[.clientQueryBufferLimit]
    outputLimits = OutputLimits(configuration.outputBufferLimits.normal)
    pubsubOutputLimits = OutputLimits(configuration.outputBufferLimits.pubsub)
    isPipelineStrict = configuration[.pipelineOrder] == "strict"
    arrivalBatchNanoseconds = UInt64(configuration[.arrivalBatchUsec]) * 1000
    idleSecondsMax = configuration[.timeout]
    keepaliveSeconds = configuration[.tcpKeepalive]
    journalPolicy = Journal.Policy(rawValue: configuration[.appendfsync]) ?? .everysec
    saveDelayMicroseconds = configuration[.rdbKeySaveDelay]
    loadDelayMicroseconds = configuration[.keyLoadDelay]
    stampsJournal = configuration[.aofTimestampEnabled]
    tracksLatency = configuration[.latencyTracking]
    logLimits = CommandLogLimits(configuration)
    latencyThresholdMilliseconds = configuration[.latencyMonitorThreshold]
    busyMilliseconds = configuration[.busyReplyThreshold]
    memory = MemoryLimits(configuration)
    keyspace.evictionPolicy = EvictionPolicy(named: configuration[.maxmemoryPolicy])
    keyspace.trackedKeysMax = configuration[.trackingTableMaxKeys]
    keyspace.lazyRemovals = .unlink
    if configuration[.lazyfreeLazyEviction] { keyspace.lazyRemovals.insert(.eviction) }
    if configuration[.lazyfreeLazyExpire] { keyspace.lazyRemovals.insert(.expiry) }
    if configuration[.lazyfreeLazyServerDel] { keyspace.lazyRemovals.insert(.replacement) }
    if configuration[.lazyfreeLazyUserDel] { keyspace.lazyRemovals.insert(.deletion) }
    keyspace.evictionSamples = configuration[.maxmemorySamples]
    keyspace.databaseCount = configuration[.databases]
    keyspace.stringBytesMax = configuration[.protoMaxBulkLen]
    keyspace.countsFrequency = configuration[.maxmemoryPolicy].hasSuffix("lfu")
    keyspace.frequencyLogFactor = configuration[.lfuLogFactor]
    keyspace.frequencyDecayMinutes = configuration[.lfuDecayTime]
    keyspace.compressesStrings = configuration[.rdbcompression]
    keyspace.listListpackSize = configuration[.listMaxListpackSize]
    keyspace.listCompressDepth = configuration[.listCompressDepth]
    keyspace.hashListpackLimits = Keyspace.ListpackLimits(
      entriesMax: configuration[.hashMaxListpackEntries],
      valueBytesMax: configuration[.hashMaxListpackValue])
    keyspace.setListpackLimits = Keyspace.ListpackLimits(
      entriesMax: configuration[.setMaxListpackEntries],
      valueBytesMax: configuration[.setMaxListpackValue])
    keyspace.setIntsetEntriesMax = configuration[.setMaxIntsetEntries]
    keyspace.sortedSetListpackLimits = Keyspace.ListpackLimits(
      entriesMax: configuration[.zsetMaxListpackEntries],
      valueBytesMax: configuration[.zsetMaxListpackValue])
    keyspace.streamNodeBytesMax = configuration[.streamNodeMaxBytes]
    keyspace.streamNodeEntriesMax = configuration[.streamNodeMaxEntries]
    let events = configuration.keyspaceEvents
    let channels: KeyspaceEvents = [.keyspaceChannel, .keyeventChannel]
    keyspace.events = EventClasses(
      rawValue: events.isDisjoint(with: channels) ? 0 : events.rawValue)
    keyspace.sparseHyperLogLogBytesMax = configuration[.hllSparseMaxBytes]
  }
}

extension WorkerSettings.OutputLimits {
  fileprivate init(_ limit: OutputBufferLimits.Limit) {
    self.init(
      hardBytes: limit.hardBytes, softBytes: limit.softBytes, softSeconds: limit.softSeconds)
  }
}

extension WorkerSettings.DefragmentationLimits {
  fileprivate init(_ configuration: Configuration) {
    isEnabled = configuration[.activedefrag]
    ignoredBytes = configuration[.activeDefragIgnoreBytes]
    let lower = configuration[.activeDefragThresholdLower]
    thresholds = lower...max(lower, configuration[.activeDefragThresholdUpper])
    let least = configuration[.activeDefragCycleMin]
    effort = least...max(least, configuration[.activeDefragCycleMax])
    sliceNanoseconds = UInt64(configuration[.activeDefragCycleUs]) * 1000
  }
}

extension WorkerSettings.MemoryLimits {
  fileprivate init(_ configuration: Configuration) {
    bytesMax = configuration[.maxmemory]
    evictionNanoseconds = Self.evictionTime(configuration[.maxmemoryEvictionTenacity])
    let clients = configuration[.maxmemoryClients]
    // Below zero: a percentage of `maxmemory`.
    clientBytesMax = clients >= 0 ? clients : bytesMax / 100 * -clients
    defragmentation = WorkerSettings.DefragmentationLimits(configuration)
  }

  /// 50 µs for each of the first ten steps, then 15 % more for each; with 100 there is no end.
  private static func evictionTime(_ tenacity: Int) -> UInt64 {
    if tenacity >= 100 { return .max / 2 }
    var nanoseconds = 50_000 * Double(min(tenacity, 10))
    for _ in 10..<max(tenacity, 10) { nanoseconds *= 1.15 }
    return UInt64(nanoseconds)
  }
}
