extension DirectiveDefinition {
  /// Encodings, timers and scripts.
  ///
  /// The order is that of the section in Config/server.conf.
  static let engine: [DirectiveDefinition] = [
    .integer(.hz, "hz", 0...Int(Int32.max), default: 10, clampedTo: 1...500),
    .flag(.dynamicHz, "dynamic-hz", default: true),
    .flag(.activerehashing, "activerehashing", default: true),
    .integer(
      .busyReplyThreshold, "busy-reply-threshold", 0...Int.max, default: 5000,
      aliases: ["lua-time-limit"]),
    .flag(
      .luaEnableDeprecatedApi, "lua-enable-deprecated-api", default: false, flags: [.hidden, .immutable]),
    .integer(
      .hashMaxListpackEntries, "hash-max-listpack-entries", 0...Int.max, default: 512,
      aliases: ["hash-max-ziplist-entries"]),
    .memory(
      .hashMaxListpackValue, "hash-max-listpack-value", 0...Int.max, default: 64,
      aliases: ["hash-max-ziplist-value"]),
    .integer(
      .listMaxListpackSize, "list-max-listpack-size", Int(Int32.min)...Int(Int32.max),
      default: -2, aliases: ["list-max-ziplist-size"]),
    .integer(.listCompressDepth, "list-compress-depth", 0...Int(Int32.max), default: 0),
    .integer(.setMaxIntsetEntries, "set-max-intset-entries", 0...Int.max, default: 512),
    .integer(.setMaxListpackEntries, "set-max-listpack-entries", 0...Int.max, default: 128),
    .integer(.setMaxListpackValue, "set-max-listpack-value", 0...Int.max, default: 64),
    .integer(
      .zsetMaxListpackEntries, "zset-max-listpack-entries", 0...Int.max, default: 128,
      aliases: ["zset-max-ziplist-entries"]),
    .memory(
      .zsetMaxListpackValue, "zset-max-listpack-value", 0...Int.max, default: 64,
      aliases: ["zset-max-ziplist-value"]),
    .memory(.hllSparseMaxBytes, "hll-sparse-max-bytes", 0...Int.max, default: 3000),
    .memory(.streamNodeMaxBytes, "stream-node-max-bytes", 0...Int.max, default: 4096),
    .integer(.streamNodeMaxEntries, "stream-node-max-entries", 0...Int.max, default: 100),
    .flag(
      .vsetForceSingleThreadedExecution, "vset-force-single-threaded-execution", default: false),
  ]
}
