/// The directives that take one word of a list.
package enum ChoiceDirective: Int, CaseIterable, Sendable {
  // Server
  case pipelineOrder
  case supervised
  case loglevel
  case logFormat
  case logTimestampFormat
  case syslogFacility
  case oomScoreAdj

  // TLS
  case tlsAuthClients
  case tlsAuthClientsUser

  // Security
  case aclPubsubDefault
  case enableProtectedConfigs
  case enableDebugCommand
  case enableModuleCommand
  case sanitizeDumpPayload

  // Memory
  case maxmemoryPolicy

  // Persistence
  case snapshotFormat
  case rdbVersionCheck
  case appendfsync

  // Replication
  case replDisklessLoad
  case propagationErrorBehavior

  // Cluster
  case clusterConfigSaveBehavior
  case clusterPreferredEndpointType
}
