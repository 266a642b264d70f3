package import Engine
import Synchronization

/// A client's call that waits for one of its keys to have something.
///
/// It stands in the line of each of its keys, on whatever shards they are; whoever changes `state` first from
/// `waiting` decides what becomes of it.
package final class BlockedCall: Sendable {
  package enum State: UInt8, AtomicRepresentable {
    case waiting
    /// A shard is trying to serve it, or has asked its thread to.
    case claimed
    /// It is over.
    case ended
  }

  /// The shard whose thread has the connection, and the connection there.
  package let origin: Int
  package let connection: UInt64
  package let command: Int
  package let words: StoredCommands
  package let database: Int
  package let protocolVersion: Int
  /// Those it stands in line for.
  package let keys: [Key]
  /// What it uses of a shard that serves it, the keys it puts something into included.
  package let claims: [KeyClaim]
  /// Whether one shard can serve it from any one of its keys.
  package let isSelfContained: Bool
  private let state = Atomic<State>(.waiting)
  /// Somebody found it claimed by another and left it.
  private let wasMissed = Atomic<Bool>(false)

  package struct Key: Sendable {
    package let name: DatabaseKey
    package let shard: Int
    /// Where it stands among the words.
    package let position: Int

    package init(name: DatabaseKey, shard: Int, position: Int) {
      self.name = name
      self.shard = shard
      self.position = position
    }
  }

  package init(
    origin: Int, connection: UInt64, command: Int, words: StoredCommands, database: Int,
    protocolVersion: Int, keys: [Key], claims: [KeyClaim], isSelfContained: Bool
  ) {
    self.origin = origin
    self.connection = connection
    self.command = command
    self.words = words
    self.database = database
    self.protocolVersion = protocolVersion
    self.keys = keys
    self.claims = claims
    self.isSelfContained = isSelfContained
  }

  var isClaimed: Bool { state.load(ordering: .acquiring) == .claimed }
  package var isOver: Bool { state.load(ordering: .acquiring) == .ended }

  /// Whoever gets true decides: by `end`, or by `unclaim`. Who gets false may count on the one who decides to come
  /// back to all shards of the call, should it go on waiting.
  package func claim() -> Bool {
    if exchangeWaiting() { return true }
    // In this order, and `unclaim` in the other: one of the two sees what the other did.
    wasMissed.store(true, ordering: .sequentiallyConsistent)
    return exchangeWaiting()
  }

  private func exchangeWaiting() -> Bool {
    state.compareExchange(
      expected: .waiting, desired: .claimed, ordering: .sequentiallyConsistent
    ).exchanged
  }

  /// Lets the call go on waiting.
  ///
  /// - Returns: whether somebody has tried to claim it meanwhile; all its shards have to look again.
  package func unclaim() -> Bool {
    precondition(state.load(ordering: .relaxed) == .claimed, "nobody has claimed this call")
    state.store(.waiting, ordering: .sequentiallyConsistent)
    return wasMissed.exchange(false, ordering: .sequentiallyConsistent)
  }

  package func end() { state.store(.ended, ordering: .releasing) }

  /// The shards of its keys, each once.
  package var shards: Set<Int> { Set(keys.map(\.shard)) }
}
