import RESP

/// A key of one of the databases.
package struct DatabaseKey: Hashable, Sendable {
  package let database: Int
  package let name: [UInt8]

  package init(database: Int, name: [UInt8]) {
    self.database = database
    self.name = name
  }
}

/// The keys whose changes somebody wants to hear of: clients that watch them, clients that wait for them.
///
/// A keyspace where nobody does pays one comparison a change; otherwise a look-up by hash comes first, and only a
/// hit costs a copy of the name.
package struct ObservedKeys: Sendable {
  private struct Observation {
    var observers: Int
    /// Stands in `changes` already.
    var hasChanged: Bool
  }

  private var keys: [DatabaseKey: Observation] = [:]
  /// How many of `keys` have a hash.
  private var hashes: [UInt64: Int] = [:]
  private var changes: [DatabaseKey] = [] { didSet { hasChanges = !changes.isEmpty } }
  package private(set) var hasChanges = false

  /// Keys in the caches of clients.
  package private(set) var tracked = TrackedKeys()
  /// A change of a database as a whole: every cache is void.
  package private(set) var hasFlushed = false

  /// Nobody wants to hear of anything.
  package private(set) var isEmpty = true

  /// Whether the keys' readers, or clients that are told of all changes, wait for any.
  package private(set) var isTracking = false

  private mutating func updateEmptiness() {
    isTracking = tracked.isOn
    isEmpty = hashes.isEmpty && !isTracking
  }

  mutating func add(_ key: DatabaseKey, _ hash: UInt64) {
    if keys[key] == nil { hashes[hash, default: 0] += 1 }
    keys[key, default: Observation(observers: 0, hasChanged: false)].observers += 1
    updateEmptiness()
  }

  mutating func remove(_ key: DatabaseKey, _ hash: UInt64) {
    guard var observation = keys[key] else {
      preconditionFailure("nobody observes this key")
    }
    observation.observers -= 1
    keys[key] = observation
    guard observation.observers == 0 else { return }
    keys[key] = nil
    hashes[hash, default: 0] -= 1
    if hashes[hash] == 0 { hashes[hash] = nil }
    updateEmptiness()
  }

  @inline(never)
  mutating func noteChange(_ name: ByteView, database: Int, _ hash: UInt64) {
    guard hashes[hash] != nil else { return }
    note(DatabaseKey(database: database, name: name.bytes))
  }

  mutating func note(_ key: DatabaseKey) {
    guard keys[key]?.hasChanged == false else { return }
    keys[key]?.hasChanged = true
    changes.append(key)
  }

  // MARK: Tracking

  mutating func setTotal(_ total: TrackedKeyTotal) { tracked.total = total }

  mutating func track(_ key: ByteView, _ hash: UInt64, _ reader: ClientReference) {
    tracked.add(key, hash, reader)
    updateEmptiness()
  }

  mutating func noteTracked(_ key: ByteView, _ hash: UInt64, byExpiry: Bool) {
    tracked.note(key, hash, writer: byExpiry ? nil : tracked.writer)
    updateEmptiness()
  }

  mutating func shrinkTracked(to keysMax: Int, share: Int) {
    tracked.shrink(to: keysMax, share: share)
    updateEmptiness()
  }

  mutating func noteFlush() {
    tracked.removeAll()
    hasFlushed = true
    updateEmptiness()
  }

  package mutating func setBroadcasting(_ broadcasts: Bool) {
    guard tracked.broadcasts != broadcasts else { return }
    tracked.broadcasts = broadcasts
    updateEmptiness()
  }

  package mutating func setWriter(_ writer: ClientReference?) { tracked.writer = writer }

  package var hasInvalidations: Bool { hasFlushed || !tracked.invalidations.isEmpty }

  /// What caches have to drop since the last call: keys, or everything.
  package mutating func takeInvalidations() -> (invalidations: [Invalidation], isFlush: Bool) {
    defer { hasFlushed = false }
    return (tracked.takeInvalidations(), hasFlushed)
  }

  /// The observed keys of the databases.
  func keys(inDatabases databases: Set<Int>) -> [DatabaseKey] {
    keys.keys.filter { databases.contains($0.database) }
  }

  /// The keys that changed since the last call, each once, in the order of their first changes.
  package mutating func takeChanges() -> [DatabaseKey] {
    let taken = changes
    changes.removeAll(keepingCapacity: true)
    for key in taken { keys[key]?.hasChanged = false }
    return taken
  }
}

extension Keyspace {
  /// Tells apart the databases' keys of one name.
  @inline(__always)
  package static func observationHash(_ hash: KeyHash, database: Int) -> UInt64 {
    hash.rawValue ^ UInt64(truncatingIfNeeded: database) &* 0x9E37_79B9_7F4A_7C15
  }

  private func observationHash(_ key: DatabaseKey) -> UInt64 {
    ByteView.with(key.name) {
      Self.observationHash(KeyHash($0, seed: seed), database: key.database)
    }
  }

  /// Has changes of a key noted in `observed`, as often as it is called more than `stopObserving`.
  package mutating func observe(_ key: DatabaseKey) { observed.add(key, observationHash(key)) }

  package mutating func stopObserving(_ key: DatabaseKey) {
    observed.remove(key, observationHash(key))
  }

  /// Notes a change that `takeChanges` has given out to somebody it did not concern.
  package mutating func noteAgain(_ key: DatabaseKey) { observed.note(key) }

  @inline(never)
  mutating func noteChange(_ key: ByteView, byExpiry: Bool = false) {
    let hash = hash(key)
    if observed.isTracking { observed.noteTracked(key, hash.rawValue, byExpiry: byExpiry) }
    observed.noteChange(key, database: selected, Self.observationHash(hash, database: selected))
  }

  /// Notes the observed keys of databases that are about to be emptied or exchanged, as far as there is
  /// something under their names in any of them.
  mutating func noteChanges(ofDatabases databases: Set<Int>) {
    observed.noteFlush()
    for key in observed.keys(inDatabases: databases) {
      let exists = ByteView.with(key.name) { name in
        databases.contains { index in inDatabase(index) { $0.exists(name) } }
      }
      if exists { observed.note(key) }
    }
  }
}
