extension ServiceCommand {
  /// What operators and tests ask of the server as a whole.
  static var administration: [ServiceCommand] {
    [.config, .debug, .info, .lolwut, .memory, .shutdown, .time]
  }
}
