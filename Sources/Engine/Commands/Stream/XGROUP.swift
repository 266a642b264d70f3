import RESP

extension Command {
  /// `XGROUP subcommand`: makes, changes and removes consumer groups.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xgroup/>
  package static let xgroup = Command(
    "xgroup", "Holds the commands about consumer groups.",
    since: "5.0.0", group: .stream, complexity: "Depends on the subcommand.", arity: .atLeast(2),
    subcommands: [
      xgroupCreate, xgroupCreateConsumer, xgroupDelConsumer, xgroupDestroy, xgroupHelp,
      xgroupSetID,
    ],
    execution: .container)

  /// `XGROUP CREATE key group id | $ [MKSTREAM] [ENTRIESREAD entries-read]`
  ///
  /// Replies with OK.
  ///
  /// - Throws: `.wrongType`; `.groupNeedsKey`; `.groupExists`; `.invalidStreamID`; `.notAnInteger`;
  ///   `.subcommandSyntax`.
  private static let xgroupCreate = Command(
    "create", "Makes a consumer group.",
    since: "5.0.0", group: .stream, complexity: "O(1)", arity: .atLeast(5),
    keys: [.at(2, [.readWrite, .insert])],
    flags: [.write, .denyOOM],
    arguments: [
      .key(),
      Argument("group", .string),
      .oneOf(
        "id-selector", [],
        [
          Argument("id", .string),
          .token("new-id", "$"),
        ]),
      .token("mkstream", "MKSTREAM", .optional),
      Argument("entriesread", .integer, token: "ENTRIESREAD", .optional),
    ],
    history: [("7.0.0", "The argument `entries_read`.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let options = try GroupOptions(arguments, makesStream: true)
      let found = try keyspace.stream(arguments[2], for: .write)
      if found == nil, !options.makesStream { throw .groupNeedsKey }
      guard arguments.count <= 8 else { throw .subcommandSyntax(arguments[1], of: "xgroup") }
      let word = arguments[4]
      let id = word == "$" ? found?.body.lastID ?? .zero : try word.streamID()
      let stream = found ?? keyspace.create(StreamValue.self, arguments[2]).stream
      let group = StreamGroup(
        name: arguments[3].bytes, lastID: id, entriesRead: options.entriesRead(in: stream))
      guard stream.body.addGroup(group) != nil else { throw .groupExists }
      keyspace.changed(arguments[2])
      keyspace.notify(.stream, "xgroup-create", arguments[2])
      reply.ok()
    })

  /// `XGROUP SETID key group id | $ [ENTRIESREAD entries-read]`
  ///
  /// Replies with OK.
  ///
  /// - Throws: `.wrongType`; `.groupNeedsKey`; `.noGroup`; `.invalidStreamID`; `.notAnInteger`;
  ///   `.subcommandSyntax`.
  private static let xgroupSetID = Command(
    "setid", "Sets the ID up to which a consumer group has delivered entries.",
    since: "5.0.0", group: .stream, complexity: "O(1)", arity: .atLeast(5),
    keys: [.at(2, [.readWrite, .update])],
    flags: [.write],
    arguments: [
      .key(),
      Argument("group", .string),
      .oneOf(
        "id-selector", [],
        [
          Argument("id", .string),
          .token("new-id", "$"),
        ]),
      Argument("entriesread", .integer, token: "ENTRIESREAD", .optional),
    ],
    history: [("7.0.0", "The argument `entries_read`.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let options = try GroupOptions(arguments, makesStream: false)
      let (stream, group) = try group(&keyspace, arguments)
      guard arguments.count <= 7 else { throw .subcommandSyntax(arguments[1], of: "xgroup") }
      let word = arguments[4]
      group.body.lastID = word == "$" ? stream.body.lastID : try word.streamID(edges: true)
      group.body.entriesRead = options.entriesRead(in: stream)
      keyspace.changed(arguments[2])
      keyspace.notify(.stream, "xgroup-setid", arguments[2])
      reply.ok()
    })

  /// `XGROUP DESTROY key group`
  ///
  /// Replies with an Integer: 1 if there was such a group, else 0.
  ///
  /// - Throws: `.wrongType`; `.groupNeedsKey`.
  private static let xgroupDestroy = Command(
    "destroy", "Removes a consumer group, with all that is pending in it.",
    since: "5.0.0", group: .stream,
    complexity: "O(N) in the number of pending entries",
    arity: .exactly(4),
    keys: [.at(2, [.readWrite, .delete])],
    flags: [.write],
    arguments: [
      .key(),
      Argument("group", .string),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let stream = try keyspace.stream(arguments[2], for: .write) else {
        throw .groupNeedsKey
      }
      let isRemoved = stream.body.removeGroup(arguments[3])
      if isRemoved {
        keyspace.changed(arguments[2])
        keyspace.notify(.stream, "xgroup-destroy", arguments[2])
      }
      reply.integer(isRemoved ? 1 : 0)
    })

  /// `XGROUP CREATECONSUMER key group consumer`
  ///
  /// Replies with an Integer: 1 for a new consumer, 0 if there was one of that name.
  ///
  /// - Throws: `.wrongType`; `.groupNeedsKey`; `.noGroup`.
  private static let xgroupCreateConsumer = Command(
    "createconsumer", "Makes a consumer in a group.",
    since: "6.2.0", group: .stream, complexity: "O(1)", arity: .exactly(5),
    keys: [.at(2, [.readWrite, .insert])],
    flags: [.write, .denyOOM],
    arguments: [
      .key(),
      Argument("group", .string),
      Argument("consumer", .string),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let (_, group) = try group(&keyspace, arguments)
      let new = StreamConsumer(name: arguments[4].bytes, seenTime: keyspace.now)
      let isNew = group.body.addConsumer(new) != nil
      if isNew {
        keyspace.changed(arguments[2])
        keyspace.notify(.stream, "xgroup-createconsumer", arguments[2])
      }
      reply.integer(isNew ? 1 : 0)
    })

  /// `XGROUP DELCONSUMER key group consumer`
  ///
  /// Replies with an Integer: how many entries the consumer had pending. Nobody has them pending then.
  ///
  /// - Throws: `.wrongType`; `.groupNeedsKey`; `.noGroup`.
  private static let xgroupDelConsumer = Command(
    "delconsumer", "Removes a consumer of a group.",
    since: "5.0.0", group: .stream, complexity: "O(1)", arity: .exactly(5),
    keys: [.at(2, [.readWrite, .delete])],
    flags: [.write],
    arguments: [
      .key(),
      Argument("group", .string),
      Argument("consumer", .string),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let (_, group) = try group(&keyspace, arguments)
      let pending = group.body.removeConsumer(arguments[4])
      if pending != nil {
        keyspace.changed(arguments[2])
        keyspace.notify(.stream, "xgroup-delconsumer", arguments[2])
      }
      reply.integer(pending ?? 0)
    })

  /// `XGROUP HELP`
  private static let xgroupHelp = Command(
    "help", "Lists the subcommands.", since: "5.0.0", group: .stream, complexity: "O(1)",
    arity: .exactly(2), flags: [.loading, .stale], categories: .stream,
    execution: .oneShard { _, _, reply in
      reply.array(xgroupHelpLines.count)
      for line in xgroupHelpLines { reply.simple(line) }
    })

  private static let xgroupHelpLines: [StaticString] = [
    "XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CREATE <key> <groupname> <id|$> [option]",
    "    Create a new consumer group. Options are:",
    "    * MKSTREAM",
    "      Create the empty stream if it does not exist.",
    "    * ENTRIESREAD entries_read",
    "      Set the group's entries_read counter (internal use).",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Create a new consumer in the specified group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Remove the specified consumer.",
    "DESTROY <key> <groupname>",
    "    Remove the specified group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Set the current group ID and entries_read counter.",
    "HELP",
    "    Print this help.",
  ]

  /// Stream and group of the second and third word.
  private static func group(
    _ keyspace: inout Keyspace, _ arguments: Arguments
  ) throws(CommandError) -> (stream: Boxed<Stream>, group: Boxed<StreamGroup>) {
    guard let stream = try keyspace.stream(arguments[2], for: .write) else {
      throw .groupNeedsKey
    }
    guard let group = stream.body.group(arguments[3]) else {
      throw .noGroup(arguments[3], at: arguments[2])
    }
    return (stream, group)
  }
}

/// The words behind the ID.
private struct GroupOptions {
  private(set) var makesStream = false
  private var entriesRead: Int?

  init(_ arguments: Arguments, makesStream isAllowed: Bool) throws(CommandError) {
    var index = 5
    while index < arguments.count {
      if isAllowed, arguments[index].matches("mkstream") {
        makesStream = true
        index += 1
      } else if arguments[index].matches("entriesread"), index + 1 < arguments.count {
        let count = try arguments[index + 1].integer()
        guard count >= -1 else {
          throw CommandError("ERR value for ENTRIESREAD must be positive or -1")
        }
        entriesRead = count == -1 ? nil : count
        index += 2
      } else {
        throw .subcommandSyntax(arguments[1], of: "xgroup")
      }
    }
  }

  /// How many entries the group is to have read; no more than there ever were.
  func entriesRead(in stream: Boxed<Stream>) -> Int? {
    entriesRead.map { min($0, stream.body.entriesAdded) }
  }
}
