import EventLoop
import Glibc
import Synchronization

/// What one run has shown.
package struct RunResult: Sendable {
  /// For each template of the plan, and all of them together.
  package var latencies: [HDRHistogram]
  package var total = HDRHistogram()
  /// From the first request that counts to the last reply.
  package var seconds = 0.0
  package var errors = 0
  package var errorText = ""
  /// Open loop: requests that were due and never sent.
  package var unsent = 0
  /// What the generator itself took, in seconds of user and system time.
  package var cpuSeconds = 0.0
  /// What each interval has shown, in order.
  package var series: [SeriesPoint] = []

  package init(latencies: [HDRHistogram]) { self.latencies = latencies }

  /// Operations that count.
  package var operations: Int { Int(total.count) }
  package var rate: Double { seconds > 0 ? Double(total.count) / seconds : 0 }
}

/// One interval of a run.
package struct SeriesPoint: Equatable, Sendable {
  /// Where it begins, in seconds.
  package let start: Double
  package let rate: Double
  /// Latencies in nanoseconds.
  package let p50: UInt64
  package let p99: UInt64
  package let max: UInt64

  package init(start: Double, rate: Double, p50: UInt64, p99: UInt64, max: UInt64) {
    self.start = start
    self.rate = rate
    self.p50 = p50
    self.p99 = p99
    self.max = max
  }
}

/// Runs a plan: starts the threads together, follows them, and adds up what they have seen.
package struct BenchmarkRun {
  private let plan: RunPlan
  private let control = RunControl()
  private var intervals: [Int: HDRHistogram] = [:]

  package init(_ plan: RunPlan) { self.plan = plan }

  /// How a run is doing.
  package struct Progress {
    package let seconds: Double
    package let operations: Int
    /// Of the last interval that is complete.
    package let latest: SeriesPoint
  }

  /// - Parameter follow: called about four times a second.
  /// - Throws: when the server can't be reached, refuses the first commands, closes a connection, or stops replying.
  package mutating func run(_ follow: (Progress) -> Void = { _ in }) throws(BenchmarkError)
    -> RunResult
  {
    var started = 0
    do throws(SystemError) {
      for index in 0..<plan.threads {
        try GeneratorThread.start(plan, index: index, control)
        started += 1
      }
    } catch {
      control.fail(BenchmarkError("Cannot start a thread: \(error)"))
    }
    for _ in 0..<started { control.reports.wait() }
    if let failure = control.failure {
      release(started)
      throw failure
    }
    let cpuBefore = Self.cpuSeconds
    let start = EventLoop.monotonicNanoseconds
    control.startTime.store(start, ordering: .relaxed)
    release(started)
    try wait(for: started, since: start, follow)
    return result(since: start, cpuSeconds: Self.cpuSeconds - cpuBefore)
  }

  private func release(_ count: Int) { for _ in 0..<count { control.begin.signal() } }

  private mutating func wait(
    for threads: Int, since start: UInt64, _ follow: (Progress) -> Void
  ) throws(BenchmarkError) {
    var running = threads
    let end = plan.extent.seconds.map {
      start + UInt64((plan.extent.warmup + $0 + Self.graceSeconds) * 1e9)
    }
    while running > 0 {
      if control.reports.wait(nanoseconds: Self.followNanoseconds) {
        running -= 1
      } else {
        collect()
        if let progress = progress(since: start) { follow(progress) }
      }
      if let failure = control.failure { throw failure }
      if Interruption.isRequested { control.isStopping.store(true, ordering: .relaxed) }
      if let end, EventLoop.monotonicNanoseconds > end {
        throw BenchmarkError("The server has not replied for \(Int(Self.graceSeconds)) seconds")
      }
    }
    collect()
  }

  private static let followNanoseconds: UInt64 = 250_000_000
  /// How long replies may take after the end.
  private static let graceSeconds = 10.0

  private mutating func collect() {
    for sample in control.takeIntervals() {
      intervals[sample.index, default: HDRHistogram()].add(sample.latencies)
    }
  }

  private func progress(since start: UInt64) -> Progress? {
    guard let last = intervals.keys.max() else { return nil }
    let seconds = Double(EventLoop.monotonicNanoseconds - start) / 1e9 - plan.extent.warmup
    return Progress(
      seconds: seconds, operations: intervals.values.reduce(0) { $0 + Int($1.count) },
      latest: point(last, intervalSeconds))
  }

  private var intervalSeconds: Double { Double(plan.interval) / 1e9 }

  private func point(_ index: Int, _ length: Double) -> SeriesPoint {
    guard let latencies = intervals[index] else {
      return SeriesPoint(start: Double(index) * intervalSeconds, rate: 0, p50: 0, p99: 0, max: 0)
    }
    return SeriesPoint(
      start: Double(index) * intervalSeconds,
      rate: length > 0 ? Double(latencies.count) / length : 0,
      p50: latencies.percentile(50), p99: latencies.percentile(99), max: latencies.max)
  }

  private func result(since start: UInt64, cpuSeconds: Double) -> RunResult {
    let measureStart = start + UInt64(plan.extent.warmup * 1e9)
    var result = RunResult(latencies: plan.templates.map { _ in HDRHistogram() })
    var end = measureStart
    for outcome in control.takeOutcomes() {
      for (index, latencies) in outcome.latencies.enumerated() {
        result.latencies[index].add(latencies)
      }
      result.errors += outcome.errors
      if result.errorText.isEmpty { result.errorText = outcome.errorText }
      result.unsent += outcome.unsent
      end = max(end, outcome.end)
    }
    for latencies in result.latencies { result.total.add(latencies) }
    result.seconds = Double(end - measureStart) / 1e9
    result.cpuSeconds = cpuSeconds
    result.series = series(seconds: result.seconds)
    return result
  }

  /// All intervals, those without replies included. What is left at the end is too short for a rate of its own, unless it
  /// is most of an interval or all there is.
  private func series(seconds: Double) -> [SeriesPoint] {
    guard let last = intervals.filter({ $0.value.count > 0 }).keys.max() else { return [] }
    let rest = min(seconds - Double(last) * intervalSeconds, intervalSeconds)
    let points = (0...last).map { point($0, $0 == last ? rest : intervalSeconds) }
    return last > 0 && rest < intervalSeconds / 2 ? points.dropLast() : points
  }

  private static var cpuSeconds: Double {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let times = [usage.ru_utime, usage.ru_stime]
    return times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
  }
}
