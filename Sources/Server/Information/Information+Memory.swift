import Engine
import Scripting
import ServerConfig

extension Information {
  mutating func writeMemory() {
    title("Memory")
    bytes("used_memory", memory.allocated)
    bytes("used_memory_rss", memory.residentSet)
    bytes("used_memory_peak", memory.peak)
    field("used_memory_peak_time", memory.peakTime)
    field("used_memory_peak_perc", percent(HumanText.ratio(memory.allocated, memory.peak) * 100))
    field("used_memory_overhead", memory.overhead)
    field("used_memory_startup", memory.startup)
    field("used_memory_dataset", memory.dataset)
    field("used_memory_dataset_perc", percent(memory.datasetPercentage))
    field("allocator_allocated", memory.allocated)
    field("allocator_active", memory.active)
    field("allocator_resident", memory.resident)
    field("allocator_muzzy", 0)
    bytes("total_system_memory", memory.system)
    writeScriptMemory()
    bytes("maxmemory", configuration[.maxmemory])
    field("maxmemory_policy", configuration[.maxmemoryPolicy])
    ratio("allocator_frag", memory.active, memory.allocated)
    ratio("allocator_rss", memory.resident, memory.active)
    ratio("rss_overhead", memory.residentSet, memory.resident)
    ratio("mem_fragmentation", memory.residentSet, memory.allocated)
    field("mem_not_counted_for_evict", server.memory.uncounted)
    field("mem_page_overrun", server.memory.overrun)
    for name in [
      "mem_replication_backlog", "mem_total_replication_buffers",
      "mem_replica_full_sync_buffer", "mem_clients_slaves",
    ] { field(name, 0) }
    field("mem_clients_normal", memory.clients)
    field("mem_cluster_links", 0)
    field("mem_aof_buffer", sum(\.journalQueuedByteCount))
    field("mem_allocator", MemoryReport.allocator)
    field("mem_overhead_db_hashtable_rehashing", 0)
    field("active_defrag_running", reports.map(\.defragmentation.effort).max() ?? 0)
    field("lazyfree_pending_objects", sum(\.garbageCount))
    field("lazyfreed_objects", sum(\.keyspace.lazilyFreedObjects))
  }

  /// The interpreters, and what is kept to be run by them. One interpreter a thread runs scripts and functions.
  private mutating func writeScriptMemory() {
    let interpreters = sum(\.interpreterByteCount)
    let libraries = server.libraries.all
    let functionBytes = libraries.reduce(0) { $0 + $1.text.count }
    field("used_memory_lua", interpreters)
    field("used_memory_vm_eval", interpreters)
    field("used_memory_lua_human", HumanText.bytes(interpreters))
    field("used_memory_scripts_eval", server.scripts.byteCount)
    field("number_of_cached_scripts", server.scripts.count)
    field("number_of_functions", libraries.reduce(0) { $0 + $1.functions.count })
    field("number_of_libraries", libraries.count)
    field("used_memory_vm_functions", 0)
    bytes("used_memory_vm_total", interpreters)
    field("used_memory_functions", functionBytes)
    bytes("used_memory_scripts", server.scripts.byteCount + functionBytes)
  }

  private mutating func ratio(_ name: String, _ value: Int, _ whole: Int) {
    field("\(name)_ratio", HumanText.fixed(HumanText.ratio(value, whole), 2))
    field("\(name)_bytes", value - whole)
  }

  private func percent(_ value: Double) -> String { HumanText.fixed(value, 2) + "%" }
}
