extension Information {
  /// Nothing is saved yet: every change since the start counts as unsaved.
  mutating func writePersistence() {
    title("Persistence")
    for name in [
      "loading", "async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age",
    ] { field(name, 0) }
    field("current_fork_perc", "0.00")
    field("current_save_keys_processed", 0)
    field("current_save_keys_total", 0)
    field("rdb_changes_since_last_save", sum(\.changeCount))
    field("rdb_bgsave_in_progress", 0)
    field("rdb_last_save_time", server.startedAt / 1000)
    field("rdb_last_bgsave_status", "ok")
    field("rdb_last_bgsave_time_sec", -1)
    field("rdb_current_bgsave_time_sec", -1)
    for name in [
      "rdb_saves", "rdb_last_cow_size", "rdb_last_load_keys_expired", "rdb_last_load_keys_loaded",
      "aof_enabled", "aof_rewrite_in_progress", "aof_rewrite_scheduled",
    ] { field(name, 0) }
    field("aof_last_rewrite_time_sec", -1)
    field("aof_current_rewrite_time_sec", -1)
    field("aof_last_bgrewrite_status", "ok")
    field("aof_rewrites", 0)
    field("aof_rewrites_consecutive_failures", 0)
    field("aof_last_write_status", "ok")
    field("aof_last_cow_size", 0)
    field("module_fork_in_progress", 0)
    field("module_fork_last_cow_size", 0)
  }
}
