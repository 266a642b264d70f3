import RESP

extension Command {
  /// `XPENDING key group [[IDLE min-idle-time] start end count [consumer]]`
  ///
  /// Without a range replies with an array: how many entries are pending, the smallest and the largest ID, and how many
  /// each consumer has. With a range, the entries in it: ID, consumer, milliseconds since delivery, deliveries.
  ///
  /// - Throws: `.wrongType`; `.noGroup`; `.invalidStreamID`, `.invalidRangeStart`, `.invalidRangeEnd`;
  ///   `.notAnInteger`; `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xpending/>
  package static let xpending = Command(
    "xpending", "Tells which entries of a group were delivered and not acknowledged.",
    since: "5.0.0", group: .stream,
    complexity: "O(N) in the number of entries looked at; without a range, of consumers",
    arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly],
    tips: ["nondeterministic_output"],
    arguments: [
      .key(),
      Argument("group", .string),
      .block(
        "filters", .optional,
        [
          Argument("min-idle-time", .integer, token: "IDLE", .optional, since: "6.2.0"),
          Argument("start", .string),
          Argument("end", .string),
          Argument("count", .integer),
          Argument("consumer", .string, .optional),
        ]),
    ],
    history: [("6.2.0", "The option `IDLE` and exclusive ranges.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let range = try PendingRange(arguments)
      let (_, group) = try keyspace.streamGroup(arguments[1], arguments[2], for: .read)
      guard let range else { return writePendingSummary(of: group, &reply) }
      range.write(group, now: keyspace.now, &reply)
    })

  private static func writePendingSummary(
    of group: Boxed<StreamGroup>, _ reply: inout ReplyWriter
  ) {
    reply.array(4)
    reply.integer(group.body.pending.count)
    guard let first = group.body.pending.first, let last = group.body.pending.last else {
      reply.null()
      reply.null()
      return reply.nullArray()
    }
    reply.bulk(first.id)
    reply.bulk(last.id)
    reply.deferredArray { reply in
      var written = 0
      for consumer in group.body.consumers where !consumer.body.pending.isEmpty {
        reply.array(2)
        reply.bulk(consumer.body.name)
        reply.bulk(consumer.body.pending.count)
        written += 1
      }
      return written
    }
  }
}

/// Which pending entries XPENDING is to show.
private struct PendingRange {
  private var start = StreamID.zero
  private var end = StreamID.max
  private var count = 0
  private var idleMin = 0
  private var consumerName: ByteView?

  /// nil where the words ask for the summary.
  init?(_ arguments: Arguments) throws(CommandError) {
    if arguments.count == 3 { return nil }
    guard 6...9 ~= arguments.count else { throw .syntax }
    var index = 3
    if arguments[3].matches("idle") {
      idleMin = try arguments[4].integer()
      guard arguments.count >= 8 else { throw .syntax }
      index = 5
    }
    count = max(try arguments[index + 2].integer(), 0)
    start = try arguments[index].streamRangeStart()
    end = try arguments[index + 1].streamRangeEnd()
    if index + 3 < arguments.count { consumerName = arguments[index + 3] }
  }

  func write(_ group: Boxed<StreamGroup>, now: Int64, _ reply: inout ReplyWriter) {
    guard let consumerName else {
      return write(group.body.pending, of: group, now: now, &reply) { $0 }
    }
    guard let consumer = group.body.consumer(consumerName) else { return reply.array(0) }
    write(consumer.body.pending, of: group, now: now, &reply) { id in
      guard let position = group.body.pending.find(id) else {
        preconditionFailure("a consumer has pending what its group has not")
      }
      return group.body.pending[position]
    }
  }

  private func write<Element: OrderedByID>(
    _ elements: borrowing SortedRuns<Element>, of group: Boxed<StreamGroup>, now: Int64,
    _ reply: inout ReplyWriter, _ record: (Element) -> PendingEntry
  ) {
    let begin = reply.count
    var written = 0
    var position = elements.ceiling(start)
    while written < count, let current = position, elements[current].id <= end {
      let entry = record(elements[current])
      position = elements.position(after: current)
      let idle = Int(now &- entry.deliveryTime)
      if idleMin != 0, idle < idleMin { continue }
      reply.array(4)
      reply.bulk(entry.id)
      reply.bulk(entry.consumer.body.name)
      reply.integer(max(idle, 0))
      reply.integer(entry.deliveryCount)
      written += 1
    }
    reply.insertArrayHeader(written, at: begin)
  }
}
