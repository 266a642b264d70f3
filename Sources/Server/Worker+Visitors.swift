import CLinux
import Engine
import EventLoop
import RESP
import Shard

/// Service commands that run on the thread of their keys rather than on that of their client.
extension Worker {
  /// Which shard a call is to be run on; nil if the client's thread runs it, whatever it takes.
  @inline(__always)
  func homeShard(_ call: borrowing Call) -> Int? {
    guard let home = server.serviceHomes[Int(call.record.command)] else { return nil }
    // A client whose commands need a look at each other has them here.
    guard call.connection.isPlain, !call.isMonitored else { return nil }
    return home(self, call.words)
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
    _ record: Parcel.Record, _ arguments: Arguments, origin: Int, _ waiter: Parcel.Waiter,
    _ keyspace: inout Keyspace, _ counts: inout CommandStatistics, _ replies: inout ReplyWriter
  ) -> Bool {
    guard let body = server.serviceBodies[record.command] else {
      preconditionFailure("\(server.table.fullNames[record.command]) came from another shard")
    }
    let visitor = visitors.popLast() ?? makeVisitor()
    visitor.visit = Connection.Visit(origin: origin, waiter: waiter)
    visitor.database = record.database
    visitor.protocolVersion = record.protocolVersion
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

  /// Gives a suspended visitor its reply, and lets it go.
  func deliver(_ reply: ByteView, ofVisitor visitor: Connection, _ visit: Connection.Visit) {
    let late = LateReply(waiter: visit.waiter, bytes: reply.bytes)
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
  }
}
