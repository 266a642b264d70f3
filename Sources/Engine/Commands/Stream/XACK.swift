import RESP

extension Command {
  /// `XACK key group id [id ...]`
  ///
  /// Replies with an Integer: how many of the entries were pending, and are no longer.
  ///
  /// - Throws: `.wrongType`; `.invalidStreamID`, and then nothing is acknowledged.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xack/>
  package static let xack = Command(
    "xack", "Acknowledges entries that a group has delivered.",
    since: "5.0.0", group: .stream,
    complexity: "O(log(N)) for each entry, N being those pending",
    arity: .atLeast(4),
    keys: [.at(1, [.readWrite, .update])],
    flags: [.write, .fast],
    arguments: [
      .key(),
      Argument("group", .string),
      Argument("id", .string, .multiple),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let stream = try keyspace.stream(arguments[1], for: .write),
        let group = stream.body.group(arguments[2])
      else { return reply.integer(0) }
      for index in 3..<arguments.count { _ = try arguments[index].streamID() }
      var acknowledged = 0
      for index in 3..<arguments.count {
        if group.body.acknowledge(try arguments[index].streamID()) { acknowledged += 1 }
      }
      if acknowledged > 0 { keyspace.changed(arguments[1]) }
      reply.integer(acknowledged)
    })

  /// `XACKDEL key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]`
  ///
  /// Replies with an Integer for each ID: 1 for an entry acknowledged and deleted, 2 for one acknowledged that stays
  /// because another group still needs it, -1 for one that was not pending.
  ///
  /// - Throws: `.wrongType`; `.invalidStreamID`; `.syntax` and other errors for malformed options.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xackdel/>
  package static let xackdel = Command(
    "xackdel", "Acknowledges entries that a group has delivered, and deletes them.",
    since: "8.2.0", group: .stream,
    complexity: "O(log(N)) for each entry and group",
    arity: .atLeast(6),
    keys: [.at(1, [.readWrite, .update, .delete])],
    flags: [.write, .fast],
    arguments: [
      .key(),
      Argument("group", .string),
      .oneOf(
        "condition", .optional,
        [
          .token("keepref", "KEEPREF"),
          .token("delref", "DELREF"),
          .token("acked", "ACKED"),
        ]),
      .block(
        "ids", token: "IDS", [],
        [
          Argument("numids", .integer),
          Argument("id", .string, .multiple),
        ]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      // A wrong type comes before wrong words.
      let stream = try keyspace.stream(arguments[1], for: .write)
      let request = try StreamDeletion(arguments, from: 3)
      guard let stream, let group = stream.body.group(arguments[2]) else {
        return request.writeNothingFound(&reply)
      }
      let ids = try request.ids(arguments)
      var isChanged = false
      reply.array(ids.count)
      for id in ids {
        guard group.body.acknowledge(id) else {
          reply.integer(Stream.Deletion.missing.rawValue)
          continue
        }
        isChanged = true
        let outcome = stream.body.delete(id, request.references)
        reply.integer((outcome == .referenced ? outcome : .deleted).rawValue)
      }
      if isChanged {
        keyspace.changed(arguments[1])
        keyspace.notify(.stream, "xackdel", arguments[1])
      }
    })
}
