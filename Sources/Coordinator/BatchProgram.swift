package import RESP
import Shard

/// Commands of one client for one shard, run there one right after the other, as if they had come at once.
package final class BatchProgram: TransactionProgram {
  private let shard: Int
  private let calls: [CommandCall]
  private var work = CommandsWork()
  private let onConclusion: Receiver
  package let claims: [ShardClaims]

  package typealias Receiver = (_ index: Int, _ reply: inout ReplyWriter) -> Void

  /// - Parameters:
  ///   - calls: all their keys are on `shard`.
  ///   - onConclusion: gets each reply, in the order of the calls, and may keep its buffer.
  package init(
    _ calls: [CommandCall], shard: Int,
    onConclusion: @escaping Receiver
  ) {
    self.calls = calls
    self.shard = shard
    self.onConclusion = onConclusion
    var collector = ClaimCollector(reserving: calls.count)
    collector.add(shard: shard)
    for call in calls { for key in call.keys { collector.add(key) } }
    claims = collector.finish()
  }

  package var startsReading: Bool { false }
  package var beginsWithWork: Bool { true }

  package func start() {
    work = CommandsWork()
    for call in calls { _ = work.add(call) }
  }

  package func nextHop() -> Hop { .works([(shard: shard, work: work)], isLast: true) }

  package func concluded() {
    if calls.count == 1 { return work.withReplies { onConclusion(0, &$0) } }
    for index in calls.indices {
      var reply = ReplyWriter(protocolVersion: calls[index].protocolVersion)
      reply.raw(work.reply(at: index))
      onConclusion(index, &reply)
    }
  }
}
