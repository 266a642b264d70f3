import CJemalloc
import Synchronization

/// How much of `maxmemory` is left, as one worker sees it.
///
/// What the other threads use is taken over once a turn; what this one uses is read from jemalloc's counters of
/// the thread, so that a look costs a few loads and a comparison.
struct MemoryRoom {
  private let watch: MemoryWatch
  private let own: MemoryWatch.OfShard
  private let shard: Int
  /// `maxmemory` is set.
  private(set) var isLimited = false
  private(set) var bytesMax = 0
  /// Up to here this thread may allocate.
  private var netMax = Int.max
  /// What this thread had allocated before the first client came.
  private let netAtStart: Int
  /// What of that is pages rather than blocks.
  private var overrun = 0
  /// What this thread had ever allocated when it last looked at the pages.
  private var allocatedAtLook = 0
  /// When this turn's time for evicting ends; nil: it has not begun.
  var evictionDeadline: UInt64?
  /// What this thread had allocated when that time was over: commands that come later in the turn must not add to it.
  private var netAtEnd: Int?

  /// What this turn's evictions have left to be told. It goes with the turn, and must not make others go.
  private var noteByteCount = 0

  /// Made on the worker's thread.
  init(_ watch: MemoryWatch, shard: Int) {
    self.watch = watch
    self.shard = shard
    own = watch.begin(shard: shard)
    netAtStart = own.net
  }

  /// What the worker's data is likely to take.
  var dataByteCount: Int { max(own.net - netAtStart, 1) }

  /// - Parameter bytesMax: `maxmemory`, 0 for none.
  mutating func limit(to bytesMax: Int) {
    self.bytesMax = bytesMax
    isLimited = bytesMax > 0
    refresh()
  }

  /// A turn begins.
  mutating func beginTurn() {
    evictionDeadline = nil
    netAtEnd = nil
    noteByteCount = 0
    refresh()
  }

  /// Takes over what the others use.
  mutating func refresh() {
    lookAtPages()
    overrun = watch.overrun
    netMax = isLimited ? bytesMax &- watch.used(exceptShard: shard) &- overrun &+ noteByteCount : .max
  }

  /// Has the pages in use counted, where they matter, when much was allocated since the last time.
  private mutating func lookAtPages() {
    guard isLimited, watch.countsPages else { return }
    let allocated = own.allocated
    guard allocated &- allocatedAtLook > max(bytesMax / Self.lookPart, Self.lookBytesMin) else { return }
    allocatedAtLook = allocated
    watch.sample()
    // Nobody has granted what is free, either.
    if watch.overrun > 0 { _ = cjemalloc_purge_own() }
  }

  private static let lookPart = 256
  private static let lookBytesMin = 1 << 20

  /// An eviction has left so much to be told.
  mutating func forgive(_ byteCount: Int) {
    noteByteCount &+= byteCount
    netMax &+= byteCount
  }

  /// Whether more than `maxmemory` is in use, pages included.
  @inline(__always) var isExceeded: Bool { own.net > netMax }

  /// Bytes beyond `maxmemory`, pages' included; below zero while there is room.
  var excess: Int { own.net &- netMax }

  /// The same without the pages, for which no command is refused.
  var blockExcess: Int { excess &- overrun }

  /// The turn's time for evicting is over.
  mutating func endTime() { netAtEnd = own.net }

  var isTimeOver: Bool { netAtEnd != nil }

  /// Whether this thread has allocated since more than it has freed.
  var hasGrown: Bool { netAtEnd.map { own.net > $0 } ?? false }

  /// Others want this worker to evict.
  @inline(__always) var isWanted: Bool { own.isWanted.load(ordering: .relaxed) }
}
