import CLinux
import Engine
import EventLoop
import Shard

/// When a worker moves its shard's blocks so that pages become free, and how much of its time goes there.
///
/// `MemoryWatch` knows how much of the pages in use is not; ten times a second every worker compares that with what the
/// directives allow. From then on it works in slices, so far apart that they take the wanted part of its time, until
/// a sweep has gone through all of its tables and the waste is small again. A worker whose sweep has moved next to nothing
/// has no part in the waste: it rests before it looks again.
struct Defragmentation: ~Copyable {
  fileprivate var mover = Keyspace.Mover()
  /// Percent of a processor's time; 0: it is not at work.
  fileprivate var effort = 0
  /// The next slice should run.
  fileprivate(set) var isDue = false
  /// A timer is set for it.
  fileprivate var isTimed = false
  /// Since when it is at work, and for how long it was before; monotonic nanoseconds.
  fileprivate var start: UInt64 = 0
  fileprivate var totalNanoseconds: UInt64 = 0
  /// Not before that; and how many sweeps in a row were in vain.
  fileprivate var restsUntil: UInt64 = 0
  fileprivate var vainSweeps = 0
  /// The waste that was there after the last of them: only more than that is worth another look before the rest is over.
  fileprivate var immovableBytes = 0
  /// Blocks moved, and left, when the sweep began.
  fileprivate var blocksBefore = (moved: 0, unmoved: 0)

  /// What INFO tells.
  struct Report: Sendable {
    let effort: Int
    let totalMilliseconds: Int
    let currentMilliseconds: Int
  }

  var report: Report {
    let current = effort > 0 ? EventLoop.monotonicNanoseconds &- start : 0
    return Report(
      effort: effort, totalMilliseconds: Int((totalNanoseconds + current) / 1_000_000),
      currentMilliseconds: Int(current / 1_000_000))
  }
}

extension WorkerSettings.MemoryLimits {
  /// Percentages by which pages in use exceed the limit: memory would be used that nobody has. From the first on, moving
  /// comes before commands, whatever the thresholds say, which slows down whoever writes until his values fit; with the
  /// second, it takes all the time it may.
  private static let overload = 2...4
  private static let overloadEffort = 25...85

  /// Percent of a processor's time to be spent on moving blocks, 0 for none.
  ///
  /// - Parameter waste: of the pages in use, bytes that are not.
  func effort(waste: Int, allocated: Int) -> Int {
    let limits = defragmentation
    guard limits.isEnabled, allocated > 0 else { return 0 }
    var effort = 0
    let percentage = waste * 100 / allocated
    if waste >= limits.ignoredBytes, percentage >= limits.thresholds.lowerBound {
      effort = Self.share(of: limits.effort, percentage, limits.thresholds)
    }
    if bytesMax > 0 {
      // Moving makes no more room than there are holes.
      let holes = min(allocated + waste - bytesMax, waste) * 100 / bytesMax
      if holes >= Self.overload.lowerBound {
        effort = max(effort, Self.share(of: Self.overloadEffort, holes, Self.overload))
      }
    }
    return effort
  }

  private static func share(of effort: ClosedRange<Int>, _ value: Int, _ range: ClosedRange<Int>) -> Int {
    guard value < range.upperBound else { return effort.upperBound }
    return effort.lowerBound + effort.count * (value - range.lowerBound) / range.count
  }
}

extension Worker {
  /// A sweep that moves less than one block of so many was in vain.
  private static let vainDivisor = 128
  /// After the first of them; twice as long after each that follows, up to the given number of times.
  private static let restNanoseconds: UInt64 = 1_000_000_000
  private static let restDoublingsMax = 4
  private static let newWasteDivisor = 50
  /// Slices are no shorter where a turn has spent its time on something else.
  private static let sliceNanosecondsMin: UInt64 = 50_000
  /// While pages far beyond `maxmemory` are in use, each turn is followed by a slice as long as the effort asks for, within
  /// these bounds.
  private static let overloadSliceNanoseconds: ClosedRange<UInt64> = 500_000...1_000_000

