package import RESP
import Shard

/// Commands of one client for one shard, run there one right after the other, as if they had come at once.
package final class BatchProgram: TransactionProgram {
  private let shard: Int
  private let calls: [CommandCall]
  private var work = CommandsWork()
  private let onConclusion: (_ index: Int, _ reply: ByteView) -> Void
  package let claims: [ShardClaims]

  /// - Parameters:
  ///   - calls: all their keys are on `shard`.
  ///   - onConclusion: gets each reply, in the order of the calls.
  package init(
    _ calls: [CommandCall], shard: Int,
    onConclusion: @escaping (_ index: Int, _ reply: ByteView) -> Void
  ) {
    self.calls = calls
    self.shard = shard
    self.onConclusion = onConclusion
    var collector = ClaimCollector()
    collector.add(shard: shard)
    for key in calls.flatMap(\.keys) { collector.add(key) }
    claims = collector.claims
  }

  package var startsReading: Bool { false }
  package var beginsWithWork: Bool { true }

  package func start() {
    work = CommandsWork()
    for call in calls { _ = work.add(call) }
  }

  package func nextHop() -> Hop { .works([(shard: shard, work: work)], isLast: true) }

  package func concluded() {
    for index in calls.indices { onConclusion(index, work.reply(at: index)) }
  }
}
