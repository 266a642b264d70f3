extension DirectiveDefinition {
  /// Passwords, users and dangerous commands.
  ///
  /// The order is that of the section in Config/server.conf.
  static let security: [DirectiveDefinition] = [
    .text(.requirepass, "requirepass", default: "", flags: [.emptyIsAbsent, .sensitive]),
    .text(.aclfile, "aclfile", default: "", flags: [.immutable]),
    .integer(.acllogMaxLen, "acllog-max-len", 0...Int.max, default: 128),
    .choice(
      .aclPubsubDefault, "acl-pubsub-default", ["allchannels", "resetchannels"],
      default: "resetchannels"),
    .choice(
      .enableProtectedConfigs, "enable-protected-configs", ["no", "yes", "local"], default: "no",
      flags: [.immutable]),
    .choice(
      .enableDebugCommand, "enable-debug-command", ["no", "yes", "local"], default: "no",
      flags: [.immutable]),
    .choice(
      .enableModuleCommand, "enable-module-command", ["no", "yes", "local"], default: "no",
      flags: [.immutable]),
    .choice(
      .sanitizeDumpPayload, "sanitize-dump-payload", ["no", "yes", "clients"], default: "no"),
  ]
}
