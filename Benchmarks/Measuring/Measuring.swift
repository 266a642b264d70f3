import Benchmark
import CJemalloc

/// What is measured of each benchmark. Two figures have thresholds (`Benchmarks/Thresholds`): they say the same on any machine, or
/// nearly so. Counters of instructions are not to be had in most virtual machines.
extension BenchmarkMetric {
  /// Time a call, as millionths of the yardstick's.
  fileprivate static var relativeTime: BenchmarkMetric {
    .custom("Time a call (millionths of the yardstick)", useScalingFactor: false)
  }

  /// Nanoseconds for a thousand calls; for people.
  fileprivate static var time: BenchmarkMetric {
    .custom("Time of 1000 calls (ns)", useScalingFactor: false)
  }

  /// Allocations of memory by a thousand calls.
  fileprivate static var allocations: BenchmarkMetric {
    .custom("Allocations of 1000 calls", useScalingFactor: false)
  }
}

/// Adds a benchmark: `body` does `calls` of what is measured.
///
/// Body and yardstick run in turns, and the shortest run of each counts: what else the machine does can only make one longer.
///
/// - Parameters:
///   - tolerance: by how many per cent the relative time may be off the threshold.
///   - countsAllocations: false where several threads do the work, as each keeps count for itself.
///   - cleanUp: runs once at the end.
///   - body: runs several times, in a state that it leaves as it found it.
package func measure(
  _ name: String, calls: Int, tolerance: Double = 40, countsAllocations: Bool = true,
  cleanUp: @escaping @Sendable () -> Void = {}, _ body: @escaping @Sendable () async throws -> Void
) {
  let metrics: [BenchmarkMetric] =
    [.time, .relativeTime] + (countsAllocations ? [.allocations] : [])
  var thresholds: [BenchmarkMetric: BenchmarkThresholds] = [
    .relativeTime: BenchmarkThresholds(relative: [.p90: tolerance])
  ]
  if countsAllocations {
    // Tables that grow now and then make a few more in one run than in another.
    thresholds[.allocations] = BenchmarkThresholds(relative: [.p90: 1], absolute: [.p90: 5])
  }
  let configuration = Benchmark.Configuration(
    metrics: metrics, warmupIterations: 1, maxDuration: .seconds(2), maxIterations: 3,
    thresholds: thresholds, teardown: cleanUp)
  Benchmark(name, configuration: configuration) { benchmark in
    let sample = try await Sample(calls: calls, body)
    benchmark.measurement(.time, Int(sample.nanoseconds * 1000))
    benchmark.measurement(.relativeTime, Int(sample.nanoseconds / sample.yardstick * 1_000_000))
    if countsAllocations { benchmark.measurement(.allocations, sample.allocations) }
  }
}

private struct Sample {
  /// Of a call.
  private(set) var nanoseconds = Double.infinity
  private(set) var yardstick = Double.infinity
  /// Of a thousand calls.
  private(set) var allocations = 0

  /// As many rounds as there is time for, some in any case.
  private static let roundsMin = 5
  private static let roundsMax = 100
  private static let time = Duration.milliseconds(200)

  init(calls: Int, _ body: @Sendable () async throws -> Void) async throws {
    let yardstick = Yardstick()
    let clock = ContinuousClock()
    var fewest = Int.max
    let end = clock.now + Self.time
    for round in 0..<Self.roundsMax where round < Self.roundsMin || clock.now < end {
      var start = clock.now
      blackHole(yardstick.run())
      self.yardstick = min(self.yardstick, (clock.now - start).nanoseconds)
      let before = Self.allocationCount()
      start = clock.now
      try await body()
      nanoseconds = min(nanoseconds, (clock.now - start).nanoseconds / Double(calls))
      fewest = min(fewest, Self.allocationCount() - before)
    }
    allocations = fewest * 1000 / calls
  }

  /// All that this thread, and those that have ended, ever allocated.
  private static func allocationCount() -> Int {
    // A thread tells its count when it gives up what it keeps for itself.
    _ = unsafe cjemalloc_call("thread.tcache.flush")
    _ = cjemalloc_refresh_statistics()
    let arenas = "stats.arenas.\(MALLCTL_ARENAS_ALL)"
    return Int(unsafe cjemalloc_statistic("\(arenas).small.nrequests"))
      + Int(unsafe cjemalloc_statistic("\(arenas).large.nrequests"))
  }
}

extension Duration {
  fileprivate var nanoseconds: Double {
    Double(components.seconds) * 1e9 + Double(components.attoseconds) / 1e9
  }
}
