/// The directives that are `yes` or `no`.
package enum FlagDirective: Int, CaseIterable, Sendable {
  // Server
  case daemonize
  case hideUserDataFromLog
  case syslogEnabled
  case alwaysShowLogo
  case setProcTitle
  case crashLogEnabled
  case crashMemcheckEnabled
  case useExitOnPanic
  case disableThp
  case ioThreadsDoReads
  case extendedRedisCompatibility
  case importMode

  // Network
  case protectedMode
  case mptcp

  // TLS
  case tlsReplication
  case tlsCluster
  case tlsPreferServerCiphers
  case tlsSessionCaching

  // Memory
  case lazyfreeLazyEviction
  case lazyfreeLazyExpire
  case lazyfreeLazyServerDel
  case lazyfreeLazyUserDel
  case lazyfreeLazyUserFlush
  case activedefrag
  case jemallocBgThread

  // Persistence
  case stopWritesOnBgsaveError
  case rdbcompression
  case rdbchecksum
  case rdbDelSyncFiles
  case rdbSaveIncrementalFsync
  case appendonly
  case noAppendfsyncOnRewrite
  case aofLoadTruncated
  case aofUseRdbPreamble
  case aofTimestampEnabled
  case aofRewriteIncrementalFsync
  case aofDisableAutoGc

  // Replication
  case replicaServeStaleData
  case replicaReadOnly
  case replicaIgnoreMaxmemory
  case replicaLazyFlush
  case replicaIgnoreDiskWriteErrors
  case replicaAnnounced
  case replDisableTcpNodelay
  case replMptcp
  case replDisklessSync
  case dualChannelReplicationEnabled

  // Cluster
  case clusterEnabled
  case clusterAllowReplicaMigration
  case clusterReplicaNoFailover
  case clusterRequireFullCoverage
  case clusterAllowReadsWhenDown
  case clusterAllowPubsubshardWhenDown
  case clusterSlotStatsEnabled

  // Observability
  case latencyTracking

  // Engine
  case dynamicHz
  case activerehashing
  case luaEnableDeprecatedApi
  case vsetForceSingleThreadedExecution
}
