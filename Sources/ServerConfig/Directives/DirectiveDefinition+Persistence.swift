extension DirectiveDefinition {
  /// Snapshots and the append-only file.
  ///
  /// The order is that of the section in Config/server.conf.
  static let persistence: [DirectiveDefinition] = [
    .text(.dir, "dir", default: ".", flags: [.protected]),
    .list(.save, "save"),
    .text(
      .dbfilename, "dbfilename", default: "dump.rdb", check: TextCheck.dumpFileName,
      flags: [.protected]),
    .choice(.snapshotFormat, "snapshot-format", ["single", "shards"], default: "single"),
    .flag(.stopWritesOnBgsaveError, "stop-writes-on-bgsave-error", default: true),
    .flag(.rdbcompression, "rdbcompression", default: true),
    .flag(.rdbchecksum, "rdbchecksum", default: true, flags: [.immutable]),
    .choice(.rdbVersionCheck, "rdb-version-check", ["strict", "relaxed"], default: "strict"),
    .flag(.rdbDelSyncFiles, "rdb-del-sync-files", default: false),
    .flag(.rdbSaveIncrementalFsync, "rdb-save-incremental-fsync", default: true),
    .integer(
      .rdbKeySaveDelay, "rdb-key-save-delay", Int(Int32.min)...Int(Int32.max), default: 0,
      flags: [.hidden]),
    .integer(
      .keyLoadDelay, "key-load-delay", Int(Int32.min)...Int(Int32.max), default: 0,
      flags: [.hidden]),
    .integer(
      .loadingProcessEventsIntervalBytes, "loading-process-events-interval-bytes",
      1024...Int(Int32.max), default: 2_097_152, flags: [.hidden]),
    .flag(.appendonly, "appendonly", default: false),
    .text(
      .appendfilename, "appendfilename", default: "appendonly.aof",
      check: TextCheck.appendFileName, flags: [.immutable]),
    .text(
      .appenddirname, "appenddirname", default: "appendonlydir",
      check: TextCheck.appendDirectoryName, flags: [.immutable]),
    .choice(.appendfsync, "appendfsync", ["everysec", "always", "no"], default: "everysec"),
    .flag(.noAppendfsyncOnRewrite, "no-appendfsync-on-rewrite", default: false),
    .integer(
      .autoAofRewritePercentage, "auto-aof-rewrite-percentage", 0...Int(Int32.max), default: 100),
    .memory(.autoAofRewriteMinSize, "auto-aof-rewrite-min-size", 0...Int.max, default: 67_108_864),
    .flag(.aofLoadTruncated, "aof-load-truncated", default: true),
    .flag(.aofUseRdbPreamble, "aof-use-rdb-preamble", default: true),
    .flag(.aofTimestampEnabled, "aof-timestamp-enabled", default: false),
    .flag(.aofRewriteIncrementalFsync, "aof-rewrite-incremental-fsync", default: true),
    .flag(.aofDisableAutoGc, "aof-disable-auto-gc", default: false),
  ]
}
