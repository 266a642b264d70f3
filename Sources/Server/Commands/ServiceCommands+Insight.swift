extension ServiceCommand {
  /// What lets people look into the server.
  static var insight: [ServiceCommand] { [.commandlog, .hotkeys, .latency, .monitor, .slowlog] }
}
