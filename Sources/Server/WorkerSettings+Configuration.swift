import Engine
import RESP
import ServerConfig

extension WorkerSettings {
  /// The part of the configuration that workers read.
  init(_ configuration: Configuration) {
    parserLimits = RequestParser.Limits(bulkBytesMax: configuration[.protoMaxBulkLen])
    queryBufferBytesMax = configuration[.clientQueryBufferLimit]
    let normal = configuration.outputBufferLimits.normal
    outputLimits = OutputLimits(
      hardBytes: normal.hardBytes, softBytes: normal.softBytes, softSeconds: normal.softSeconds)
    isPipelineStrict = configuration[.pipelineOrder] == "strict"
    idleSecondsMax = configuration[.timeout]
    keepaliveSeconds = configuration[.tcpKeepalive]
    journalPolicy = Journal.Policy(rawValue: configuration[.appendfsync]) ?? .everysec
    stampsJournal = configuration[.aofTimestampEnabled]
    tracksLatency = configuration[.latencyTracking]
    logLimits = CommandLogLimits(configuration)
    latencyThresholdMilliseconds = configuration[.latencyMonitorThreshold]
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
    keyspace.sparseHyperLogLogBytesMax = configuration[.hllSparseMaxBytes]
  }
}
