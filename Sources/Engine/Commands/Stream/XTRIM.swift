import RESP

extension Command {
  /// `XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]`
  ///
  /// Replies with an Integer: how many entries were deleted.
  ///
  /// - Throws: `.wrongType`; `.syntax` and other errors for malformed options.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xtrim/>
  package static let xtrim = Command(
    "xtrim", "Deletes entries at a stream's front.",
    since: "5.0.0", group: .stream,
    complexity: "O(N) in the number of entries deleted, which go many at a time",
    arity: .atLeast(4),
    keys: [.at(1, [.readWrite, .delete])],
    flags: [.write],
    tips: ["nondeterministic_output"],
    arguments: [
      .key(),
      .block(
        "trim", [],
        [
          .oneOf(
            "strategy", [],
            [
              .token("maxlen", "MAXLEN"),
              .token("minid", "MINID", since: "6.2.0"),
            ]),
          .oneOf(
            "operator", .optional,
            [
              .token("equal", "="),
              .token("approximately", "~"),
            ]),
          Argument("threshold", .string),
          Argument("count", .integer, token: "LIMIT", .optional, since: "6.2.0"),
          .oneOf(
            "condition", .optional,
            [
              .token("keepref", "KEEPREF"),
              .token("delref", "DELREF"),
              .token("acked", "ACKED"),
            ]),
        ]),
    ],
    history: [
      ("6.2.0", "The options `MINID` and `LIMIT`."),
      ("8.2.0", "The options `KEEPREF`, `DELREF` and `ACKED`."),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      var options = StreamTrimOptions()
      var index = 2
      while index < arguments.count {
        guard try options.read(arguments, at: &index) else { throw .syntax }
      }
      if !options.hasLimit, !options.hasEntriesMax {
        throw CommandError("ERR syntax error, XTRIM must be called with a trimming strategy")
      }
      let trim = try options.trim(nodeEntriesMax: keyspace.options.streamNodeEntriesMax)
      guard let trim, let stream = try keyspace.stream(arguments[1], for: .write) else {
        return reply.integer(0)
      }
      let deleted = stream.body.trim(trim)
      if deleted > 0 {
        keyspace.changed(arguments[1])
        keyspace.recordTrim(arguments[1], trim, stream)
      }
      reply.integer(deleted)
    })
}

extension Keyspace {
  /// Records what a cut has left, exactly.
  mutating func recordTrim(_ key: ByteView, _ trim: StreamTrim, _ stream: Boxed<Stream>) {
    switch trim.references {
    case .keep: record(["XTRIM", .view(key), "MAXLEN", "=", .integer(stream.body.count)])
    // Which entries groups let go of follows from more than how many there are left.
    case .delete, .acknowledged: recordState(ofKey: key)
    }
  }
}
