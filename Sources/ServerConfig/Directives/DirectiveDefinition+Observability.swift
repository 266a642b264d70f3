extension DirectiveDefinition {
  /// Slow log, latency, events.
  ///
  /// The order is that of the section in Config/server.conf.
  static let observability: [DirectiveDefinition] = [
    .integer(
      .slowlogLogSlowerThan, "slowlog-log-slower-than", (-1)...Int.max, default: 10_000,
      aliases: ["commandlog-execution-slower-than"]),
    .integer(
      .slowlogMaxLen, "slowlog-max-len", 0...Int.max, default: 128,
      aliases: ["commandlog-slow-execution-max-len"]),
    .integer(
      .commandlogRequestLargerThan, "commandlog-request-larger-than", (-1)...Int.max,
      default: 1_048_576),
    .integer(
      .commandlogLargeRequestMaxLen, "commandlog-large-request-max-len", 0...Int.max, default: 128),
    .integer(
      .commandlogReplyLargerThan, "commandlog-reply-larger-than", (-1)...Int.max,
      default: 1_048_576),
    .integer(
      .commandlogLargeReplyMaxLen, "commandlog-large-reply-max-len", 0...Int.max, default: 128),
    .integer(.latencyMonitorThreshold, "latency-monitor-threshold", 0...Int.max, default: 0),
    .flag(.latencyTracking, "latency-tracking", default: true),
    .list(.latencyTrackingInfoPercentiles, "latency-tracking-info-percentiles"),
    .list(.notifyKeyspaceEvents, "notify-keyspace-events"),
    .integer(.metricsPort, "metrics-port", 0...65535, default: 0, flags: [.immutable]),
    .text(.metricsBind, "metrics-bind", default: "127.0.0.1", flags: [.immutable]),
  ]
}
