extension ServiceCommand {
  /// Every command this layer adds to the engine's.
  static var all: [ServiceCommand] {
    [.ping] + connection + keyspace + transactions + administration + insight + persistence
  }

  /// Commands that are run as one.
  private static var transactions: [ServiceCommand] {
    [.discard, .exec, .multi, .unwatch, .watch]
  }

  /// Commands on keys that need more than one turn or one shard.
  private static var keyspace: [ServiceCommand] { [.keys, .randomkey, .scan, .wait] }
}
