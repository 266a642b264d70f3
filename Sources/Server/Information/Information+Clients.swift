import ServerConfig
import Synchronization

extension Information {
  mutating func writeClients() {
    title("Clients")
    field("connected_clients", server.connectionCount.load(ordering: .relaxed))
    field("cluster_connections", 0)
    field("maxclients", configuration[.maxclients])
    field("client_recent_max_input_buffer", reports.map(\.inputByteCountMax).max() ?? 0)
    field("client_recent_max_output_buffer", reports.map(\.outputByteCountMax).max() ?? 0)
    field("blocked_clients", sum(\.blockedConnectionCount))
    field("tracking_clients", sum(\.trackingClientCount))
    field("pubsub_clients", sum(\.subscriberCount))
    field("watching_clients", sum(\.watchingConnectionCount))
    field("clients_in_timeout_table", sum(\.timedConnectionCount))
    field("total_watched_keys", sum(\.watchedKeyCount))
    field("total_blocking_keys", sum(\.blockingKeyCount))
    field("total_blocking_keys_on_nokey", 0)
  }
}
