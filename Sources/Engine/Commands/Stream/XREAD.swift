import RESP

extension Command {
  /// `XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]`
  ///
  /// Replies with the entries above the IDs, for each stream that has some; a null array if none has. `$` stands for the
  /// last ID, `+` asks for the last entry.
  ///
  /// - Throws: `.wrongType`; `.invalidStreamID`; `.notAnInteger`; `.timeoutNotAnInteger`, `.timeoutNegative`;
  ///   `.syntax` and other errors for misplaced words.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xread/>
  package static let xread = Command(
    "xread", "Returns entries of streams above given IDs; may wait for some.",
    since: "5.0.0", group: .stream,
    complexity: "O(N) in the number of entries returned",
    arity: .atLeast(4),
    keys: [
      KeySpec(
        begin: .keyword("STREAMS", startFrom: 1), find: .range(last: -1, step: 1, limit: 2),
        access: [.readOnly, .access])
    ],
    findKeys: StreamReadOptions.findKeys(isGroup: false),
    flags: [.readOnly, .blocking, .movableKeys],
    arguments: [
      Argument("count", .integer, token: "COUNT", .optional),
      Argument("milliseconds", .integer, token: "BLOCK", .optional),
      .block(
        "streams", token: "STREAMS", [],
        [
          .key("key", .multiple),
          Argument("id", .string, .multiple),
        ]),
    ],
    blocking: Blocking(
      timeout: { arguments throws(CommandError) in
        try StreamReadOptions(arguments, isGroup: false).wait
      },
      for: .stream, settle: settleLastID),
    execution: .keyByKey(
      { keyspace, arguments, key, reply throws(CommandError) in
        let options = try StreamReadOptions(arguments, isGroup: false)
        let stream = try keyspace.stream(arguments[key], for: .read)
        let word = arguments[options.idPosition(ofKey: key)]
        if word == ">" {
          throw CommandError(
            "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
          )
        }
        if word == "$" { return false }
        let start = word == "+" ? stream?.body.lastEntry?.id : try word.streamID().next
        guard let stream, let start, stream.body.lastID >= start,
          let last = stream.body.lastEntry, last.id >= start
        else { return false }
        reply.streamHeader(arguments[key])
        reply.streamEntries(stream, from: start, to: .max, count: options.count)
        return true
      }, join: .all))

  /// The last ID for `$`, and for a `+` that found nothing.
  private static let settleLastID:
    @Sendable (inout Keyspace, Arguments, Int) -> (position: Int, word: [UInt8])? = {
      keyspace, arguments, key in
      do throws(CommandError) {
        let options = try StreamReadOptions(arguments, isGroup: false)
        let position = options.idPosition(ofKey: key)
        guard arguments[position] == "$" || arguments[position] == "+" else { return nil }
        let stream = try keyspace.stream(arguments[key], for: .peek)
        return (position, (stream?.body.lastID ?? .zero).withText { $0.bytes })
      } catch {
        return nil
      }
    }
}

extension ReplyWriter {
  /// What stands in front of a stream's entries: in RESP2 they are a pair with its name, in RESP3 the value of
  /// a map.
  mutating func streamHeader(_ key: ByteView) {
    if !isRESP3 { array(2) }
    bulk(key)
  }
}
