extension ServiceCommand {
  /// Connections, and what commands there are.
  static var connection: [ServiceCommand] {
    [.auth, .client, .commandCommand, .echo, .hello, .quit, .reset, .select]
  }
}
