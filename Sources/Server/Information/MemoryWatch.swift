import CJemalloc
import EventLoop
import RESP
import Synchronization

/// How much memory the process uses, and was used at most.
///
/// jemalloc counts, for each thread, the bytes it has ever allocated and freed; reading them costs two loads. The
/// differences of the workers, and what other threads have allocated (measured now and then), are the memory in use:
/// so `maxmemory` can be kept to the byte without asking jemalloc for its statistics.
final class MemoryWatch: Sendable {
  /// What one worker tells the others.
  final class OfShard: Sendable {
    /// Where the thread's counters are; 0 before it has begun and after it has ended.
    fileprivate let allocatedCounter = Atomic<UInt>(0)
    fileprivate let freedCounter = Atomic<UInt>(0)
    /// How much of the data that may be evicted it holds, in bytes, what is to be freed anyway included; 0: nothing.
    let evictable = Atomic<Int>(0)
    /// Bytes on their way to files, which are not counted: evicting adds to them.
    let uncounted = Atomic<Int>(0)
    /// Others are short of memory: it should evict its part.
    let isWanted = Atomic<Bool>(false)
    /// Bytes its clients use, and the one that uses most.
    let clients = Atomic<Int>(0)
    let largestClient = Atomic<Int>(0)

    /// Bytes its thread has ever allocated.
    var allocated: Int { Int(cjemalloc_counter(allocatedCounter.load(ordering: .relaxed))) }

    /// Bytes its thread has allocated and not freed. May be below zero: threads free what others have allocated.
    @inline(__always)
    var net: Int {
      Int(
        cjemalloc_net(
          allocatedCounter.load(ordering: .relaxed), freedCounter.load(ordering: .relaxed)))
    }

    /// On the thread.
    fileprivate func begin() {
      freedCounter.store(cjemalloc_freed_counter(), ordering: .relaxed)
      allocatedCounter.store(cjemalloc_allocated_counter(), ordering: .relaxed)
    }

    /// The thread is about to end, and its counters with it.
    func end() {
      allocatedCounter.store(0, ordering: .sequentiallyConsistent)
      freedCounter.store(0, ordering: .sequentiallyConsistent)
    }
  }

  let shards: [OfShard]
  private let peak = Atomic<Int>(0)
  private let peakAt = Atomic<Int64>(0)
  private let startup = Atomic<Int>(0)
  /// What threads other than the workers' have allocated.
  private let others = Atomic<Int>(0)
  /// Replies about the server itself that are being put together, which takes memory on all threads.
  private let gatheringCount = Atomic<Int>(0)
  /// What one of them takes.
  private static let gatheringBytes = 24 << 10
  /// What active pages have beyond the blocks in them, and what is allocated: as of the last look.
  private let wasted = Atomic<Int>(0)
  private let allocatedLast = Atomic<Int>(0)
  /// `maxmemory` where keys may go for it, else 0; and the bytes of pages in use beyond what it allows for them.
  private let evictionLimit = Atomic<Int>(0)
  private let pageOverrun = Atomic<Int>(0)
  /// Since when more than `maxmemory` is in use, in monotonic nanoseconds; 0: it is not.
  private let exceededSince = Atomic<UInt64>(0)
  private let exceededBefore = Atomic<UInt64>(0)

  init(shardCount: Int) { shards = (0..<shardCount).map { _ in OfShard() } }

  /// The calling thread is that of a shard.
  func begin(shard: Int) -> OfShard {
    shards[shard].begin()
    return shards[shard]
  }

  var peakBytes: Int { peak.load(ordering: .relaxed) }
  /// Seconds since 1970.
  var peakTime: Int64 { peakAt.load(ordering: .relaxed) }
  /// What the server used before the first client came.
  var startupBytes: Int { startup.load(ordering: .relaxed) }

  func started() { startup.store(sample(), ordering: .relaxed) }

  /// Forgets the peak, as CONFIG RESETSTAT does.
  func resetPeak() {
    peak.store(0, ordering: .relaxed)
    exceededBefore.store(0, ordering: .relaxed)
    sample()
  }

  private var netOfShards: Int { shards.reduce(0) { $0 + $1.net } }

  /// What such a reply takes does not count for `maxmemory`: no key goes for a question.
  func beginGathering() { gatheringCount.add(1, ordering: .relaxed) }
  func endGathering() { gatheringCount.subtract(1, ordering: .relaxed) }

