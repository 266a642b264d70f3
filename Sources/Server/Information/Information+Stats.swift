import Engine
import Shard

extension Information {
  mutating func writeStats() {
    let keyspace = reports.reduce(KeyspaceStatistics()) { $0 + $1.keyspace }
    title("Stats")
    field("total_connections_received", sum(\.traffic.acceptedConnections))
    field("total_commands_processed", sum(\.callCount))
    field("instantaneous_ops_per_sec", sum(\.rates.commands.perSecond))
    field("total_net_input_bytes", sum(\.traffic.receivedByteCount))
    field("total_net_output_bytes", sum(\.traffic.sentByteCount))
    field("total_net_repl_input_bytes", 0)
    field("total_net_repl_output_bytes", 0)
    field("instantaneous_input_kbps", kilobytes(sum(\.rates.received.perSecond)))
    field("instantaneous_output_kbps", kilobytes(sum(\.rates.sent.perSecond)))
    field("instantaneous_input_repl_kbps", "0.00")
    field("instantaneous_output_repl_kbps", "0.00")
    field("rejected_connections", sum(\.traffic.rejectedConnections))
    zeros(["sync_full", "sync_partial_ok", "sync_partial_err"])
    field("expired_subkeys", keyspace.expiredFields)
    field("expired_keys", keyspace.expiredKeys)
    field("expired_keys_active", keyspace.expiredActively)
    field("expired_stale_perc", "0.00")
    field("expired_time_cap_reached_count", keyspace.expireCycleOverruns)
    field(
      "expire_cycle_cpu_milliseconds",
      sum { Int($0.traffic.expireNanoseconds / 1_000_000) })
    field("evicted_keys", keyspace.evictedKeys)
    field("evicted_clients", sum(\.traffic.evictedClients))
    field("evicted_scripts", 0)
    field("total_eviction_exceeded_time", server.memory.exceededMilliseconds.total)
    field("current_eviction_exceeded_time", server.memory.exceededMilliseconds.current)
    field("keyspace_hits", keyspace.hits)
    field("keyspace_misses", keyspace.misses)
    field("pubsub_channels", server.channels.count(.channel))
    field("pubsub_patterns", server.channels.count(.pattern))
    field("pubsubshard_channels", server.channels.count(.shardChannel))
    zeros([
      "latest_fork_usec",
      "total_forks", "migrate_cached_sockets", "slave_expires_tracked_keys",
    ])
    field("active_defrag_hits", keyspace.movedBlocks)
    field("active_defrag_misses", keyspace.unmovedBlocks)
    field("active_defrag_key_hits", keyspace.movedKeys)
    field("active_defrag_key_misses", keyspace.unmovedKeys)
    field("total_active_defrag_time", reports.map(\.defragmentation.totalMilliseconds).max() ?? 0)
    field("current_active_defrag_time", reports.map(\.defragmentation.currentMilliseconds).max() ?? 0)
    field("tracking_total_keys", sum(\.trackedKeyCount))
    field("tracking_total_items", sum(\.trackedItemCount))
    field("tracking_total_prefixes", Set(reports.flatMap(\.trackedPrefixes)).count)
    zeros(["unexpected_error_replies"])
    field("total_error_replies", sum(\.errorCount))
    zeros(["dump_payload_sanitizations"])
    field(
      "client_query_buffer_limit_disconnections", sum(\.traffic.queryBufferDisconnections))
    field(
      "client_output_buffer_limit_disconnections", sum(\.traffic.outputBufferDisconnections))
    zeros(["reply_buffer_shrinks", "reply_buffer_expands"])
    let rate = server.tickClock.rate
    func microseconds(_ ticks: Int) -> Int { Int(Double(ticks) / rate) }
    field("eventloop_cycles", sum(\.traffic.turnCount))
    field("eventloop_duration_sum", microseconds(sum { Int(clamping: $0.traffic.turnTicks) }))
    field(
      "eventloop_duration_cmd_sum", microseconds(sum { Int(clamping: $0.traffic.executionTicks) }))
    let turnsPerSecond = sum(\.rates.turns.perSecond)
    field("instantaneous_eventloop_cycles_per_sec", turnsPerSecond)
    field(
      "instantaneous_eventloop_duration_usec",
      microseconds(sum(\.rates.turnTicks.perSecond)) / max(turnsPerSecond, 1))
    field("total_reads_processed", sum(\.traffic.readCount))
    field("total_writes_processed", sum(\.traffic.writeCount))
    // Every thread reads and writes for its own clients.
    let others = reports.dropFirst()
    field("io_threaded_reads_processed", others.reduce(0) { $0 + $1.traffic.readCount })
    field("io_threaded_writes_processed", others.reduce(0) { $0 + $1.traffic.writeCount })
    zeros(["io_threaded_total_prefetch_batches", "io_threaded_total_prefetch_entries"])
    zeros([
      "acl_access_denied_auth", "acl_access_denied_cmd", "acl_access_denied_key",
      "acl_access_denied_channel",
    ])
  }

  private func kilobytes(_ bytes: Int) -> String { HumanText.fixed(Double(bytes) / 1024, 2) }

  /// Fields of what the server does not do.
  private mutating func zeros(_ names: [String]) { for name in names { field(name, 0) } }
}
