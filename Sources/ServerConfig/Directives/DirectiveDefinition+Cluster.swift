extension DirectiveDefinition {
  /// Slots and the cluster bus.
  ///
  /// The order is that of the section in Config/server.conf.
  static let cluster: [DirectiveDefinition] = [
    .flag(.clusterEnabled, "cluster-enabled", default: false, flags: [.immutable]),
    .text(.clusterConfigFile, "cluster-config-file", default: "nodes.conf", flags: [.immutable]),
    .choice(
      .clusterConfigSaveBehavior, "cluster-config-save-behavior", ["sync", "best-effort"],
      default: "sync"),
    .integer(.clusterNodeTimeout, "cluster-node-timeout", 0...Int.max, default: 15_000),
    .integer(.clusterPort, "cluster-port", 0...65535, default: 0, flags: [.immutable]),
    .integer(
      .clusterDatabases, "cluster-databases", 1...Int(Int32.max), default: 1, flags: [.immutable]),
    .integer(.clusterMigrationBarrier, "cluster-migration-barrier", 0...Int(Int32.max), default: 1),
    .flag(.clusterAllowReplicaMigration, "cluster-allow-replica-migration", default: true),
    .integer(
      .clusterReplicaValidityFactor, "cluster-replica-validity-factor", 0...Int(Int32.max),
      default: 10, aliases: ["cluster-slave-validity-factor"]),
    .flag(
      .clusterReplicaNoFailover, "cluster-replica-no-failover", default: false,
      aliases: ["cluster-slave-no-failover"]),
    .flag(.clusterRequireFullCoverage, "cluster-require-full-coverage", default: true),
    .flag(.clusterAllowReadsWhenDown, "cluster-allow-reads-when-down", default: false),
    .flag(.clusterAllowPubsubshardWhenDown, "cluster-allow-pubsubshard-when-down", default: true),
    .memory(.clusterLinkSendbufLimit, "cluster-link-sendbuf-limit", 0...Int.max, default: 0),
    .text(.clusterAnnounceIp, "cluster-announce-ip", default: "", flags: [.emptyIsAbsent]),
    .integer(.clusterAnnouncePort, "cluster-announce-port", 0...65535, default: 0),
    .integer(.clusterAnnounceTlsPort, "cluster-announce-tls-port", 0...65535, default: 0),
    .integer(.clusterAnnounceBusPort, "cluster-announce-bus-port", 0...65535, default: 0),
    .text(
      .clusterAnnounceClientIpv4, "cluster-announce-client-ipv4", default: "",
      flags: [.emptyIsAbsent]),
    .text(
      .clusterAnnounceClientIpv6, "cluster-announce-client-ipv6", default: "",
      flags: [.emptyIsAbsent]),
    .integer(.clusterAnnounceClientPort, "cluster-announce-client-port", 0...65535, default: 0),
    .integer(
      .clusterAnnounceClientTlsPort, "cluster-announce-client-tls-port", 0...65535, default: 0),
    .text(
      .clusterAnnounceHostname, "cluster-announce-hostname", default: "",
      check: TextCheck.hostname, flags: [.emptyIsAbsent]),
    .text(
      .clusterAnnounceHumanNodename, "cluster-announce-human-nodename", default: "",
      check: TextCheck.nodeName, flags: [.emptyIsAbsent]),
    .choice(
      .clusterPreferredEndpointType, "cluster-preferred-endpoint-type",
      ["ip", "hostname", "unknown-endpoint"], default: "ip"),
    .flag(.clusterSlotStatsEnabled, "cluster-slot-stats-enabled", default: false),
    .integer(
      .clusterCompatibilitySampleRatio, "cluster-compatibility-sample-ratio", 0...100, default: 0),
    .integer(.clusterBlacklistTtl, "cluster-blacklist-ttl", 0...Int.max, default: 60),
    .integer(
      .clusterManualFailoverTimeout, "cluster-manual-failover-timeout", 1...Int(Int32.max),
      default: 5000),
    .integer(
      .clusterSlotMigrationLogMaxLen, "cluster-slot-migration-log-max-len", 0...Int.max,
      default: 1000),
    .memory(
      .slotMigrationMaxFailoverReplBytes, "slot-migration-max-failover-repl-bytes",
      (-1)...Int.max, default: 0),
  ]
}
