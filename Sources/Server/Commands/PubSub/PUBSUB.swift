import Engine
import RESP
import Shard

extension ServiceCommand {
  /// `PUBSUB subcommand`: who is subscribed to what, over all threads.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/pubsub/>
  static var pubsubCommand: ServiceCommand {
    let subcommands: [ServiceCommand] = [
      listing(
        "channels", "Lists the channels that have subscribers.", since: "2.8.0", of: .channel),
      counting(
        "numsub", "Counts the subscribers of channels.", since: "2.8.0", argument: "channel",
        of: .channel),
      pubsubPatterns,
      listing(
        "shardchannels", "Lists the shard channels that have subscribers.", since: "7.0.0",
        of: .shardChannel),
      counting(
        "shardnumsub", "Counts the subscribers of shard channels.", since: "7.0.0",
        argument: "shardchannel", of: .shardChannel),
      pubsubHelp,
    ]
    return ServiceCommand(
      Command(
        "pubsub", "Holds the commands that tell about subscriptions.",
        since: "2.8.0", group: .pubsub, complexity: "Depends on subcommand.",
        arity: .atLeast(2),
        subcommands: subcommands.map(\.command), execution: .container),
      subcommands: subcommands)
  }

  /// `PUBSUB CHANNELS [pattern]`, `PUBSUB SHARDCHANNELS [pattern]`
  private static func listing(
    _ name: StaticString, _ summary: String, since: String, of kind: SubscriptionKind
  ) -> ServiceCommand {
    ServiceCommand(
      Command(
        name, summary, since: since, group: .pubsub,
        complexity: "O(N) where N is the number of channels with subscribers.",
        arity: .atLeast(2), flags: [.pubsub, .loading, .stale],
        arguments: [.init("pattern", .pattern, .optional)],
        execution: .service)
    ) { worker, _, arguments, _, reply throws(CommandError) in
      guard arguments.count <= 3 else { throw .subcommandSyntax(arguments[1], of: "PUBSUB") }
      let pattern = arguments.count == 3 ? arguments[2] : nil
      let names = worker.server.channels.names(kind, matching: pattern)
      reply.array(names.count)
      for name in names { reply.bulk(name) }
    }
  }

  /// `PUBSUB NUMSUB [channel ...]`, `PUBSUB SHARDNUMSUB [shardchannel ...]`
  private static func counting(
    _ name: StaticString, _ summary: String, since: String, argument: String,
    of kind: SubscriptionKind
  ) -> ServiceCommand {
    ServiceCommand(
      Command(
        name, summary, since: since, group: .pubsub,
        complexity: "O(N) where N is the number of channels asked for.",
        arity: .atLeast(2), flags: [.pubsub, .loading, .stale],
        arguments: [.init(argument, .string, [.optional, .multiple])],
        execution: .service)
    ) { worker, _, arguments, _, reply throws(CommandError) in
      reply.array(2 * (arguments.count - 2))
      for index in 2..<arguments.count {
        reply.bulk(arguments[index])
        reply.integer(
          worker.server.channels.subscriberCount(
            kind, ChannelName(arguments[index], seed: worker.server.seed)))
      }
    }
  }

  /// `PUBSUB NUMPAT`
  private static let pubsubPatterns = ServiceCommand(
    Command(
      "numpat", "Counts the patterns that have subscribers.",
      since: "2.8.0", group: .pubsub, complexity: "O(1)",
      arity: .exactly(2), flags: [.pubsub, .loading, .stale],
      execution: .service)
  ) { worker, _, _, _, reply throws(CommandError) in
    reply.integer(worker.server.channels.count(.pattern))
  }

  private static let pubsubHelp = ServiceCommand(
    Command(
      "help", "Explains the subcommands.",
      since: "6.2.0", group: .pubsub, complexity: "O(1)",
      arity: .exactly(2), flags: [.loading, .stale],
      execution: .service)
  ) { _, _, _, _, reply throws(CommandError) in
    reply.help(
      "PUBSUB",
      [
        "CHANNELS [<pattern>]",
        "    List channels with subscribers, all or those that match <pattern>.",
        "NUMPAT",
        "    Count the patterns with subscribers.",
        "NUMSUB [<channel> ...]",
        "    Count the subscribers of each <channel>, patterns left out.",
        "SHARDCHANNELS [<pattern>]",
        "    List shard channels with subscribers, all or those that match <pattern>.",
        "SHARDNUMSUB [<shardchannel> ...]",
        "    Count the subscribers of each <shardchannel>.",
      ])
  }
}
