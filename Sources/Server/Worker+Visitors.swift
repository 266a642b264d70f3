import CLinux
import Engine
import EventLoop
import RESP
import Shard

/// The data that a call of a service command is about: these keys, nothing else.
struct Footprint {
  let keys: Arguments
  /// It may change them.
  let isWritten: Bool

  /// nil where that can't be told.
  typealias Finder = @Sendable (_ worker: Worker, _ arguments: Arguments) -> Footprint?
}

/// Service commands that are about keys: they run on the thread of these rather than on that of their client, or while
/// their client goes on.
extension Worker {
  /// Where a service command is to be run.
  enum Placement {
    case here
    /// On the thread of another shard, which has all its keys.
    case away(Int)
    /// Here, with keys on several shards, while its client goes on.
    case spread([KeyClaim])
    /// Here, and its client waits.
    case unknown
  }

  @inline(__always)
  func placement(of call: borrowing Call) -> Placement {
    guard server.shardCount > 1, let footprint = server.footprints[Int(call.record.command)] else { return .unknown }
    return placement(of: call, footprint)
  }

  private func placement(of call: borrowing Call, _ find: Footprint.Finder) -> Placement {
    let connection = call.connection
    // A client whose commands need a look at each other has them here.
    guard connection.isPlain || connection.isSpread, !connection.isDebugging, !call.isMonitored, let footprint = find(self, call.words),
      footprint.keys.count > 0
    else { return .unknown }
    let keys = footprint.keys
    if !connection.isSpread {
      // Of the first key it is known since the command was parsed.
      let shard = Int(call.record.shard)
      if (1..<keys.count).allSatisfy({ server.shard(of: keys[$0]) == shard }) {
        return shard == index ? .here : .away(shard)
      }
    }
    if settings.isPipelineStrict { return .unknown }
    return .spread(
      (0..<keys.count).map {
        KeyClaim(hash: KeyHash(keys[$0], seed: server.seed).rawValue, isExclusive: footprint.isWritten)
      })
  }

  func sendHome(_ call: inout Call, to shard: Int, _ output: inout ReplyWriter) -> Outcome {
    if !mayReorder(call.connection, with: shard) { return .waitsBefore }
    send(&call, to: shard, &output)
    // Should it take more than a turn there, what follows would overtake it.
    return settings.isPipelineStrict ? .waitsAfter : .goesOn
  }

  /// Runs such a call of another shard's client.
  ///
  /// - Returns: whether its reply is written; if not it comes later.
  func runVisitor(
    _ record: Parcel.Record, _ arguments: Arguments, _ visit: Connection.Visit,
    _ keyspace: inout Keyspace, _ counts: inout CommandStatistics, _ replies: inout ReplyWriter
  ) -> Bool {
    guard let body = server.serviceBodies[record.command] else {
      preconditionFailure("\(server.table.fullNames[record.command]) came from another shard")
    }
    let visitor = visitors.popLast() ?? makeVisitor()
    visitor.visit = visit
    visitor.database = record.database
    visitor.protocolVersion = record.protocolVersion
    replies.protocolVersion = record.protocolVersion
    visitor.leavesAccessClocks = record.leavesAccessClocks
    visitor.lastCommand = record.command
    let start = replies.count
    let ticks = clinux_ticks()
    keyspace.forgetPrepared()
    takeNoted(&counts)
    unsafe swap(&counts, &statistics)
    defer { unsafe swap(&counts, &statistics) }
    do throws(CommandError) {
      try body(self, visitor, arguments, &keyspace, &replies)
    } catch {
      unsafe statistics.fail(record.command, error, start, &replies)
    }
    countService(
      record.command, arguments, visitor, startTicks: ticks, endTicks: clinux_ticks(),
      replyBytes: replies.count - start)
    if visitor.isSuspended { return false }
    visitors.append(visitor)
    return true
  }

  private func makeVisitor() -> Connection {
    Connection(
      id: 0, descriptor: -1, handle: ConnectionHandle(slot: Int(UInt32.max), generation: 0),
      address: SocketAddresses(descriptor: -1), createdAt: 0, now: turnTime)
  }

  // MARK: While the client goes on

  /// Reserves the place of the reply, if nothing that is under way for the client has to come first.
  func beginOverlap(_ connection: Connection, _ claims: [KeyClaim], _ output: borrowing ReplyWriter) -> Bool {
    let spread = connection.spread ?? SpreadFlight()
    guard connection.replies.missingCount == spread.count, spread.admit(claims) else { return false }
    connection.spread = spread
    connection.isSpread = true
    connection.overlapPlace = connection.replies.reserve(isSilent: !connection.wantsReply, output: output)
    return true
  }

  /// The command was over at once: its reply stands behind its place.
  func abandonOverlap(_ connection: Connection, _ place: Int, _ output: inout ReplyWriter) {
    connection.overlapPlace = nil
    connection.spread?.end()
    connection.isSpread = connection.spread.map { $0.count > 0 } ?? false
    connection.replies.fill(place: place, with: .empty, output: &output)
  }

  // MARK: On the shard of the keys

  /// Gives a suspended visitor its reply, and lets it go.
  func deliver(_ reply: ByteView, ofVisitor visitor: Connection, _ visit: Connection.Visit) {
    var copy = ReplyWriter()
    copy.raw(reply)
    let late = LateReply(waiter: visit.waiter, taking: &copy)
    scheduler.outbox.append((.lateReply(late), visit.origin))
    visitor.isSuspended = false
    visitors.append(visitor)
  }
}

extension Connection {
  /// What a connection is that stands for a client of another shard while one command of it runs here.
  struct Visit {
    let origin: Int
    let waiter: Parcel.Waiter
    /// Others of the same client are not done, or do not even have their claims.
    let isBehindOthers: Bool
  }
}
