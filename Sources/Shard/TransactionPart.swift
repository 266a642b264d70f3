package import Engine
import Synchronization

/// What a transaction is about to do with one key.
package struct KeyClaim: Sendable, Equatable {
  /// Of the key, whatever its database: MOVE and its like use a name in two. Two keys that share a hash only
  /// wait for each other without need.
  package let hash: UInt64
  /// It may change the key; else it shares the key with others that only read.
  package let isExclusive: Bool

  package init(hash: UInt64, isExclusive: Bool) {
    self.hash = hash
    self.isExclusive = isExclusive
  }
}

/// The part of a transaction that concerns one shard.
///
/// It goes to and fro between the thread that coordinates the transaction and the thread of the shard; each field says
/// who may touch it when.
package final class TransactionPart: @unchecked Sendable {
  // Unchecked: messages hand it over. The coordinator fills it in and sends it; until the answer arrives it belongs
  // to the shard, but for `owner`, `shard` and `origin`, which never change.

  package let shard: Int
  /// The shard whose thread coordinates.
  package let origin: Int
  /// Hears the answers, on the origin's thread.
  package let owner: any TransactionOwner
  package let claims: [KeyClaim]
  /// Claims the whole shard, exclusively.
  package let claimsShard: Bool

  /// Its transaction's place in the order of all: who has the smaller one goes first. 0: the shard draws
  /// one, for transactions that are nowhere else.
  package var id: UInt64
  /// What the shard has to do next; with the first message already, if that may be done before the other shards
  /// have granted their claims.
  package var work: (any HopWork)?
  /// The claims end with `work`.
  package var isLastHop = false
  /// The shards that the transaction has changed, this one among them. Known when it is about to end.
  package var writers: [Int] = []
  /// What it has done here so far, as records.
  package private(set) var effects: [UInt8] = []
  package func add(effects records: [UInt8]) { effects += records }
  /// What there is to do next is to put them into the shard's log.
  package var isCommitting = false
  /// They are there.
  var isCommitted = false

  /// Other transactions with a smaller id want some of the keys.
  package internal(set) var isRefused = false
  /// Claims that others are still in front of. The shard's.
  var ungrantedCount = 0
  /// Other threads read some of the shard's values. The shard's.
  var isLending = false
  /// `work` is to run as soon as everything is granted. The shard's.
  var isArmed = false

  package init(
    shard: Int, origin: Int, owner: any TransactionOwner, id: UInt64, claims: [KeyClaim],
    claimsShard: Bool = false, work: (any HopWork)? = nil, isLastHop: Bool = false
  ) {
    self.shard = shard
    self.origin = origin
    self.owner = owner
    self.id = id
    self.claims = claims
    self.claimsShard = claimsShard
    self.work = work
    self.isLastHop = isLastHop
  }
}

/// Who coordinates a transaction.
package protocol TransactionOwner: AnyObject {
  /// The shard has granted all of the part's claims, or refused them; if the part came with work, that is done.
  func granted(_ part: TransactionPart)
  /// The part's work is done.
  func done(_ part: TransactionPart)
}

/// What one shard does in one hop of a transaction, and what came of it. The coordinator reads the results once the
/// part is back.
///
/// Belongs to the part that carries it: implementations are `@unchecked Sendable` for that reason.
package protocol HopWork: AnyObject, Sendable {
  /// Runs on the shard's thread. Cannot suspend.
  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics)
  /// There is more to do: it is to be run again, after others have had their turns.
  var isUnfinished: Bool { get }
}

extension HopWork {
  package var isUnfinished: Bool { false }
}

/// Draws the ids of transactions: one counter for all shards, touched by nothing but transactions that have to be
/// put in order.
package final class TransactionIDs: Sendable {
  private let last = Atomic<UInt64>(0)
  package init() {}
  /// Only ids above this one are drawn from here on: logs know those up to it.
  package func advance(past id: UInt64) { last.max(id, ordering: .relaxed) }
  package func next() -> UInt64 { last.add(1, ordering: .relaxed).newValue }
}
