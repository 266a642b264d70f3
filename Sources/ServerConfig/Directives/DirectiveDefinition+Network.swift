extension DirectiveDefinition {
  /// Listeners and connections.
  ///
  /// The order is that of the section in Config/server.conf.
  static let network: [DirectiveDefinition] = [
    .list(.bind, "bind"),
    .text(.bindSourceAddr, "bind-source-addr", default: "", flags: [.emptyIsAbsent]),
    .integer(.port, "port", 0...65535, default: 6379),
    .flag(.protectedMode, "protected-mode", default: true),
    .integer(.tcpBacklog, "tcp-backlog", 0...Int(Int32.max), default: 511, flags: [.immutable]),
    .text(.unixsocket, "unixsocket", default: "", flags: [.immutable, .emptyIsAbsent]),
    .octal(.unixsocketperm, "unixsocketperm", 0...0o777, default: 0, flags: [.immutable]),
    .text(.unixsocketgroup, "unixsocketgroup", default: "", flags: [.immutable, .emptyIsAbsent]),
    .integer(.timeout, "timeout", 0...Int(Int32.max), default: 0),
    .integer(.tcpKeepalive, "tcp-keepalive", 0...Int(Int32.max), default: 300),
    .integer(.socketMarkId, "socket-mark-id", 0...4_294_967_295, default: 0, flags: [.immutable]),
    .flag(.mptcp, "mptcp", default: false, flags: [.immutable]),
    .integer(.maxNewConnectionsPerCycle, "max-new-connections-per-cycle", 1...1000, default: 10),
    .integer(
      .maxNewTlsConnectionsPerCycle, "max-new-tls-connections-per-cycle", 1...1000, default: 1),
  ]
}
