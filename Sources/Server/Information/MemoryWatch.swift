import CJemalloc
import Synchronization

/// How much memory is used, and was used at most; from jemalloc, so it covers the whole process.
final class MemoryWatch: Sendable {
  private let peak = Atomic<Int>(0)
  private let peakAt = Atomic<Int64>(0)
  private let startup = Atomic<Int>(0)

  var peakBytes: Int { peak.load(ordering: .relaxed) }
  /// Seconds since 1970.
  var peakTime: Int64 { peakAt.load(ordering: .relaxed) }
  /// What the server used before the first client came.
  var startupBytes: Int { startup.load(ordering: .relaxed) }

  func started() { startup.store(sample(), ordering: .relaxed) }

  /// Forgets the peak, as CONFIG RESETSTAT does.
  func resetPeak() {
    peak.store(0, ordering: .relaxed)
    sample()
  }

  /// Reads what is allocated now. Takes tens of microseconds: not for every command.
  @discardableResult
  func sample() -> Int {
    _ = cjemalloc_refresh_statistics()
    let allocated = Int(unsafe cjemalloc_statistic("stats.allocated"))
    if peak.max(allocated, ordering: .relaxed).oldValue < allocated {
      peakAt.store(WallClock.milliseconds / 1000, ordering: .relaxed)
    }
    return allocated
  }
}
