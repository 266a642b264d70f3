import Engine
import EventLoop
import RESP
import Shard
import Synchronization

/// What every worker last told about itself, once a second: for whoever must not wait for a worker.
final class PublishedReports: Sendable {
  private let reports: Mutex<[Int: ShardReport]>

  init() { reports = Mutex([:]) }

  func publish(_ report: ShardReport) { reports.withLock { $0[report.index] = report } }

  /// In the order of the shards; nothing of those that have not told anything yet.
  var all: [ShardReport] {
    reports.withLock { $0.values.sorted { $0.index < $1.index } }
  }
}

extension Worker {
  /// For the cron.
  func publishReport() {
    shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        server.published.publish(ShardReport(self, keyspace, isDetailed: server.hasMetrics))
      }
    }
  }

  /// How long INFO waits for the others' newest figures; then those of the last second do.
  private static let reportMilliseconds = 20

  /// Replies with what `body` writes of all shards' reports. All are asked at once, and none can hold the reply up.
  func withReports(
    _ connection: Connection, _ keyspace: inout Keyspace, _ reply: inout ReplyWriter,
    _ body: @escaping @Sendable ([ShardReport], inout ReplyWriter) -> Void
  ) {
    let own = ShardReport(self, keyspace, isDetailed: false)
    guard server.shardCount > 1 else { return body([own], &reply) }
    let server = self.server
    server.memory.beginGathering()
    let arrival = ReportArrival(own, missing: server.shardCount - 1)
    suspend(connection) { reply throws(CommandError) in
      for worker in server.workers where worker !== self {
        Task(executorPreference: worker.loop) {
          let report = await worker.performWithKeyspace { worker, keyspace in
            ShardReport(worker, keyspace, isDetailed: false)
          }
          arrival.add(report)
        }
      }
      let end = self.loop.schedule(after: UInt64(Self.reportMilliseconds) * 1_000_000) {
        arrival.end()
      }
      let arrived = await arrival.reports
      self.loop.cancel(end)
      let known = Set(arrived.map(\.index))
      let late = server.published.all.filter { !known.contains($0.index) }
      body((arrived + late).sorted { $0.index < $1.index }, &reply)
      server.memory.endGathering()
    }
  }
}

/// Waits for the reports of all workers, or for the end of the time for that.
private final class ReportArrival: Sendable {
  private struct State {
    var reports: [ShardReport]
    var missing: Int
    var waiter: CheckedContinuation<[ShardReport], Never>?
  }

  private let state: Mutex<State>

  init(_ own: ShardReport, missing: Int) {
    state = Mutex(State(reports: [own], missing: missing))
  }

  func add(_ report: ShardReport) {
    finish { state in
      state.reports.append(report)
      state.missing -= 1
      return state.missing == 0
    }
  }

  /// Whoever has not told anything by now is late.
  func end() {
    finish { state in
      state.missing = 0
      return true
    }
  }

  private func finish(_ change: (inout State) -> Bool) {
    let (waiter, reports) = state.withLock { state in
      guard change(&state), let waiter = state.waiter else {
        return (CheckedContinuation<[ShardReport], Never>?.none, [ShardReport]())
      }
      state.waiter = nil
      // The timer may keep this for longer than the reports are wanted.
      defer { state.reports = [] }
      return (waiter, state.reports)
    }
    waiter?.resume(returning: reports)
  }

  var reports: [ShardReport] {
    get async {
      await withCheckedContinuation { continuation in
        let known = state.withLock { state -> [ShardReport]? in
          if state.missing <= 0 {
            defer { state.reports = [] }
            return state.reports
          }
          state.waiter = continuation
          return nil
        }
        if let known { continuation.resume(returning: known) }
      }
    }
  }
}
