/// Which transactions want which keys of one shard, in which order they get them, and who may go on now.
///
/// Every claimed key has a queue in the order of transaction ids. A claim is granted when no claim in front of it
/// excludes it. A transaction that comes late, behind a conflicting one with a larger id, is refused: it
/// withdraws everywhere and comes again with a new id. So everybody waits only for smaller ids, and there is
/// no deadlock; and since a transaction starts when all shards have granted all its claims and releases them at
/// its end, transactions that share keys are in the same order on every shard.
///
/// This is the ordered locking of VLL with a queue a key in place of its two counters: what waits behind one key
/// holds up nobody who wants another.
///
/// - SeeAlso: K. Ren, A. Thomson, D. Abadi, "Lightweight Locking for Main Memory Database Systems", VLDB 2013.
package struct IntentTable: ~Copyable {
  private struct Intent {
    let part: TransactionPart
    let isExclusive: Bool
    var isGranted: Bool
  }

  private var queues = IntentQueues()
  /// Stands for the whole shard: every part shares it, and a claim of the shard excludes the others.
  private var shardQueue: [Intent] = [] { didSet { isEmpty = shardQueue.isEmpty } }
  private var shardClaimCount = 0

  package init() {}

  /// Nobody claims anything: commands just run. Stored, because every command asks.
  package private(set) var isEmpty = true
  package var partCount: Int { shardQueue.count }
  /// Somebody has all of the shard for himself.
  package var isShardClaimed: Bool { shardClaimCount > 0 }

  /// Whether a single key may be used right now without getting in anybody's way.
  package func allows(_ claim: KeyClaim) -> Bool {
    if shardClaimCount > 0 { return false }
    return queues.allSatisfy(claim.hash) { !claim.isExclusive && !$0.isExclusive }
  }

  package func allows(_ claims: [KeyClaim]) -> Bool {
    for claim in claims where !allows(claim) { return false }
    return true
  }

  /// Whether no transaction but `part` has been granted anything that excludes `claims`. Those that still wait for
  /// their turn have not begun to change anything.
  func leavesFree(_ claims: [KeyClaim], besides part: TransactionPart?) -> Bool {
    if shardClaimCount > 0,
      shardQueue.contains(where: { $0.isExclusive && $0.isGranted && $0.part !== part })
    {
      return false
    }
    for claim in claims {
      let isFree = queues.allSatisfy(claim.hash) { intent in
        !intent.isGranted || intent.part === part || (!claim.isExclusive && !intent.isExclusive)
      }
      if !isFree { return false }
    }
    return true
  }

  /// Puts a part into the queues of its keys.
  ///
  /// - Returns: false if it comes too late for one of them; then nothing was changed.
  mutating func insert(_ part: TransactionPart) -> Bool {
    if Self.comesTooLate(part, part.claimsShard, shardQueue) { return false }
    for claim in part.claims {
      let isInTime = queues.allSatisfy(claim.hash) { intent in
        intent.part.id <= part.id || (!claim.isExclusive && !intent.isExclusive)
      }
      if !isInTime { return false }
    }
    part.ungrantedCount = 0
    if part.claimsShard { shardClaimCount += 1 }
    Self.insert(part, part.claimsShard, into: &shardQueue, areAllShared: shardClaimCount == 0)
    for claim in part.claims {
      queues.insert(part, isExclusive: claim.isExclusive, claim.hash)
    }
    return true
  }

  /// A part's own intents never stand in its way.
  private static func comesTooLate(
    _ part: TransactionPart, _ isExclusive: Bool, _ queue: [Intent]
  ) -> Bool {
    for intent in queue.reversed() {
      if intent.part.id <= part.id { return false }
      if isExclusive || intent.isExclusive { return true }
    }
    return false
  }

  /// - Parameter areAllShared: known to be so, this one included; the queue may be long.
  private static func insert(
    _ part: TransactionPart, _ isExclusive: Bool, into queue: inout [Intent],
    areAllShared: Bool = false
  ) {
    var index = queue.count
    while index > 0, queue[index - 1].part.id > part.id { index -= 1 }
    let isGranted =
      areAllShared
      || queue[..<index].allSatisfy {
        $0.part === part || (!isExclusive && !$0.isExclusive)
      }
    if !isGranted { part.ungrantedCount += 1 }
    queue.insert(Intent(part: part, isExclusive: isExclusive, isGranted: isGranted), at: index)
  }

  /// Takes a part out of all queues and appends those that nothing is in the way of any more to `freed`.
  mutating func remove(_ part: TransactionPart, freed: inout [TransactionPart]) {
    // One that came too late for this shard is in no queue.
    if part.isRefused { return }
    if shardClaimCount == 0 {
      // All share the shard: nobody waits for this one to go.
      if let index = place(inShardQueue: part) { shardQueue.remove(at: index) }
    } else {
      if part.claimsShard { shardClaimCount -= 1 }
      Self.remove(part, from: &shardQueue, &freed)
    }
    for claim in part.claims { queues.remove(part, claim.hash, freed: &freed) }
  }

  /// Where a part stands in the queue of the shard, which is in the order of ids.
  private func place(inShardQueue part: TransactionPart) -> Int? {
    var (low, high) = (0, shardQueue.count)
    while low < high {
      let middle = (low + high) / 2
      if shardQueue[middle].part.id < part.id { low = middle + 1 } else { high = middle }
    }
    while low < shardQueue.count, shardQueue[low].part !== part { low += 1 }
    return low < shardQueue.count ? low : nil
  }

  private static func remove(
    _ part: TransactionPart, from queue: inout [Intent], _ freed: inout [TransactionPart]
  ) {
    queue.removeAll { $0.part === part }
    var isFree = true
    for index in queue.indices where isFree {
      let intent = queue[index]
      if !intent.isGranted {
        isFree = queue[..<index].allSatisfy {
          $0.part === intent.part || (!intent.isExclusive && !$0.isExclusive)
        }
        guard isFree else { continue }
        queue[index].isGranted = true
        intent.part.ungrantedCount -= 1
        if intent.part.ungrantedCount == 0 { freed.append(intent.part) }
      }
    }
  }

  #if DEBUG || INTERNAL_CHECKS
    package func checkInvariants() {
      queues.checkInvariants()
      for (index, intent) in shardQueue.enumerated() {
        if index > 0 {
          precondition(shardQueue[index - 1].part.id <= intent.part.id, "a queue out of order")
        }
        let isFree = shardQueue[..<index].allSatisfy {
          $0.part === intent.part || (!intent.isExclusive && !$0.isExclusive)
        }
        precondition(isFree == intent.isGranted, "a claim granted too early, or not at all")
      }
      precondition(
        queues.isEmpty || !shardQueue.isEmpty, "claims of keys without a part on the shard")
    }
  #endif
}
