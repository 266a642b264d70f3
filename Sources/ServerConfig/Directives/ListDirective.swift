/// The directives that take several arguments; `Configuration` holds each in a property of its
/// own.
package enum ListDirective: Int, CaseIterable, Sendable {
  // Server
  case shutdownOnSigint
  case shutdownOnSigterm
  case oomScoreAdjValues

  // Network
  case bind

  // Clients
  case clientOutputBufferLimit

  // Persistence
  case save

  // Replication
  case replicaof

  // Observability
  case latencyTrackingInfoPercentiles
  case notifyKeyspaceEvents
}
