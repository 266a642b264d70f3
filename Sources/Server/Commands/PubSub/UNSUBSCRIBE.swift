import Engine
import RESP

extension ServiceCommand {
  /// `UNSUBSCRIBE [channel [channel ...]]`
  ///
  /// Replies with a push (in RESP2 an array) for each channel, or each that there was: `unsubscribe`, the channel, and how
  /// many channels and patterns are left. Without any, one with null for the channel.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/unsubscribe/>
  static let unsubscribe = ServiceCommand(
    Command(
      "unsubscribe", "Stops receiving the messages of channels.",
      since: "2.0.0", group: .pubsub,
      complexity: "O(N) where N is the number of channels to unsubscribe from.",
      arity: .atLeast(1), flags: [.pubsub, .noScript, .loading, .stale],
      arguments: [.init("channel", .string, [.optional, .multiple])],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    worker.unsubscribe(connection, .channel, names(arguments), &reply)
  }

  /// `PUNSUBSCRIBE [pattern [pattern ...]]`
  ///
  /// Replies as UNSUBSCRIBE does.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/punsubscribe/>
  static let punsubscribe = ServiceCommand(
    Command(
      "punsubscribe", "Stops receiving the messages of channels that match a pattern.",
      since: "2.0.0", group: .pubsub,
      complexity: "O(N) where N is the number of patterns to unsubscribe from.",
      arity: .atLeast(1), flags: [.pubsub, .noScript, .loading, .stale],
      arguments: [.init("pattern", .pattern, [.optional, .multiple])],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    worker.unsubscribe(connection, .pattern, names(arguments), &reply)
  }

  /// `SUNSUBSCRIBE [shardchannel [shardchannel ...]]`
  ///
  /// Replies as UNSUBSCRIBE does; shard channels are counted by themselves.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sunsubscribe/>
  static let sunsubscribe = ServiceCommand(
    Command(
      "sunsubscribe", "Stops receiving the messages of shard channels.",
      since: "7.0.0", group: .pubsub,
      complexity: "O(N) where N is the number of shard channels to unsubscribe from.",
      arity: .atLeast(1), keys: [.range(1, last: -1, .notKey)],
      flags: [.pubsub, .noScript, .loading, .stale],
      arguments: [.init("shardchannel", .string, [.optional, .multiple])],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    worker.unsubscribe(connection, .shardChannel, names(arguments), &reply)
  }

  private static func names(_ arguments: Arguments) -> [ByteView] {
    (1..<arguments.count).map { arguments[$0] }
  }
}
