import RESP

extension Command {
  /// `XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds]
  /// [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]`
  ///
  /// Makes entries that are pending for long enough the consumer's. Replies with those entries, or with JUSTID their
  /// IDs. FORCE takes entries that are not pending too.
  ///
  /// - Throws: `.wrongType`; `.noGroup`; `.invalidStreamID`; errors for malformed numbers and unknown options.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xclaim/>
  package static let xclaim = Command(
    "xclaim", "Makes a consumer the owner of entries pending in its group.",
    since: "5.0.0", group: .stream,
    complexity: "O(log(N)) for each entry, N being those pending",
    arity: .atLeast(6),
    keys: [.at(1, [.readWrite, .update])],
    flags: [.write, .fast],
    tips: ["nondeterministic_output"],
    arguments: [
      .key(),
      Argument("group", .string),
      Argument("consumer", .string),
      Argument("min-idle-time", .string),
      Argument("id", .string, .multiple),
      Argument("ms", .integer, token: "IDLE", .optional),
      Argument("unix-time-milliseconds", .unixTime, token: "TIME", .optional),
      Argument("count", .integer, token: "RETRYCOUNT", .optional),
      .token("force", "FORCE", .optional),
      .token("justid", "JUSTID", .optional),
      Argument("lastid", .string, token: "LASTID", .optional),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let (stream, group) = try keyspace.streamGroup(arguments[1], arguments[2], for: .write)
      let request = try ClaimRequest(arguments, now: keyspace.now)
      var isChanged = false
      if request.lastID > group.body.lastID {
        group.body.lastID = request.lastID
        isChanged = true
      }
      let consumer = keyspace.streamConsumer(arguments[1], group, arguments[3])
      let begin = reply.count
      var claimed = 0
      for index in request.ids {
        let id = try arguments[index].streamID()
        guard let entry = stream.body.entry(id) else {
          if group.body.acknowledge(id) { isChanged = true }
          continue
        }
        guard request.claim(id, in: group, for: consumer, now: keyspace.now) else { continue }
        consumer.body.activeTime = keyspace.now
        if request.wantsIDs { reply.bulk(id) } else { reply.streamEntry(entry) }
        claimed += 1
      }
      reply.insertArrayHeader(claimed, at: begin)
      guard isChanged || claimed > 0 else { return }
      keyspace.changed(arguments[1])
      keyspace.recordPosition(of: group, at: arguments[1])
      for index in request.ids {
        guard let id = try? arguments[index].streamID() else { continue }
        keyspace.recordClaim(of: id, at: arguments[1], group)
      }
    })
}

/// The words of XCLAIM behind the consumer.
private struct ClaimRequest {
  private(set) var ids: Range<Int>
  private(set) var lastID = StreamID.zero
  private(set) var wantsIDs = false
  private let idleMin: Int
  private var deliveryTime: Int64
  private var deliveryCount: Int?
  private var isForced = false

  init(_ arguments: Arguments, now: Int64) throws(CommandError) {
    idleMin = max(try Self.number(arguments[4], "min-idle-time"), 0)
    var index = 5
    while index < arguments.count,
      StreamID.parse(arguments[index], missingSequence: 0, edges: false) != nil
    { index += 1 }
    ids = 5..<index
    var time: Int?
    while index < arguments.count {
      let word = arguments[index]
      let hasMore = index + 1 < arguments.count
      index += 1
      if word.matches("force") {
        isForced = true
        continue
      } else if word.matches("justid") {
        wantsIDs = true
        continue
      }
      guard hasMore else { throw .unrecognizedClaimOption(word) }
      if word.matches("idle") {
        time = Int(now) &- (try Self.number(arguments[index], "IDLE option"))
      } else if word.matches("time") {
        time = try Self.number(arguments[index], "TIME option")
      } else if word.matches("retrycount") {
        let count = try Self.number(arguments[index], "RETRYCOUNT option")
        deliveryCount = count < 0 ? nil : count
      } else if word.matches("lastid") {
        lastID = try arguments[index].streamID()
      } else {
        throw .unrecognizedClaimOption(word)
      }
      index += 1
    }
    // A time that makes no sense is now: the client's clock may be ahead.
    deliveryTime = time.map { $0 < 0 || $0 > Int(now) ? now : Int64($0) } ?? now
  }

  private static func number(_ word: ByteView, _ name: String) throws(CommandError) -> Int {
    guard let number = DecimalText.integer(word) else {
      throw CommandError(composed: "ERR Invalid \(name) argument for XCLAIM")
    }
    return number
  }

  /// Gives an existing entry to `consumer`; false if it is not to be had.
  func claim(
    _ id: StreamID, in group: Boxed<StreamGroup>, for consumer: Boxed<StreamConsumer>, now: Int64
  ) -> Bool {
    var entry = PendingEntry(
      id: id, consumer: consumer, deliveryTime: deliveryTime, deliveryCount: 1)
    if let position = group.body.pending.find(id) {
      let old = group.body.pending[position]
      if idleMin > 0, now &- old.deliveryTime < idleMin { return false }
      entry.deliveryCount = old.deliveryCount
    } else if !isForced {
      return false
    }
    if let deliveryCount {
      entry.deliveryCount = deliveryCount
    } else if !wantsIDs {
      entry.deliveryCount &+= 1
    }
    group.body.assign(entry)
    return true
  }
}
