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
    field("tracking_clients", 0)
    field("pubsub_clients", 0)
    field("watching_clients", 0)
    field("clients_in_timeout_table", 0)
    field("total_watched_keys", 0)
    field("total_blocking_keys", 0)
    field("total_blocking_keys_on_nokey", 0)
  }
}
