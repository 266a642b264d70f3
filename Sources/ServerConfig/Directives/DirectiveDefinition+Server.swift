extension DirectiveDefinition {
  /// The process: identity, threads, logging, shutdown.
  ///
  /// The order is that of the section in Config/server.conf.
  static let server: [DirectiveDefinition] = [
    .integer(.shards, "shards", 0...1024, default: 0, flags: [.immutable]),
    .choice(.pipelineOrder, "pipeline-order", ["relaxed", "strict"], default: "relaxed"),
    .integer(.arrivalBatchUsec, "arrival-batch-usec", 0...10_000, default: 250),
    .flag(.daemonize, "daemonize", default: false, flags: [.immutable]),
    .text(.pidfile, "pidfile", default: "", flags: [.immutable, .emptyIsAbsent]),
    .choice(
      .supervised, "supervised", ["upstart", "systemd", "auto", "no"], default: "no",
      flags: [.immutable]),
    .integer(.databases, "databases", 1...Int(Int32.max), default: 16, flags: [.immutable]),
    .choice(.loglevel, "loglevel", ["debug", "verbose", "notice", "warning"], default: "notice"),
    .text(.logfile, "logfile", default: "", flags: [.immutable]),
    .choice(.logFormat, "log-format", ["legacy", "logfmt", "json"], default: "legacy"),
    .choice(
      .logTimestampFormat, "log-timestamp-format", ["legacy", "iso8601", "milliseconds"],
      default: "legacy"),
    .flag(.hideUserDataFromLog, "hide-user-data-from-log", default: false),
    .flag(.syslogEnabled, "syslog-enabled", default: false, flags: [.immutable]),
    .text(.syslogIdent, "syslog-ident", default: "redis", flags: [.immutable]),
    .choice(
      .syslogFacility, "syslog-facility",
      ["user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
      default: "local0", flags: [.immutable]),
    .flag(.alwaysShowLogo, "always-show-logo", default: false, flags: [.immutable]),
    .flag(.setProcTitle, "set-proc-title", default: true, flags: [.immutable]),
    .text(
      .procTitleTemplate, "proc-title-template", default: "{title} {listen-addr} {server-mode}",
      check: TextCheck.processTitle),
    .text(.localeCollate, "locale-collate", default: ""),
    .flag(.crashLogEnabled, "crash-log-enabled", default: true),
    .flag(.crashMemcheckEnabled, "crash-memcheck-enabled", default: true),
    .flag(.useExitOnPanic, "use-exit-on-panic", default: false, flags: [.hidden]),
    .integer(.watchdogPeriod, "watchdog-period", 0...Int(Int32.max), default: 0, flags: [.hidden]),
    .list(.shutdownOnSigint, "shutdown-on-sigint"),
    .list(.shutdownOnSigterm, "shutdown-on-sigterm"),
    .integer(.shutdownTimeout, "shutdown-timeout", 0...Int(Int32.max), default: 10),
    .choice(
      .oomScoreAdj, "oom-score-adj", ["no", "yes", "relative", "absolute"], default: "no",
      synonyms: ["relative": "yes"]),
    .list(.oomScoreAdjValues, "oom-score-adj-values"),
    .flag(.disableThp, "disable-thp", default: true, flags: [.immutable]),
    .text(
      .serverCpulist, "server-cpulist", default: "", flags: [.immutable, .emptyIsAbsent],
      aliases: ["server_cpulist"]),
    .text(
      .bioCpulist, "bio-cpulist", default: "", flags: [.immutable, .emptyIsAbsent],
      aliases: ["bio_cpulist"]),
    .text(
      .aofRewriteCpulist, "aof-rewrite-cpulist", default: "", flags: [.immutable, .emptyIsAbsent],
      aliases: ["aof_rewrite_cpulist"]),
    .text(
      .bgsaveCpulist, "bgsave-cpulist", default: "", flags: [.immutable, .emptyIsAbsent],
      aliases: ["bgsave_cpulist"]),
    .integer(.ioThreads, "io-threads", 1...128, default: 1, flags: [.immutable]),
    .flag(.ioThreadsDoReads, "io-threads-do-reads", default: false, flags: [.immutable]),
    .integer(.prefetchBatchMaxSize, "prefetch-batch-max-size", 0...128, default: 16),
    .text(.ignoreWarnings, "ignore-warnings", default: ""),
    .text(.availabilityZone, "availability-zone", default: ""),
    .text(.hashSeed, "hash-seed", default: "", flags: [.immutable, .emptyIsAbsent]),
    .flag(.extendedRedisCompatibility, "extended-redis-compatibility", default: false),
    .flag(.importMode, "import-mode", default: false),
  ]
}
