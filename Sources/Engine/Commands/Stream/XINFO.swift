import RESP

extension Command {
  /// `XINFO subcommand`: what streams, groups and consumers are like.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xinfo/>
  package static let xinfo = Command(
    "xinfo", "Holds the commands that describe streams.",
    since: "5.0.0", group: .stream, complexity: "Depends on the subcommand.", arity: .atLeast(2),
    subcommands: [xinfoConsumers, xinfoGroups, xinfoHelp, xinfoStream],
    execution: .container)

  /// `XINFO STREAM key [FULL [COUNT count]]`
  ///
  /// Replies with a map. FULL shows the first 10 or `count` entries, and all groups with their pending entries, as
  /// many of them too; 0 for all.
  ///
  /// - Throws: `.noSuchKey`; `.wrongType`; `.subcommandSyntax`; `.notAnInteger`.
  private static let xinfoStream = Command(
    "stream", "Describes a stream.",
    since: "5.0.0", group: .stream, complexity: "O(1)", arity: .atLeast(3),
    keys: [.at(2, [.readOnly, .access])],
    flags: [.readOnly],
    arguments: [
      .key(),
      .block(
        "full-block", .optional,
        [
          .token("full", "FULL"),
          Argument("count", .integer, token: "COUNT", .optional),
        ]),
    ],
    history: [
      ("6.0.0", "The option `FULL`."),
      (
        "7.0.0",
        "The fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag`."
      ),
      ("7.2.0", "The field `active-time`, and another meaning of `seen-time`."),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let stream = try keyspace.stream(arguments[2], for: .read) else { throw .noSuchKey }
      if let count = try fullCount(arguments) {
        reply.map(9)
        reply.streamFields(stream)
        reply.bulk("entries")
        reply.streamEntries(stream, from: .zero, to: .max, count: count)
        reply.bulk("groups")
        reply.array(stream.body.groups.count)
        for group in stream.body.groups { reply.fullGroup(group, of: stream, count: count) }
      } else {
        reply.map(10)
        reply.streamFields(stream)
        reply.bulk("groups")
        reply.integer(stream.body.groups.count)
        reply.bulk("first-entry")
        if let entry = stream.body.firstEntry { reply.streamEntry(entry) } else { reply.null() }
        reply.bulk("last-entry")
        if let entry = stream.body.lastEntry { reply.streamEntry(entry) } else { reply.null() }
      }
    })

  /// How many of everything FULL is to show, 0 for all; nil without FULL.
  private static func fullCount(_ arguments: Arguments) throws(CommandError) -> Int? {
    if arguments.count == 3 { return nil }
    let isCounted = arguments.count == 6 && arguments[4].matches("count")
    guard arguments[3].matches("full"), arguments.count == 4 || isCounted else {
      throw .subcommandSyntax(arguments[1], of: "xinfo")
    }
    guard isCounted else { return 10 }
    let count = try arguments[5].integer()
    return count < 0 ? 10 : count
  }

