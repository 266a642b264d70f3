/// The directives that hold a number: counts, times, ports, modes and amounts of memory in bytes.
package enum IntegerDirective: Int, CaseIterable, Sendable {
  // Server
  case shards
  case arrivalBatchUsec
  case databases
  case watchdogPeriod
  case shutdownTimeout
  case ioThreads
  case prefetchBatchMaxSize

  // Network
  case port
  case tcpBacklog
  case unixsocketperm
  case timeout
  case tcpKeepalive
  case socketMarkId
  case maxNewConnectionsPerCycle
  case maxNewTlsConnectionsPerCycle

  // TLS
  case tlsPort
  case tlsSessionCacheSize
  case tlsSessionCacheTimeout
  case tlsAutoReloadInterval

  // Security
  case acllogMaxLen

  // Clients
  case maxclients
  case maxmemoryClients
  case clientQueryBufferLimit
  case protoMaxBulkLen
  case trackingTableMaxKeys

  // Memory
  case maxmemory
  case maxmemorySamples
  case maxmemoryEvictionTenacity
  case lfuLogFactor
  case lfuDecayTime
  case activeExpireEffort
  case activeDefragIgnoreBytes
  case activeDefragThresholdLower
  case activeDefragThresholdUpper
  case activeDefragCycleMin
  case activeDefragCycleMax
  case activeDefragCycleUs
  case activeDefragMaxScanFields

  // Persistence
  case rdbKeySaveDelay
  case keyLoadDelay
  case loadingProcessEventsIntervalBytes
  case autoAofRewritePercentage
  case autoAofRewriteMinSize

  // Replication
  case replicaPriority
  case replicaAnnouncePort
  case replicaFullSyncBufferLimit
  case replTimeout
  case replPingReplicaPeriod
  case replBacklogSize
  case replBacklogTtl
  case replDisklessSyncDelay
  case replDisklessSyncMaxReplicas
  case minReplicasToWrite
  case minReplicasMaxLag

  // Cluster
  case clusterNodeTimeout
  case clusterPort
  case clusterDatabases
  case clusterMigrationBarrier
  case clusterReplicaValidityFactor
  case clusterLinkSendbufLimit
  case clusterAnnouncePort
  case clusterAnnounceTlsPort
  case clusterAnnounceBusPort
  case clusterAnnounceClientPort
  case clusterAnnounceClientTlsPort
  case clusterCompatibilitySampleRatio
  case clusterBlacklistTtl
  case clusterManualFailoverTimeout
  case clusterSlotMigrationLogMaxLen
  case slotMigrationMaxFailoverReplBytes

  // Observability
  case slowlogLogSlowerThan
  case slowlogMaxLen
  case commandlogRequestLargerThan
  case commandlogLargeRequestMaxLen
  case commandlogReplyLargerThan
  case commandlogLargeReplyMaxLen
  case latencyMonitorThreshold
  case metricsPort

  // Engine
  case hz
  case busyReplyThreshold
  case hashMaxListpackEntries
  case hashMaxListpackValue
  case listMaxListpackSize
  case listCompressDepth
  case setMaxIntsetEntries
  case setMaxListpackEntries
  case setMaxListpackValue
  case zsetMaxListpackEntries
  case zsetMaxListpackValue
  case hllSparseMaxBytes
  case streamNodeMaxBytes
  case streamNodeMaxEntries
}
