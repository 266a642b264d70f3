import Persistence
import Synchronization

extension Information {
  mutating func writePersistence() {
    title("Persistence")
    let state = server.persistence.state.withLock { $0 }
    let now = WallClock.milliseconds
    writeLoading(state, now)
    writeSnapshots(state, now)
    writeAppendOnly(state, now)
    field("module_fork_in_progress", 0)
    field("module_fork_last_cow_size", 0)
    writeAppendOnlySizes(state)
  }

  private mutating func writeLoading(_ state: Persistence.State, _ now: Int64) {
    field("loading", state.loading == nil ? 0 : 1)
    field("async_loading", 0)
    if let loading = state.loading {
      let total = loading.totalBytes.load(ordering: .relaxed)
      let loaded = loading.loadedBytes.load(ordering: .relaxed)
      let elapsed = max(now - loading.startedAt, 1)
      let part = total > 0 ? Double(loaded) / Double(total) : 0
      field("loading_start_time", loading.startedAt / 1000)
      field("loading_total_bytes", total)
      field("loading_rdb_used_mem", loading.formerMemory.load(ordering: .relaxed))
      field("loading_loaded_bytes", loaded)
      field("loading_loaded_perc", HumanText.fixed(part * 100, 2))
      let left = loaded > 0 ? Double(elapsed) / 1000 * (1 - part) / max(part, 0.0001) : 1
      field("loading_eta_seconds", Int(left))
    }
  }

  private mutating func writeSnapshots(_ state: Persistence.State, _ now: Int64) {
    // No fork, no copies.
    for name in ["current_cow_peak", "current_cow_size", "current_cow_size_age"] { field(name, 0) }
    let running = state.save ?? state.rewrite
    let saved = running?.snapshot.savedKeys.load(ordering: .relaxed) ?? 0
    let total = running?.snapshot.totalKeys.load(ordering: .relaxed) ?? 0
    field("current_fork_perc", HumanText.fixed(total > 0 ? Double(saved) / Double(total) * 100 : 0, 2))
    field("current_save_keys_processed", saved)
    field("current_save_keys_total", total)
    field("rdb_changes_since_last_save", sum(\.changeCount) - state.changesAtSave)
    field("rdb_bgsave_in_progress", state.save == nil ? 0 : 1)
    field("rdb_last_save_time", state.lastSave / 1000)
    field("rdb_last_bgsave_status", state.lastSaveSucceeded ? "ok" : "err")
    field("rdb_last_bgsave_time_sec", state.lastSaveSeconds ?? -1)
    field("rdb_current_bgsave_time_sec", state.save.map { Int((now - $0.startedAt) / 1000) } ?? -1)
    field("rdb_saves", state.saveCount)
    field("rdb_last_cow_size", 0)
    field("rdb_last_load_keys_expired", state.keysExpired)
    field("rdb_last_load_keys_loaded", state.keysLoaded)
  }

  private mutating func writeAppendOnly(_ state: Persistence.State, _ now: Int64) {
    field("aof_enabled", state.isAppending ? 1 : 0)
    field("aof_rewrite_in_progress", state.rewrite == nil ? 0 : 1)
    field("aof_rewrite_scheduled", state.isRewriteScheduled ? 1 : 0)
    field("aof_last_rewrite_time_sec", state.lastRewriteSeconds ?? -1)
    field("aof_current_rewrite_time_sec", state.rewrite.map { Int((now - $0.startedAt) / 1000) } ?? -1)
    field("aof_last_bgrewrite_status", state.lastRewriteSucceeded ? "ok" : "err")
    field("aof_rewrites", state.rewriteCount)
    field("aof_rewrites_consecutive_failures", state.failedRewrites)
    field("aof_last_write_status", state.journalFailures.isEmpty ? "ok" : "err")
    field("aof_last_cow_size", 0)
  }

  private mutating func writeAppendOnlySizes(_ state: Persistence.State) {
    guard state.isAppending else { return }
    field("aof_current_size", state.baseByteCount + sum(\.journalFileByteCount))
    field("aof_base_size", state.baseByteCount)
    field("aof_pending_rewrite", 0)
    field("aof_buffer_length", sum(\.journalQueuedByteCount))
    field("aof_pending_bio_fsync", 0)
    field("aof_delayed_fsync", 0)
  }
}
