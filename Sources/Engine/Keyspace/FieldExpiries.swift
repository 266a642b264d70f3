import RESP

/// The hashes of one database that have fields with an expiry, in the order in which something is to be done about them.
///
/// A sorted set of key names; the score is a time before which no field of the hash expires. It is exact for a listpack.
/// For a table it may be too early, because a table is not searched whenever one of its fields changes.
///
/// Every hash with such fields is here; one whose fields lost their expiries may be here still, until its time comes.
struct FieldExpiries: ~Copyable {
  /// A large hash that is being searched, segment by segment.
  struct Search {
    let key: [UInt8]
    var position: UInt64 = 0
    /// The earliest expiry found so far.
    var earliest = Int64.max
  }

  private var index: SortedSetIndex?
  var search: Search?

  deinit { index?.free() }

  var count: Int { index?.count ?? 0 }
  @inline(__always) var isEmpty: Bool { index == nil }

  /// The key to look at first, and when. Valid until this changes.
  var first: (key: ByteView, time: Int64)? {
    guard let index else { return nil }
    let cursor = index.tree.cursor(at: 0)
    return (cursor.member, Int64(cursor.score))
  }

  func time(of key: ByteView) -> Int64? { index?.score(of: key).map { Int64($0) } }

  /// Notes that `key` is to be looked at no later than `time`.
  mutating func note(_ key: ByteView, _ time: Int64, seed: UInt64) {
    update(key, seed: seed) { Swift.min($0 ?? time, time) }
    if let search, ByteView.with(search.key, { $0 == key }) {
      self.search?.earliest = Swift.min(search.earliest, time)
    }
  }

  /// Notes that `key` is to be looked at next at `time`, not before.
  mutating func set(_ key: ByteView, _ time: Int64, seed: UInt64) {
    update(key, seed: seed) { _ in time }
  }

  private mutating func update(_ key: ByteView, seed: UInt64, _ decide: (Int64?) -> Int64) {
    let index = self.index ?? .empty(seed: seed)
    self.index = index
    // Times fit: they have 46 bits.
    _ = index.update(key) { Double(decide($0.map { Int64($0) })) }
  }

  /// Forgets a key that is gone, or whose fields all stay.
  mutating func remove(_ key: ByteView) {
    if let search, ByteView.with(search.key, { $0 == key }) { self.search = nil }
    guard let index, index.remove(key) else { return }
    if index.count == 0 {
      index.free()
      self.index = nil
    }
  }

  /// Frees some hundred keys; false when nothing is left. Nothing else may be called any more.
  mutating func freeStep() -> Bool {
    guard let index else { return false }
    let next = index.freeSlice(from: progress)
    progress = next ?? 0
    if next == nil { self.index = nil }
    return next != nil
  }

  private var progress: UInt64 = 0
}
