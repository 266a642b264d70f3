package import Engine
import RESP
import Shard

/// A look at all shards in one instant: every command is before it on all shards or after it on all.
///
/// No shard begins before all of them stand still, so a client that hears of something after the cut cannot have
/// caused anything before it.
package final class CutProgram: TransactionProgram {
  private let body: @Sendable (Int, inout Keyspace) -> Void
  private let onConclusion: () -> Void
  package let claims: [ShardClaims]

  /// - Parameter body: runs once on each shard's thread, which its argument names.
  package init(
    shardCount: Int, body: @escaping @Sendable (Int, inout Keyspace) -> Void,
    onConclusion: @escaping () -> Void
  ) {
    self.body = body
    self.onConclusion = onConclusion
    claims = (0..<shardCount).map { ShardClaims(shard: $0, keys: [], claimsShard: true) }
  }

  package var startsReading: Bool { false }
  package var beginsWithWork: Bool { true }
  package func start() {}

  package func nextHop() -> Hop {
    .works(claims.map { (shard: $0.shard, work: CutWork($0.shard, body) as any HopWork) }, isLast: true)
  }

  package func concluded() { onConclusion() }
}

private final class CutWork: HopWork, @unchecked Sendable {
  private let shard: Int
  private let body: @Sendable (Int, inout Keyspace) -> Void

  init(_ shard: Int, _ body: @escaping @Sendable (Int, inout Keyspace) -> Void) {
    self.shard = shard
    self.body = body
  }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    body(shard, &keyspace)
  }
}