  /// Now and then: begins to move blocks, works harder, or ends.
  func watchFragmentation() {
    let (waste, allocated) = server.memory.waste
    let effort = settings.memory.effort(waste: waste, allocated: allocated)
    if defragmentation.effort == 0 {
      let isNew = waste > defragmentation.immovableBytes + allocated / Self.newWasteDivisor
      guard effort > 0, isNew || EventLoop.monotonicNanoseconds >= defragmentation.restsUntil else { return }
      defragmentation.start = EventLoop.monotonicNanoseconds
      defragmentation.effort = effort
      defragmentation.isDue = true
    } else if !settings.memory.defragmentation.isEnabled {
      endDefragmentation()
    } else {
      // What was begun is gone on with.
      defragmentation.effort = max(effort, settings.memory.defragmentation.effort.lowerBound)
    }
  }

  private func endDefragmentation() {
    defragmentation.totalNanoseconds += EventLoop.monotonicNanoseconds &- defragmentation.start
    defragmentation.effort = 0
    defragmentation.isDue = false
  }

  /// One slice, after a turn's commands and what else was to be done.
  ///
  /// - Parameter marks: of the turn, up to its commands' end.
  func moveBlocks(after marks: TurnMarks) {
    defragmentation.isDue = false
    guard defragmentation.effort > 0 else { return }
    let start = EventLoop.monotonicNanoseconds
    let effort = UInt64(defragmentation.effort)
    let end = start + sliceNanoseconds(after: marks, effort: effort)
    shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        if scheduler.intents.isShardClaimed { return }
        if !sweep(&keyspace, until: end) { sweepEnded(keyspace) }
      }
    }
    let taken = EventLoop.monotonicNanoseconds - start
    recordLatency(.activeDefragCycle, milliseconds: Int(taken / 1_000_000))
    guard defragmentation.effort > 0, !defragmentation.isTimed else { return }
    defragmentation.isTimed = true
    loop.schedule(after: max(taken, Self.sliceNanosecondsMin) * (100 - effort) / effort) { [unowned self] in
      defragmentation.isTimed = false
      defragmentation.isDue = defragmentation.effort > 0
    }
  }

  /// How long the slice after a turn may be: what its background work has left of a slice, so that slices do not add up; or,
  /// if moving comes before commands, in proportion to the turn.
  private func sliceNanoseconds(after marks: TurnMarks, effort: UInt64) -> UInt64 {
    func nanoseconds(since ticks: UInt64) -> UInt64 {
      UInt64(Double(clinux_ticks() &- ticks) / server.tickClock.rate * 1000)
    }
    if defragmentation.effort > settings.memory.defragmentation.effort.upperBound {
      let wanted = nanoseconds(since: marks.start) * effort / (100 - effort)
      let bounds = Self.overloadSliceNanoseconds
      return min(max(wanted, bounds.lowerBound), bounds.upperBound)
    }
    let slice = min(settings.memory.defragmentation.sliceNanoseconds, Self.sliceNanoseconds)
    let spent = nanoseconds(since: marks.commands)
    return spent < slice ? max(slice - spent, Self.sliceNanosecondsMin) : Self.sliceNanosecondsMin
  }

  private func sweep(_ keyspace: inout Keyspace, until end: UInt64) -> Bool {
    if scheduler.intents.isEmpty {
      return keyspace.defragment(&defragmentation.mover, mayMove: nil) { EventLoop.monotonicNanoseconds < end }
    }
    return keyspace.defragment(
      &defragmentation.mover,
      mayMove: { [scheduler] in scheduler.intents.allows(KeyClaim(hash: $0.rawValue, isExclusive: true)) },
      while: { EventLoop.monotonicNanoseconds < end })
  }

  /// All tables were gone through.
  private func sweepEnded(_ keyspace: borrowing Keyspace) {
    let statistics = keyspace.statistics
    let moved = statistics.movedBlocks - defragmentation.blocksBefore.moved
    let unmoved = statistics.unmovedBlocks - defragmentation.blocksBefore.unmoved
    defragmentation.blocksBefore = (statistics.movedBlocks, statistics.unmovedBlocks)
    let (waste, allocated) = server.memory.waste
    let isInVain = moved * Self.vainDivisor < moved + unmoved || moved + unmoved <= 0
    if isInVain {
      let doublings = min(defragmentation.vainSweeps, Self.restDoublingsMax)
      defragmentation.restsUntil = EventLoop.monotonicNanoseconds + Self.restNanoseconds << UInt64(doublings)
      defragmentation.vainSweeps += 1
      defragmentation.immovableBytes = waste
    } else {
      defragmentation.vainSweeps = 0
    }
    if isInVain || settings.memory.effort(waste: waste, allocated: allocated) == 0 { endDefragmentation() }
  }
}
