package import Engine
import Synchronization

/// The keys of one shard that one connection watches.
package final class Watch: Sendable {
  package let shard: Int
  package let keys: [DatabaseKey]
  private let dirty = Atomic<Bool>(false)

  package init(shard: Int, keys: [DatabaseKey]) {
    self.shard = shard
    self.keys = keys
  }

  /// One of the keys has changed. True for ever from then on.
  package var isDirty: Bool { dirty.load(ordering: .acquiring) }

  func markDirty() { dirty.store(true, ordering: .releasing) }
}

/// Who watches which keys of a shard.
struct WatchTable {
  private var watches: [DatabaseKey: [Watch]] = [:]

  mutating func add(_ watch: Watch, _ keyspace: inout Keyspace) {
    for key in watch.keys {
      watches[key, default: []].append(watch)
      keyspace.observe(key)
    }
  }

  mutating func remove(_ watch: Watch, _ keyspace: inout Keyspace) {
    for key in watch.keys {
      guard var watchers = watches.removeValue(forKey: key) else { continue }
      guard let index = watchers.firstIndex(where: { $0 === watch }) else {
        watches[key] = watchers
        continue
      }
      watchers.remove(at: index)
      if !watchers.isEmpty { watches[key] = watchers }
      keyspace.stopObserving(key)
    }
  }

  func noteChange(_ key: DatabaseKey) {
    for watch in watches[key] ?? [] { watch.markDirty() }
  }
}
