extension DirectiveDefinition {
  /// Primary and replicas.
  ///
  /// The order is that of the section in Config/server.conf.
  static let replication: [DirectiveDefinition] = [
    .list(.replicaof, "replicaof", flags: [.immutable], aliases: ["slaveof"]),
    .text(
      .masterauth, "masterauth", default: "", flags: [.emptyIsAbsent, .sensitive],
      aliases: ["primaryauth"]),
    .text(
      .masteruser, "masteruser", default: "", flags: [.emptyIsAbsent, .sensitive],
      aliases: ["primaryuser"]),
    .flag(
      .replicaServeStaleData, "replica-serve-stale-data", default: true,
      aliases: ["slave-serve-stale-data"]),
    .flag(.replicaReadOnly, "replica-read-only", default: true, aliases: ["slave-read-only"]),
    .flag(
      .replicaIgnoreMaxmemory, "replica-ignore-maxmemory", default: true,
      aliases: ["slave-ignore-maxmemory"]),
    .flag(.replicaLazyFlush, "replica-lazy-flush", default: false, aliases: ["slave-lazy-flush"]),
    .flag(.replicaIgnoreDiskWriteErrors, "replica-ignore-disk-write-errors", default: false),
    .integer(
      .replicaPriority, "replica-priority", 0...Int(Int32.max), default: 100,
      aliases: ["slave-priority"]),
    .flag(.replicaAnnounced, "replica-announced", default: true),
    .text(
      .replicaAnnounceIp, "replica-announce-ip", default: "", flags: [.emptyIsAbsent],
      aliases: ["slave-announce-ip"]),
    .integer(
      .replicaAnnouncePort, "replica-announce-port", 0...65535, default: 0,
      aliases: ["slave-announce-port"]),
    .memory(.replicaFullSyncBufferLimit, "replica-full-sync-buffer-limit", 0...Int.max, default: 0),
    .integer(.replTimeout, "repl-timeout", 1...Int(Int32.max), default: 60),
    .integer(
      .replPingReplicaPeriod, "repl-ping-replica-period", 1...Int(Int32.max), default: 10,
      aliases: ["repl-ping-slave-period"]),
    .memory(
      .replBacklogSize, "repl-backlog-size", 1...Int.max, default: 1_048_576,
      clampedTo: 16_384...Int.max),
    .integer(.replBacklogTtl, "repl-backlog-ttl", 0...Int.max, default: 3600),
    .flag(.replDisableTcpNodelay, "repl-disable-tcp-nodelay", default: false),
    .flag(.replMptcp, "repl-mptcp", default: false, flags: [.immutable]),
    .flag(.replDisklessSync, "repl-diskless-sync", default: true),
    .integer(.replDisklessSyncDelay, "repl-diskless-sync-delay", 0...Int(Int32.max), default: 5),
    .integer(
      .replDisklessSyncMaxReplicas, "repl-diskless-sync-max-replicas", 0...Int(Int32.max),
      default: 0),
    .choice(
      .replDisklessLoad, "repl-diskless-load", ["disabled", "on-empty-db", "swapdb"],
      default: "disabled"),
    .flag(.dualChannelReplicationEnabled, "dual-channel-replication-enabled", default: false),
    .integer(
      .minReplicasToWrite, "min-replicas-to-write", 0...Int(Int32.max), default: 0,
      aliases: ["min-slaves-to-write"]),
    .integer(
      .minReplicasMaxLag, "min-replicas-max-lag", 0...Int(Int32.max), default: 10,
      aliases: ["min-slaves-max-lag"]),
    .choice(
      .propagationErrorBehavior, "propagation-error-behavior",
      ["ignore", "panic", "panic-on-replicas"], default: "ignore"),
  ]
}