  /// What counts for `maxmemory` and is none of shard `index`.
  func used(exceptShard index: Int) -> Int {
    var sum = others.load(ordering: .relaxed) + ReplyStorage.mappedByteCount
    sum -= gatheringCount.load(ordering: .relaxed) * Self.gatheringBytes
    for shard in shards.indices {
      if shard != index { sum += shards[shard].net }
      sum -= shards[shard].uncounted.load(ordering: .relaxed)
    }
    return sum
  }

  /// Bytes of pages in use beyond those that belong to `maxmemory`: where sizes of values change, blocks of the new sizes
  /// need pages while the old ones' are half empty. Keys go for them as for what is allocated, so that the process does
  /// not take memory that nobody has granted it; but no command is refused.
  ///
  /// As of the last look; a part of the limit at most, since pages become free only when blocks are moved together.
  var overrun: Int { pageOverrun.load(ordering: .relaxed) }

  /// Pages may be in use for the limit and such a part of it, or this.
  private static let pagePart = 128
  private static let pageBytes = 4 << 20
  private static let overrunPart = 4
  /// A key that goes seldom leaves a whole page.
  private static let overrunWeight = 4

  var countsPages: Bool { evictionLimit.load(ordering: .relaxed) > 0 }

  func setEvictionLimit(_ bytesMax: Int) { evictionLimit.store(bytesMax, ordering: .relaxed) }

  private func noteActivePages(_ active: Int) {
    let limit = evictionLimit.load(ordering: .relaxed)
    let pages = limit + max(limit / Self.pagePart, Self.pageBytes)
    let overrun = limit > 0 ? (active - pages) * Self.overrunWeight : 0
    pageOverrun.store(min(max(overrun, 0), limit / Self.overrunPart), ordering: .relaxed)
  }

  /// What does not count for `maxmemory`.
  var uncounted: Int { shards.reduce(0) { $0 + $1.uncounted.load(ordering: .relaxed) } }

  /// Of the pages that are in use, bytes that are not; and what is allocated.
  var waste: (bytes: Int, allocated: Int) {
    (wasted.load(ordering: .relaxed), allocatedLast.load(ordering: .relaxed))
  }

  /// Asks jemalloc what is in use. Takes tens of microseconds: not for every command.
  @discardableResult
  func sample() -> Int {
    var (allocated, sum, drift) = measure()
    // The shards go on meanwhile, and the thread may be held up in the middle: what counts is a calm moment.
    var attempts = 1
    while drift > Self.driftMax, attempts < Self.attemptsMax {
      let next = measure()
      if next.drift < drift { (allocated, sum, drift) = next }
      attempts += 1
    }
    others.store(allocated - sum, ordering: .relaxed)
    let used = allocated + ReplyStorage.mappedByteCount
    notePeak(used)
    return used
  }

  private static let driftMax = 4 << 10
  private static let attemptsMax = 8

  /// What is allocated, what of that the shards have, and by how much that has changed meanwhile.
  private func measure() -> (allocated: Int, ofShards: Int, drift: Int) {
    let before = netOfShards
    _ = cjemalloc_refresh_statistics()
    let allocatedByThreads = Int(unsafe cjemalloc_statistic("stats.allocated"))
    let allocated = allocatedByThreads - cjemalloc_cached_bytes()
    let active = Int(unsafe cjemalloc_statistic("stats.active"))
    wasted.store(active - allocatedByThreads, ordering: .relaxed)
    noteActivePages(active)
    allocatedLast.store(allocated, ordering: .relaxed)
    let after = netOfShards
    return (allocated, (before + after) / 2, abs(after - before))
  }

  func notePeak(_ used: Int) {
    if peak.max(used, ordering: .relaxed).oldValue < used {
      peakAt.store(WallClock.milliseconds / 1000, ordering: .relaxed)
    }
  }

  // MARK: How long the limit was exceeded

  func noteExceeded(_ isExceeded: Bool) {
    let since = exceededSince.load(ordering: .relaxed)
    if isExceeded == (since != 0) { return }
    let now = EventLoop.monotonicNanoseconds
    if isExceeded {
      exceededSince.store(now, ordering: .relaxed)
    } else {
      exceededSince.store(0, ordering: .relaxed)
      exceededBefore.add(now &- since, ordering: .relaxed)
    }
  }

  /// For how long more than `maxmemory` was in use: now without a break, and in all.
  var exceededMilliseconds: (current: Int, total: Int) {
    let since = exceededSince.load(ordering: .relaxed)
    let current = since == 0 ? 0 : (EventLoop.monotonicNanoseconds &- since) / 1_000_000
    return (Int(current), Int(exceededBefore.load(ordering: .relaxed) / 1_000_000 + current))
  }
}
