extension DirectiveDefinition {
  /// Memory limit, eviction, expiry, freeing, defragmentation.
  ///
  /// The order is that of the section in Config/server.conf.
  static let memory: [DirectiveDefinition] = [
    .memory(.maxmemory, "maxmemory", 0...Int.max, default: 0),
    .choice(
      .maxmemoryPolicy, "maxmemory-policy",
      [
        "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl",
        "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction",
      ],
      default: "noeviction"),
    .integer(.maxmemorySamples, "maxmemory-samples", 1...Int(Int32.max), default: 5),
    .integer(.maxmemoryEvictionTenacity, "maxmemory-eviction-tenacity", 0...100, default: 10),
    .integer(.lfuLogFactor, "lfu-log-factor", 0...Int(Int32.max), default: 10),
    .integer(.lfuDecayTime, "lfu-decay-time", 0...Int(Int32.max), default: 1),
    .integer(.activeExpireEffort, "active-expire-effort", 1...10, default: 1),
    .flag(.lazyfreeLazyEviction, "lazyfree-lazy-eviction", default: false),
    .flag(.lazyfreeLazyExpire, "lazyfree-lazy-expire", default: false),
    .flag(.lazyfreeLazyServerDel, "lazyfree-lazy-server-del", default: false),
    .flag(.lazyfreeLazyUserDel, "lazyfree-lazy-user-del", default: false),
    .flag(.lazyfreeLazyUserFlush, "lazyfree-lazy-user-flush", default: false),
    .flag(.activedefrag, "activedefrag", default: true),
    .memory(
      .activeDefragIgnoreBytes, "active-defrag-ignore-bytes", 1...Int.max, default: 104_857_600),
    .integer(.activeDefragThresholdLower, "active-defrag-threshold-lower", 0...1000, default: 10),
    .integer(.activeDefragThresholdUpper, "active-defrag-threshold-upper", 0...1000, default: 100),
    .integer(.activeDefragCycleMin, "active-defrag-cycle-min", 1...99, default: 1),
    .integer(.activeDefragCycleMax, "active-defrag-cycle-max", 1...99, default: 25),
    .integer(.activeDefragCycleUs, "active-defrag-cycle-us", 0...100_000, default: 250),
    .integer(
      .activeDefragMaxScanFields, "active-defrag-max-scan-fields", 1...Int.max, default: 1000),
    .flag(.jemallocBgThread, "jemalloc-bg-thread", default: true),
  ]
}
