import Engine
import RESP

extension ServiceCommand {
  /// `SUBSCRIBE channel [channel ...]`
  ///
  /// Replies with a push (in RESP2 an array) for each channel: `subscribe`, the channel, and how many channels and patterns
  /// the client is subscribed to then.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/subscribe/>
  static let subscribe = ServiceCommand(
    Command(
      "subscribe", "Begins to receive the messages of channels.",
      since: "2.0.0", group: .pubsub,
      complexity: "O(N) where N is the number of channels to subscribe to.",
      arity: .atLeast(2), flags: [.pubsub, .noScript, .loading, .stale],
      arguments: [.init("channel", .string, .multiple)],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    for index in 1..<arguments.count {
      worker.subscribe(connection, .channel, arguments[index], &reply)
    }
  }

  /// `PSUBSCRIBE pattern [pattern ...]`
  ///
  /// Replies as SUBSCRIBE does.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/psubscribe/>
  static let psubscribe = ServiceCommand(
    Command(
      "psubscribe", "Begins to receive the messages of all channels that match a pattern.",
      since: "2.0.0", group: .pubsub,
      complexity: "O(N) where N is the number of patterns to subscribe to.",
      arity: .atLeast(2), flags: [.pubsub, .noScript, .loading, .stale],
      arguments: [.init("pattern", .pattern, .multiple)],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    for index in 1..<arguments.count {
      worker.subscribe(connection, .pattern, arguments[index], &reply)
    }
  }

  /// `SSUBSCRIBE shardchannel [shardchannel ...]`
  ///
  /// Replies as SUBSCRIBE does; shard channels are counted by themselves.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/ssubscribe/>
  static let ssubscribe = ServiceCommand(
    Command(
      "ssubscribe", "Begins to receive the messages of shard channels.",
      since: "7.0.0", group: .pubsub,
      complexity: "O(N) where N is the number of shard channels to subscribe to.",
      arity: .atLeast(2), keys: [.range(1, last: -1, .notKey)],
      flags: [.pubsub, .noScript, .loading, .stale],
      arguments: [.init("shardchannel", .string, .multiple)],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    for index in 1..<arguments.count {
      worker.subscribe(connection, .shardChannel, arguments[index], &reply)
    }
  }
}
