extension ServiceCommand {
  /// Every command this layer adds to the engine's.
  static var all: [ServiceCommand] { [.ping] + connection }
}
