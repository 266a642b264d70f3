import ServerConfig

extension Information {
  /// A primary without replicas.
  mutating func writeReplication() {
    title("Replication")
    field("role", "master")
    field("connected_slaves", 0)
    field("master_failover_state", "no-failover")
    field("master_replid", server.replicationID)
    field("master_replid2", String(repeating: "0", count: 40))
    field("master_repl_offset", 0)
    field("second_repl_offset", -1)
    field("repl_backlog_active", 0)
    field("repl_backlog_size", configuration[.replBacklogSize])
    field("repl_backlog_first_byte_offset", 0)
    field("repl_backlog_histlen", 0)
  }

  mutating func writeCluster() {
    title("Cluster")
    field("cluster_enabled", 0)
  }
}
