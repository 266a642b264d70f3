import RESP

extension Command {
  /// `XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]`
  ///
  /// Makes entries from `start` on that are pending for long enough the consumer's. Replies with an array: where to go
  /// on (0-0 at the end), the entries or with JUSTID their IDs, and the IDs of entries that exist no more and now
  /// are not pending either.
  ///
  /// - Throws: `.wrongType`; `.noGroup`; `.invalidStreamID`, `.invalidRangeStart`; `.syntax`; errors for malformed
  ///   numbers.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xautoclaim/>
  package static let xautoclaim = Command(
    "xautoclaim", "Makes a consumer the owner of what has been pending in its group for long.",
    since: "6.2.0", group: .stream,
    complexity: "O(1) for a small COUNT",
    arity: .atLeast(6),
    keys: [.at(1, [.readWrite, .delete])],
    flags: [.write, .fast],
    tips: ["nondeterministic_output"],
    arguments: [
      .key(),
      Argument("group", .string),
      Argument("consumer", .string),
      Argument("min-idle-time", .string),
      Argument("start", .string),
      Argument("count", .integer, token: "COUNT", .optional),
      .token("justid", "JUSTID", .optional),
    ],
    history: [("7.0.0", "A third element: entries that were deleted and are no longer pending.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let scan = try PendingScan(arguments)
      let (stream, group) = try keyspace.streamGroup(arguments[1], arguments[2], for: .write)
      let consumer = keyspace.streamConsumer(arguments[1], group, arguments[3])
      let found = scan.run(stream, group, consumer, now: keyspace.now)
      reply.array(3)
      reply.bulk(found.next)
      reply.array(found.claimed.count)
      for id in found.claimed {
        if scan.wantsIDs {
          reply.bulk(id)
        } else if let entry = stream.body.entry(id) {
          reply.streamEntry(entry)
        }
      }
      reply.array(found.deleted.count)
      for id in found.deleted { reply.bulk(id) }
      guard !found.claimed.isEmpty || !found.deleted.isEmpty else { return }
      keyspace.changed(arguments[1])
      for id in found.claimed + found.deleted {
        keyspace.recordClaim(of: id, at: arguments[1], group)
      }
    })
}

/// A walk over a group's pending entries that claims some.
private struct PendingScan {
  private(set) var wantsIDs = false
  private let idleMin: Int
  private let start: StreamID
  private var count = 100
  /// So many entries are looked at for each that may be claimed.
  private static let attemptsPerCount = 10
  private static let countMax = Int.max / 16

  init(_ arguments: Arguments) throws(CommandError) {
    guard let idle = DecimalText.integer(arguments[4]) else {
      throw CommandError("ERR Invalid min-idle-time argument for XAUTOCLAIM")
    }
    idleMin = max(idle, 0)
    start = try arguments[5].streamRangeStart()
    var index = 6
    while index < arguments.count {
      if arguments[index].matches("count"), index + 1 < arguments.count {
        let error = CommandError("ERR COUNT must be > 0")
        count = try arguments[index + 1].integer(orThrow: error)
        guard 1...Self.countMax ~= count else { throw error }
        index += 2
      } else if arguments[index].matches("justid") {
        wantsIDs = true
        index += 1
      } else {
        throw .syntax
      }
    }
  }

  struct Outcome {
    var next = StreamID.zero
    var claimed: [StreamID] = []
    var deleted: [StreamID] = []
  }

  func run(
    _ stream: Boxed<Stream>, _ group: Boxed<StreamGroup>, _ consumer: Boxed<StreamConsumer>,
    now: Int64
  ) -> Outcome {
    var outcome = Outcome()
    var attempts = count.multipliedReportingOverflow(by: Self.attemptsPerCount).partialValue
    var left = count
    var position = group.body.pending.ceiling(start)
    while attempts > 0, left > 0, let current = position {
      attempts -= 1
      var entry = group.body.pending[current]
      guard stream.body.entry(entry.id) != nil else {
        outcome.deleted.append(entry.id)
        _ = group.body.acknowledge(entry.id)
        position = group.body.pending.ceiling(entry.id)
        left -= 1
        continue
      }
      position = group.body.pending.position(after: current)
      if idleMin > 0, now &- entry.deliveryTime < idleMin { continue }
      entry.consumer = consumer
      entry.deliveryTime = now
      if !wantsIDs { entry.deliveryCount &+= 1 }
      group.body.assign(entry)
      consumer.body.activeTime = now
      outcome.claimed.append(entry.id)
      left -= 1
    }
    if let position { outcome.next = group.body.pending[position].id }
    return outcome
  }
}