  /// `XINFO GROUPS key`
  ///
  /// Replies with an array of maps, one a group.
  ///
  /// - Throws: `.noSuchKey`; `.wrongType`.
  private static let xinfoGroups = Command(
    "groups", "Lists the consumer groups of a stream.",
    since: "5.0.0", group: .stream, complexity: "O(1)", arity: .exactly(3),
    keys: [.at(2, [.readOnly, .access])],
    flags: [.readOnly],
    arguments: [
      .key()
    ],
    history: [("7.0.0", "The fields `entries-read` and `lag`.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let stream = try keyspace.stream(arguments[2], for: .read) else { throw .noSuchKey }
      reply.array(stream.body.groups.count)
      for group in stream.body.groups {
        reply.map(6)
        reply.bulk("name")
        reply.bulk(group.body.name)
        reply.bulk("consumers")
        reply.integer(group.body.consumers.count)
        reply.bulk("pending")
        reply.integer(group.body.pending.count)
        reply.progress(group, of: stream)
      }
    })

  /// `XINFO CONSUMERS key group`
  ///
  /// Replies with an array of maps, one a consumer.
  ///
  /// - Throws: `.noSuchKey`; `.wrongType`; `.noGroup`.
  private static let xinfoConsumers = Command(
    "consumers", "Lists the consumers of a group.",
    since: "5.0.0", group: .stream, complexity: "O(1)", arity: .exactly(4),
    keys: [.at(2, [.readOnly, .access])],
    flags: [.readOnly],
    tips: ["nondeterministic_output"],
    arguments: [
      .key(),
      Argument("group", .string),
    ],
    history: [("7.2.0", "The field `inactive`, and another meaning of `idle`.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let stream = try keyspace.stream(arguments[2], for: .read) else { throw .noSuchKey }
      guard let group = stream.body.group(arguments[3]) else {
        throw .noGroup(arguments[3], at: arguments[2])
      }
      reply.array(group.body.consumers.count)
      for consumer in group.body.consumers {
        reply.map(4)
        reply.bulk("name")
        reply.bulk(consumer.body.name)
        reply.bulk("pending")
        reply.integer(consumer.body.pending.count)
        reply.bulk("idle")
        reply.integer(max(Int(keyspace.now &- consumer.body.seenTime), 0))
        reply.bulk("inactive")
        reply.integer(consumer.body.activeTime.map { max(Int(keyspace.now &- $0), 0) } ?? -1)
      }
    })

  /// `XINFO HELP`
  private static let xinfoHelp = Command(
    "help", "Lists the subcommands.", since: "5.0.0", group: .stream, complexity: "O(1)",
    arity: .exactly(2), flags: [.loading, .stale], categories: .stream,
    execution: .oneShard { _, _, reply in
      reply.array(xinfoHelpLines.count)
      for line in xinfoHelpLines { reply.simple(line) }
    })

  private static let xinfoHelpLines: [StaticString] = [
    "XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CONSUMERS <key> <groupname>",
    "    Show consumers of <groupname>.",
    "GROUPS <key>",
    "    Show the stream consumer groups.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show information about the stream.",
    "HELP",
    "    Print this help.",
  ]
}

extension ReplyWriter {
  /// The seven fields that both forms of XINFO STREAM begin with.
  fileprivate mutating func streamFields(_ stream: Boxed<Stream>) {
    bulk("length")
    integer(stream.body.count)
    // Redis keeps nodes in a radix tree; here each node is a key, and there is one more inner node.
    bulk("radix-tree-keys")
    integer(stream.body.nodes.count)
    bulk("radix-tree-nodes")
    integer(stream.body.nodes.count + 1)
    bulk("last-generated-id")
    bulk(stream.body.lastID)
    bulk("max-deleted-entry-id")
    bulk(stream.body.maxDeletedID)
    bulk("entries-added")
    integer(stream.body.entriesAdded)
    bulk("recorded-first-entry-id")
    bulk(stream.body.firstID)
  }

  /// The three fields about how far a group has come.
  fileprivate mutating func progress(_ group: Boxed<StreamGroup>, of stream: Boxed<Stream>) {
    bulk("last-delivered-id")
    bulk(group.body.lastID)
    bulk("entries-read")
    if let entriesRead = group.body.entriesRead { integer(entriesRead) } else { null() }
    bulk("lag")
    if let lag = stream.body.lag(of: group.body) { integer(lag) } else { null() }
  }

  fileprivate mutating func fullGroup(
    _ group: Boxed<StreamGroup>, of stream: Boxed<Stream>, count: Int
  ) {
    map(7)
    bulk("name")
    bulk(group.body.name)
    progress(group, of: stream)
    bulk("pel-count")
    integer(group.body.pending.count)
    bulk("pending")
    let shown = count == 0 ? Int.max : count
    array(min(group.body.pending.count, shown))
    group.body.pending.forEachFirst(shown) { entry in
      array(4)
      bulk(entry.id)
      bulk(entry.consumer.body.name)
      integer(Int(entry.deliveryTime))
      integer(entry.deliveryCount)
    }
    bulk("consumers")
    array(group.body.consumers.count)
    for consumer in group.body.consumers { fullConsumer(consumer, of: group, shown: shown) }
  }

  private mutating func fullConsumer(
    _ consumer: Boxed<StreamConsumer>, of group: Boxed<StreamGroup>, shown: Int
  ) {
    map(5)
    bulk("name")
    bulk(consumer.body.name)
    bulk("seen-time")
    integer(Int(consumer.body.seenTime))
    bulk("active-time")
    integer(Int(consumer.body.activeTime ?? -1))
    bulk("pel-count")
    integer(consumer.body.pending.count)
    bulk("pending")
    array(min(consumer.body.pending.count, shown))
    consumer.body.pending.forEachFirst(shown) { id in
      guard let position = group.body.pending.find(id) else {
        preconditionFailure("a consumer has pending what its group has not")
      }
      let entry = group.body.pending[position]
      array(3)
      bulk(id)
      integer(Int(entry.deliveryTime))
      integer(entry.deliveryCount)
    }
  }
}
