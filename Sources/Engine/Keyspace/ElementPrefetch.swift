package import RESP

/// Memory that commands will read inside large sets, hashes and sorted sets, asked for some commands ahead.
///
/// A member of a large value is two cache misses away, its bucket and its entry, which cost more than all the rest of
/// SISMEMBER or HGET. Who executes a batch calls `prefetchElementBucket` for a command to come, and some commands
/// later `prefetchElementEntry`. What was found out meanwhile stands in a short ring. It points into values, so it is
/// emptied whenever one may be freed: `forget`.
///
/// Values that are not large cost one look-up in 32 commands to find that out.
@safe
struct ElementPrefetch: ~Copyable {
  /// A member's place-to-be.
  private struct Place {
    var table: ElementTable?
    var hash: KeyHash
  }

  /// Commands between the two calls for one of them, at most.
  private static let ringCount = 16
  /// Smaller ones are cached, or about to be; and they may be freed at once, larger ones by slices after the turn.
  private static let elementsMin = 1024
  private static let probePeriod = 32

  private let ring: UnsafeMutablePointer<Place>
  private var isUsed = false
  /// The key looked up last, and its table if its value is large.
  private var key = KeyHash(rawValue: 0)
  private var table: ElementTable?
  /// Look-ups that may still find nothing before they are made less often.
  private var credit = 0

  init() {
    unsafe ring = .allocate(capacity: Self.ringCount)
    unsafe ring.initialize(
      repeating: Place(table: nil, hash: KeyHash(rawValue: 0)), count: Self.ringCount)
  }

  deinit { unsafe ring.deallocate() }

  /// Forgets everything that points into values.
  @inline(__always)
  mutating func forget() {
    if isUsed { clear() }
  }

  @inline(never)
  private mutating func clear() {
    for index in 0..<Self.ringCount { unsafe ring[index].table = nil }
    key = KeyHash(rawValue: 0)
    table = nil
    isUsed = false
  }

  @inline(__always)
  mutating func prefetchBucket(
    _ index: Int, _ name: ByteView, _ hash: KeyHash, _ element: ByteView,
    _ database: UnsafeMutablePointer<Database>
  ) {
    if hash.rawValue != key.rawValue {
      guard credit > 0 || index % Self.probePeriod == 0 else { return }
      unsafe lookUp(name, hash, database)
    }
    guard let table else {
      unsafe ring[index % Self.ringCount].table = nil
      return
    }
    let hash = table.hash(element)
    unsafe ring[index % Self.ringCount] = Place(table: table, hash: hash)
    table.prefetchBucket(hash)
  }

  @inline(__always)
  mutating func prefetchEntry(_ index: Int) {
    let place = unsafe ring[index % Self.ringCount]
    place.table?.prefetchEntry(place.hash)
  }

  @inline(never)
  private mutating func lookUp(
    _ name: ByteView, _ hash: KeyHash, _ database: UnsafeMutablePointer<Database>
  ) {
    isUsed = true
    key = hash
    table = nil
    if let slot = unsafe database.pointee.table.find(name, hash) {
      table = Self.largeTable(of: DashTable.block(unsafe slot.pointee))
    }
    credit = table == nil ? Swift.max(credit - 1, 0) : Self.probePeriod
  }

  private static func largeTable(of block: EntryBlock) -> ElementTable? {
    guard block.type != .string, block.encoding == .structure else { return nil }
    let table: ElementTable
    switch block.type {
    case .set: table = SetValue(block: block).table
    case .hash: table = HashValue(block: block).table
    case .sortedSet: table = SortedSetValue(block: block).index.members
    default: return nil
    }
    return table.count >= elementsMin ? table : nil
  }
}

extension Keyspace {
  /// Asks for the bucket of `element` in the value at `key`, if that is a large one of named elements.
  ///
  /// - Parameters:
  ///   - index: of the command in its batch; the same for `prefetchElementEntry`, at most 15 commands later.
  ///   - hash: the key's.
  /// - Complexity: O(1). Allocates nothing.
  package mutating func prefetchElementBucket(
    _ index: Int, _ key: ByteView, _ hash: KeyHash, _ element: ByteView
  ) {
    unsafe elements.prefetchBucket(index, key, hash, element, database)
  }

  /// Asks for the element whose bucket was asked for; the bucket should be cached by now.
  package mutating func prefetchElementEntry(_ index: Int) { elements.prefetchEntry(index) }

  /// Begins or ends a batch: what was prefetched for another one may be gone.
  package mutating func forgetPrefetched() {
    elements.forget()
    upcoming.forget()
  }
}
