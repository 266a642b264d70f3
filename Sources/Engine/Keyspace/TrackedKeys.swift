package import RESP

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
  }

  /// Notes that a key changed; from here on nobody has it.
  mutating func note(_ key: ByteView, _ hash: UInt64, writer: ClientReference?) {
    var readers: [ClientReference] = []
    if let index = table[hash]?.firstIndex(where: { tracked in
      ByteView.with(tracked.key) { $0 == key }
    }), let tracked = table[hash]?.remove(at: index) {
      if table[hash]?.isEmpty == true { table[hash] = nil }
      readers = Array(tracked.readers)
      keyCount -= 1
      itemCount -= readers.count
    }
    guard broadcasts || !readers.isEmpty else { return }
    invalidations.append(Invalidation(key: key.bytes, readers: readers, writer: writer))
  }

  /// Forgets keys until at most `keysMax` are left, as if they had changed.
  mutating func shrink(to keysMax: Int) {
    while keyCount > keysMax, let tracked = table.first?.value.first, let hash = table.first?.key {
      ByteView.with(tracked.key) { note($0, hash, writer: nil) }
    }
  }

  /// Forgets all keys: nothing of what anybody has is there any more.
  mutating func removeAll() {
    table = [:]
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
    // As many as the table may have, so that a burst of reads can't fill memory.
    if options.trackedKeysMax > 0, observed.tracked.keyCount > options.trackedKeysMax {
      observed.shrinkTracked(to: options.trackedKeysMax)
    }
  }

  /// Forgets what is more than `tracking-table-max-keys` allows by now.
  package mutating func limitTracked() {
    guard options.trackedKeysMax > 0 else { return }
    observed.shrinkTracked(to: options.trackedKeysMax)
  }
}
