extension ServiceCommand {
  /// Every command this layer adds to the engine's.
  static var all: [ServiceCommand] { [.ping] + connection + keyspace + administration }

  /// Commands on keys that need more than one turn or one shard.
  private static var keyspace: [ServiceCommand] { [.keys, .randomkey, .scan, .wait] }
}
