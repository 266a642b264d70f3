import RESP

extension Command {
  /// `XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]`
  ///
  /// Replies with OK.
  ///
  /// - Throws: `.wrongType`; `.noSuchKey`; `.invalidStreamID`; `.notAnInteger`; `.syntax`; errors for what does not
  ///   fit the stream.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xsetid/>
  package static let xsetid = Command(
    "xsetid", "Sets a stream's last ID and counters; for replication.",
    since: "5.0.0", group: .stream, complexity: "O(1)", arity: .atLeast(3),
    keys: [.at(1, [.readWrite, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [
      .key(),
      Argument("last-id", .string),
      Argument("entries-added", .integer, token: "ENTRIESADDED", .optional, since: "7.0.0"),
      Argument("max-deleted-id", .string, token: "MAXDELETEDID", .optional, since: "7.0.0"),
    ],
    history: [("7.0.0", "The arguments `entries_added` and `max_deleted_entry_id`.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let lastID = try arguments[2].streamID()
      var entriesAdded: Int?
      var maxDeletedID = StreamID.zero
      for index in stride(from: 3, to: arguments.count, by: 2) {
        guard index + 1 < arguments.count else { throw .syntax }
        if arguments[index].matches("entriesadded") {
          let count = try arguments[index + 1].integer()
          guard count >= 0 else { throw CommandError("ERR entries_added must be positive") }
          entriesAdded = count
        } else if arguments[index].matches("maxdeletedid") {
          maxDeletedID = try arguments[index + 1].streamID()
          guard lastID >= maxDeletedID else {
            throw CommandError(
              "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")
          }
        } else {
          throw .syntax
        }
      }
      guard let stream = try keyspace.stream(arguments[1], for: .write) else { throw .noSuchKey }
      try stream.body.checkCanSet(lastID, entriesAdded)
      stream.body.lastID = lastID
      if let entriesAdded { stream.body.entriesAdded = entriesAdded }
      if maxDeletedID != .zero { stream.body.maxDeletedID = maxDeletedID }
      keyspace.changed(arguments[1])
      keyspace.notify(.stream, "xsetid", arguments[1])
      reply.ok()
    })
}

extension Stream {
  fileprivate func checkCanSet(
    _ lastID: StreamID, _ entriesAdded: Int?
  ) throws(CommandError) {
    if lastID < maxDeletedID {
      throw CommandError(
        "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")
    }
    if let entry = lastEntry, lastID < entry.id {
      throw CommandError(
        "ERR The ID specified in XSETID is smaller than the target stream top item")
    }
    if let entriesAdded, entriesAdded < count {
      throw CommandError(
        "ERR The entries_added specified in XSETID is smaller than the target stream length")
    }
  }
}
