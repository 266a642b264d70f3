package import RESP

/// Keys that commands are about to look up, with their hashes, and their memory asked for beforehand.
///
/// A key that is not cached is two misses away, its bucket and its entry, which cost more than the rest of a small
/// command. Where several keys are known at once, those misses overlap. Keys are looked up in the order in which they
/// were added, or not at all.
@safe
struct PreparedKeys: ~Copyable {
  @safe private struct Key {
    let base: UnsafeRawPointer
    let count: Int
    let hash: KeyHash
    let database: Int
  }

  /// As many keys as the processor's queue of misses makes worthwhile.
  static let countMax = 16

  private let keys: UnsafeMutablePointer<Key>
  /// The key looked up last; behind a pointer, since looking up changes nothing else.
  private let cursor: UnsafeMutablePointer<Int>
  private(set) var count = 0

  init() {
    unsafe keys = .allocate(capacity: Self.countMax)
    unsafe cursor = .allocate(capacity: 1)
    unsafe cursor.initialize(to: 0)
  }

  deinit {
    unsafe keys.deallocate()
    unsafe cursor.deallocate()
  }

  @inline(__always)
  mutating func removeAll() { count = 0 }

  /// Does nothing when it is full.
  mutating func append(
    _ key: ByteView, _ hash: KeyHash, _ database: Int, _ table: borrowing DashTable
  ) {
    guard count < Self.countMax else { return }
    if count == 0 { unsafe cursor.pointee = 0 }
    unsafe (keys + count).initialize(
      to: Key(base: key.unsafeBase, count: key.count, hash: hash, database: database))
    count &+= 1
    table.prefetchBucket(hash)
  }

  /// Takes the first keys among `arguments` in place of what was there.
  mutating func fill(
    _ arguments: Arguments, from first: Int, to end: Int, by step: Int, seed: UInt64, database: Int,
    _ table: borrowing DashTable
  ) {
    removeAll()
    var index = first
    while index < end, count < Self.countMax {
      let key = arguments[index]
      append(key, KeyHash(key, seed: seed), database, table)
      index &+= step
    }
  }

  func begins(with key: ByteView) -> Bool {
    unsafe count > 0 && keys.pointee.base == key.unsafeBase && keys.pointee.count == key.count
  }

  /// Asks for the entries; the buckets are on their way.
  func prefetchEntries(_ databases: UnsafeMutablePointer<Database>) {
    for index in 0..<count {
      let key = unsafe keys[index]
      unsafe databases[key.database].table.prefetchEntry(key.hash)
    }
  }

  /// The hash of `key`, if it is the one looked up last or the next one.
  @inline(never)
  func hash(of key: ByteView) -> KeyHash? {
    var index = unsafe cursor.pointee
    let end = Swift.min(index &+ 2, count)
    while index < end {
      let candidate = unsafe keys[index]
      if unsafe candidate.base == key.unsafeBase, candidate.count == key.count {
        unsafe cursor.pointee = index
        return candidate.hash
      }
      index &+= 1
    }
    return nil
  }
}

extension Keyspace {
  /// Calls `body` with the position of each key among `arguments`, beginning at `first`, every `step` words; memory
  /// is asked for some keys ahead.
  @inline(__always)
  mutating func forEachKey<Failure: Error>(
    of arguments: Arguments, from first: Int = 1, by step: Int = 1,
    _ body: (inout Keyspace, Int) throws(Failure) -> Void
  ) throws(Failure) {
    var index = first
    while index < arguments.count {
      let end = Swift.min(arguments.count, index &+ step &* PreparedKeys.countMax)
      if end &- index > step { prepare(arguments, from: index, to: end, by: step) }
      while index < end {
        try body(&self, index)
        index &+= step
      }
    }
    prepared.removeAll()
  }

  @inline(never)
  private mutating func prepare(_ arguments: Arguments, from first: Int, to end: Int, by step: Int) {
    if upcoming.take(arguments[first], into: &prepared) { return }
    let databases = unsafe database(at: 0)
    let selected = selected
    unsafe prepared.fill(
      arguments, from: first, to: end, by: step, seed: seed, database: selected,
      databases[selected].table)
    unsafe prepared.prefetchEntries(databases)
  }

  /// Tells a key that commands will look up, after those told before and until `forgetPrepared`. 16 at most count.
  ///
  /// - Parameter key: its bytes have to stay where they are.
  package mutating func prepareNext(_ key: ByteView, _ hash: KeyHash, database index: Int) {
    let databases = unsafe database(at: 0)
    unsafe prepared.append(key, hash, index, databases[index].table)
  }

  /// Asks for the memory of all keys told; their buckets are on their way.
  package mutating func prefetchPrepared() {
    let databases = unsafe database(at: 0)
    unsafe prepared.prefetchEntries(databases)
  }
}
