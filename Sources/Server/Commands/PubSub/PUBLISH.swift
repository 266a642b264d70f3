import Engine
import RESP

extension ServiceCommand {
  /// `PUBLISH channel message`
  ///
  /// Replies with an Integer: how many receive it, over all threads.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/publish/>
  static let publish = ServiceCommand(
    Command(
      "publish", "Sends a message to all subscribers of a channel.",
      since: "2.0.0", group: .pubsub,
      complexity:
        "O(N+M) where N is the number of subscribers of the channel and M is the number of patterns that any client is subscribed to.",
      arity: .exactly(3), flags: [.pubsub, .loading, .stale, .fast, .mayReplicate],
      arguments: [.init("channel", .string), .init("message", .string)],
      execution: .service)
  ) { worker, connection, arguments, keyspace, reply throws(CommandError) in
    worker.publishEvents(&keyspace)
    reply.integer(worker.publish(arguments[1], arguments[2], isSharded: false))
    worker.holdBackIfFlooding(connection)
  }

  /// `SPUBLISH shardchannel message`
  ///
  /// Replies with an Integer: how many receive it, over all threads.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/spublish/>
  static let spublish = ServiceCommand(
    Command(
      "spublish", "Sends a message to all subscribers of a shard channel.",
      since: "7.0.0", group: .pubsub,
      complexity: "O(N) where N is the number of subscribers of the shard channel.",
      arity: .exactly(3), keys: [.at(1, .notKey)],
      flags: [.pubsub, .loading, .stale, .fast, .mayReplicate],
      arguments: [.init("shardchannel", .string), .init("message", .string)],
      execution: .service)
  ) { worker, connection, arguments, keyspace, reply throws(CommandError) in
    worker.publishEvents(&keyspace)
    reply.integer(worker.publish(arguments[1], arguments[2], isSharded: true))
    worker.holdBackIfFlooding(connection)
  }
}
