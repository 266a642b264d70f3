extension DirectiveDefinition {
  /// Encryption.
  ///
  /// The order is that of the section in Config/server.conf.
  static let tls: [DirectiveDefinition] = [
    .integer(.tlsPort, "tls-port", 0...65535, default: 0),
    .text(.tlsCertFile, "tls-cert-file", default: "", flags: [.emptyIsAbsent]),
    .text(.tlsKeyFile, "tls-key-file", default: "", flags: [.emptyIsAbsent]),
    .text(.tlsKeyFilePass, "tls-key-file-pass", default: "", flags: [.emptyIsAbsent, .sensitive]),
    .text(.tlsClientCertFile, "tls-client-cert-file", default: "", flags: [.emptyIsAbsent]),
    .text(.tlsClientKeyFile, "tls-client-key-file", default: "", flags: [.emptyIsAbsent]),
    .text(
      .tlsClientKeyFilePass, "tls-client-key-file-pass", default: "",
      flags: [.emptyIsAbsent, .sensitive]),
    .text(.tlsDhParamsFile, "tls-dh-params-file", default: "", flags: [.emptyIsAbsent]),
    .text(.tlsCaCertFile, "tls-ca-cert-file", default: "", flags: [.emptyIsAbsent]),
    .text(.tlsCaCertDir, "tls-ca-cert-dir", default: "", flags: [.emptyIsAbsent]),
    .choice(.tlsAuthClients, "tls-auth-clients", ["no", "yes", "optional"], default: "yes"),
    .choice(.tlsAuthClientsUser, "tls-auth-clients-user", ["CN", "URI", "off"], default: "off"),
    .flag(.tlsReplication, "tls-replication", default: false),
    .flag(.tlsCluster, "tls-cluster", default: false),
    .text(.tlsProtocols, "tls-protocols", default: "", flags: [.emptyIsAbsent]),
    .text(.tlsCiphers, "tls-ciphers", default: "", flags: [.emptyIsAbsent]),
    .text(.tlsCiphersuites, "tls-ciphersuites", default: "", flags: [.emptyIsAbsent]),
    .flag(.tlsPreferServerCiphers, "tls-prefer-server-ciphers", default: false),
    .flag(.tlsSessionCaching, "tls-session-caching", default: true),
    .integer(.tlsSessionCacheSize, "tls-session-cache-size", 0...Int(Int32.max), default: 20480),
    .integer(
      .tlsSessionCacheTimeout, "tls-session-cache-timeout", 0...Int(Int32.max), default: 300),
    .integer(.tlsAutoReloadInterval, "tls-auto-reload-interval", 0...Int(Int32.max), default: 0),
  ]
}
