extension ServiceCommand {
  /// Every command this layer adds to the engine's.
  static var all: [ServiceCommand] {
    [.ping] + connection + keyspace + transactions + scripting + pubsub + administration + insight
      + persistence
  }

  /// Messages between clients.
  private static var pubsub: [ServiceCommand] {
    [
      .psubscribe, .publish, .pubsubCommand, .punsubscribe, .spublish, .ssubscribe, .subscribe,
      .sunsubscribe, .unsubscribe,
    ]
  }

  /// Commands that are run as one.
  private static var transactions: [ServiceCommand] {
    [.discard, .exec, .multi, .unwatch, .watch]
  }

  private static var scripting: [ServiceCommand] {
    [.eval, .evalsha, .evalRO, .evalshaRO, .fcall, .fcallRO, .function, .script]
  }

  /// Commands on keys that need more than one turn or one shard.
  private static var keyspace: [ServiceCommand] { [.keys, .randomkey, .scan, .wait] }
}
