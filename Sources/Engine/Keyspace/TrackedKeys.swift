package import RESP
import Synchronization

/// A connection, as other threads name it: its thread, and its place there.
package struct ClientReference: Hashable, Sendable {
  package let worker: Int
  package let handle: UInt64

  package init(worker: Int, handle: UInt64) {
    self.worker = worker
    self.handle = handle
  }
}

/// A key that changed, and who has it in his cache.
package struct Invalidation: Sendable {
  package let key: [UInt8]
  /// Those who read the key.
  package let readers: [ClientReference]
  /// Whose command changed it, nil if it expired or was forgotten.
  package let writer: ClientReference?
}

/// How many keys all shards track together: `tracking-table-max-keys` is about their sum.
package final class TrackedKeyTotal: Sendable {
  private let count = Atomic<Int>(0)

  package init() {}

  func add(_ keys: Int) { count.add(keys, ordering: .relaxed) }

  /// Counts one key less if there are more than `keysMax`; true if so, and the caller forgets one.
  func takeExcess(over keysMax: Int) -> Bool {
    var current = count.load(ordering: .relaxed)
    while current > keysMax {
      let (exchanged, original) = count.weakCompareExchange(
        expected: current, desired: current - 1, ordering: .relaxed)
      if exchanged { return true }
      current = original
    }
    return false
  }
}

/// The keys of one shard that clients have in their caches (CLIENT TRACKING), and what has become of them this turn.
///
/// Keys are known by name alone, whichever database they are in, since that is how clients are told.
package struct TrackedKeys: Sendable {
  private struct Tracked {
    let key: [UInt8]
    var readers: Set<ClientReference>
  }

  /// By hash; of keys that share one, each stands for itself.
  private var table: [UInt64: [Tracked]] = [:]
  package private(set) var keyCount = 0
  /// The other shards' keys, and these.
  var total = TrackedKeyTotal()
  /// Keys times readers.
  package private(set) var itemCount = 0
  /// Clients want to hear of all keys, or of those with a prefix.
  package var broadcasts = false
  /// Who runs the command of this moment.
  package var writer: ClientReference?
  package private(set) var invalidations: [Invalidation] = []

  /// Whether changes have to be noted.
  var isOn: Bool { broadcasts || keyCount > 0 }

  mutating func add(_ key: ByteView, _ hash: UInt64, _ reader: ClientReference) {
    if let index = table[hash]?.firstIndex(where: { $0.key.elementsEqual(key.bytes) }) {
      if table[hash]?[index].readers.insert(reader).inserted == true { itemCount += 1 }
      return
    }
    table[hash, default: []].append(Tracked(key: key.bytes, readers: [reader]))
    keyCount += 1
    itemCount += 1
    total.add(1)
  }

  /// Notes that a key changed; from here on nobody has it.
  ///
  /// - Parameter isCounted: the total knows already that it goes.
  mutating func note(
    _ key: ByteView, _ hash: UInt64, writer: ClientReference?, isCounted: Bool = false
  ) {
    var readers: [ClientReference] = []
    if let index = table[hash]?.firstIndex(where: { tracked in
      ByteView.with(tracked.key) { $0 == key }
    }), let tracked = table[hash]?.remove(at: index) {
      if table[hash]?.isEmpty == true { table[hash] = nil }
      readers = Array(tracked.readers)
      keyCount -= 1
      itemCount -= readers.count
      if !isCounted { total.add(-1) }
    }
    guard broadcasts || !readers.isEmpty else { return }
    invalidations.append(Invalidation(key: key.bytes, readers: readers, writer: writer))
  }

  /// Forgets keys, as if they had changed, until all shards together have at most `keysMax`.
  ///
  /// - Parameter share: this shard's part of them, which it keeps: one of the others has more than its part then.
  mutating func shrink(to keysMax: Int, share: Int) {
    while keyCount > share, total.takeExcess(over: keysMax),
      let tracked = table.first?.value.first, let hash = table.first?.key
    {
      ByteView.with(tracked.key) { note($0, hash, writer: nil, isCounted: true) }
    }
  }

  /// Forgets all keys: nothing of what anybody has is there any more.
  mutating func removeAll() {
    table = [:]
    total.add(-keyCount)
    keyCount = 0
    itemCount = 0
  }

  package mutating func takeInvalidations() -> [Invalidation] {
    let taken = invalidations
    invalidations.removeAll(keepingCapacity: taken.count <= 1024)
    return taken
  }
}

extension Keyspace {
  /// Notes that a client has read a key of this shard, and will be told when it changes.
  package mutating func track(_ key: ByteView, for reader: ClientReference) {
    observed.track(key, KeyHash(key, seed: seed).rawValue, reader)
    // So that a burst of reads can't fill memory.
    if options.trackedKeysMax > 0, observed.tracked.keyCount > options.trackedKeysShare {
      limitTracked()
    }
  }

  /// Forgets what is more than `tracking-table-max-keys` allows by now.
  package mutating func limitTracked() {
    guard options.trackedKeysMax > 0 else { return }
    observed.shrinkTracked(to: options.trackedKeysMax, share: options.trackedKeysShare)
  }
}
