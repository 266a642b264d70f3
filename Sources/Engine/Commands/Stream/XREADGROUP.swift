import RESP

extension Command {
  /// `XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK]
  /// STREAMS key [key ...] id [id ...]`
  ///
  /// With the ID `>` replies with entries that the group has delivered to nobody, and makes them pending for the
  /// consumer; with another ID, with those above it that the consumer has pending. A null array if no stream
  /// has any.
  ///
  /// - Throws: `.wrongType`; `.noGroup`; `.invalidStreamID`; `.notAnInteger`; `.timeoutNotAnInteger`,
  ///   `.timeoutNegative`; `.syntax` and other errors for misplaced words.
  /// - Complexity: O(log(*n*) + *m*) for *m* entries.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xreadgroup/>
  package static let xreadgroup = Command(
    "xreadgroup", "Returns new or pending entries of streams to a consumer of a group; may wait.",
    since: "5.0.0", group: .stream,
    complexity: "O(N) in the number of entries returned, for each stream",
    arity: .atLeast(7),
    keys: [
      KeySpec(
        begin: .keyword("STREAMS", startFrom: 4), find: .range(last: -1, step: 1, limit: 2),
        access: [.readOnly, .access])
    ],
    findKeys: StreamReadOptions.findKeys(isGroup: true),
    flags: [.write, .blocking, .movableKeys],
    arguments: [
      .block(
        "group-block", token: "GROUP", [],
        [
          Argument("group", .string),
          Argument("consumer", .string),
        ]),
      Argument("count", .integer, token: "COUNT", .optional),
      Argument("milliseconds", .integer, token: "BLOCK", .optional),
      .token("noack", "NOACK", .optional),
      .block(
        "streams", token: "STREAMS", [],
        [
          .key("key", .multiple),
          Argument("id", .string, .multiple),
        ]),
    ],
    blocking: Blocking(
      timeout: { arguments throws(CommandError) in
        try StreamReadOptions(arguments, isGroup: true).wait
      },
      for: nil,
      check: { keyspace, arguments, key throws(CommandError) in
        _ = try GroupRead(&keyspace, arguments, key)
      }),
    execution: .keyByKey(
      { keyspace, arguments, key, reply throws(CommandError) in
        let read = try GroupRead(&keyspace, arguments, key)
        keyspace.preserve(key: arguments[key])
        let consumer = keyspace.streamConsumer(arguments[key], read.group, read.consumerName)
        if let start = read.historyStart {
          reply.streamHeader(arguments[key])
          read.writeHistory(of: consumer, from: start, now: keyspace.now, &reply) { id in
            keyspace.recordClaim(of: id, at: arguments[key], read.group)
          }
        } else {
          guard read.hasNew else { return false }
          reply.streamHeader(arguments[key])
          read.deliver(to: consumer, now: keyspace.now, &reply) { id in
            keyspace.recordClaim(of: id, at: arguments[key], read.group)
          }
          keyspace.recordPosition(of: read.group, at: arguments[key])
        }
        // At least that there is such a consumer.
        keyspace.record([
          "XGROUP", "CREATECONSUMER", .view(arguments[key]), .bytes(read.group.body.name),
          .bytes(consumer.body.name),
        ])
        keyspace.changed(arguments[key])
        return true
      }, join: .all))
}

/// XREADGROUP on one of its keys, when nothing can go wrong any more.
private struct GroupRead {
  let stream: Boxed<Stream>
  let group: Boxed<StreamGroup>
  let consumerName: ByteView
  /// For pending entries, the first ID; nil for new entries, or for nothing if there is none above.
  let historyStart: StreamID?
  private let options: StreamReadOptions

  init(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ key: Int
  ) throws(CommandError) {
    options = try StreamReadOptions(arguments, isGroup: true)
    let names = options.groupPosition ?? 0
    consumerName = arguments[names + 1]
    guard let stream = try keyspace.stream(arguments[key], for: .read),
      let group = stream.body.group(arguments[names])
    else {
      throw .noGroup(
        arguments[names], orKey: arguments[key], " in XREADGROUP with GROUP option")
    }
    self.stream = stream
    self.group = group
    historyStart = try Self.historyStart(arguments[options.idPosition(ofKey: key)])
    // Later keys' IDs now, before anything changes.
    for position in options.idPosition(ofKey: key)..<arguments.count {
      _ = try Self.historyStart(arguments[position])
    }
  }

  private static func historyStart(_ word: ByteView) throws(CommandError) -> StreamID? {
    if word == ">" { return nil }
    if word == "$" { throw Self.meaningless("$") }
    if word == "+" { throw Self.meaningless("+") }
    // Nothing is above the largest ID, and it is another word for `>`.
    return try word.streamID().next
  }

  private static func meaningless(_ word: String) -> CommandError {
    CommandError(
      composed:
        "ERR The \(word) ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The \(word) ID would just return an empty result set."
    )
  }

  /// Whether there are entries that the group has not delivered.
  var hasNew: Bool {
    guard stream.body.count > 0, stream.body.lastID > group.body.lastID else { return false }
    return stream.body.lastEntry.map { $0.id > group.body.lastID } ?? false
  }

  func deliver(
    to consumer: Boxed<StreamConsumer>, now: Int64, _ reply: inout ReplyWriter,
    _ didDeliver: (StreamID) -> Void
  ) {
    guard let start = group.body.lastID.next else { return reply.array(0) }
    let begin = reply.count
    var delivered = 0
    stream.body.visit(from: start, to: .max) { entry in
      stream.body.advance(group, to: entry.id)
      reply.streamEntry(entry)
      if !options.acknowledgesAtOnce {
        group.body.deliver(entry.id, to: consumer, now: now)
        didDeliver(entry.id)
      }
      delivered &+= 1
      return delivered != options.count
    }
    if !options.acknowledgesAtOnce { consumer.body.activeTime = now }
    reply.insertArrayHeader(delivered, at: begin)
  }

  /// Entries that were deleted meanwhile have a null in place of their fields.
  func writeHistory(
    of consumer: Boxed<StreamConsumer>, from start: StreamID, now: Int64,
    _ reply: inout ReplyWriter, _ didDeliver: (StreamID) -> Void
  ) {
    let begin = reply.count
    var written = 0
    var position = consumer.body.pending.ceiling(start)
    while let current = position {
      let id = consumer.body.pending[current]
      if let entry = stream.body.entry(id) {
        reply.streamEntry(entry)
        group.body.redeliver(id, now: now)
        didDeliver(id)
      } else {
        reply.array(2)
        reply.bulk(id)
        reply.nullArray()
      }
      written += 1
      if written == options.count { break }
      position = consumer.body.pending.position(after: current)
    }
    reply.insertArrayHeader(written, at: begin)
  }
}
