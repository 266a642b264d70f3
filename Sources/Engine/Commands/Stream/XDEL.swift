import RESP

extension Command {
  /// `XDEL key id [id ...]`
  ///
  /// Replies with an Integer: how many entries were deleted. Groups that have one pending keep it so.
  ///
  /// - Throws: `.wrongType`; `.invalidStreamID`, and then nothing is deleted.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xdel/>
  package static let xdel = Command(
    "xdel", "Deletes entries of a stream.",
    since: "5.0.0", group: .stream,
    complexity: "O(log(N)) for each entry",
    arity: .atLeast(3),
    keys: [.at(1, [.readWrite, .delete])],
    flags: [.write, .fast],
    arguments: [
      .key(),
      Argument("id", .string, .multiple),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let stream = try keyspace.stream(arguments[1], for: .write) else {
        return reply.integer(0)
      }
      var deleted = 0
      for id in try arguments.streamIDs(from: 2, to: arguments.count)
      where stream.body.delete(id) { deleted += 1 }
      if deleted > 0 {
        keyspace.changed(arguments[1])
        keyspace.notify(.stream, "xdel", arguments[1])
      }
      reply.integer(deleted)
    })

  /// `XDELEX key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]`
  ///
  /// Replies with an Integer for each ID: 1 for a deleted entry, 2 for one that stays because a group still needs
  /// it, -1 if there is none.
  ///
  /// - Throws: `.wrongType`; `.invalidStreamID`; `.syntax` and other errors for malformed options.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xdelex/>
  package static let xdelex = Command(
    "xdelex", "Deletes entries of a stream, with a say in what becomes of references to them.",
    since: "8.2.0", group: .stream,
    complexity: "O(log(N)) for each entry and group",
    arity: .atLeast(5),
    keys: [.at(1, [.readWrite, .delete])],
    flags: [.write, .fast],
    arguments: [
      .key(),
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
      let request = try StreamDeletion(arguments, from: 2)
      guard let stream else { return request.writeNothingFound(&reply) }
      let ids = try request.ids(arguments)
      var isChanged = false
      reply.array(ids.count)
      for id in ids {
        let outcome = stream.body.delete(id, request.references)
        isChanged = isChanged || outcome == .deleted
        reply.integer(outcome.rawValue)
      }
      if isChanged {
        keyspace.changed(arguments[1])
        keyspace.notify(.stream, "xdel", arguments[1])
      }
    })
}

/// The words of XDELEX and XACKDEL behind key and group.
struct StreamDeletion {
  private(set) var references = StreamReferences.keep
  private var positions = 0..<0

  /// - Parameter start: where the options start.
  init(_ arguments: Arguments, from start: Int) throws(CommandError) {
    var hasReferences = false
    var index = start
    while index < arguments.count {
      if arguments[index].matches("ids"), index + 1 < arguments.count {
        guard let count = DecimalText.integer(arguments[index + 1]), count > 0 else {
          throw CommandError("ERR Number of IDs must be a positive integer")
        }
        guard count <= arguments.count - index - 2 else {
          throw CommandError("ERR The `numids` parameter must match the number of arguments")
        }
        positions = index + 2..<index + 2 + count
        index = positions.upperBound
      } else if !hasReferences, let references = StreamReferences(arguments[index]) {
        self.references = references
        hasReferences = true
        index += 1
      } else {
        throw .syntax
      }
    }
    if positions.isEmpty { throw .syntax }
  }

  /// - Throws: `.invalidStreamID`.
  func ids(_ arguments: Arguments) throws(CommandError) -> [StreamID] {
    try arguments.streamIDs(from: positions.lowerBound, to: positions.upperBound)
  }

  /// The reply where there is no stream, or no group.
  func writeNothingFound(_ reply: inout ReplyWriter) {
    reply.array(positions.count)
    for _ in positions { reply.integer(Stream.Deletion.missing.rawValue) }
  }
}
