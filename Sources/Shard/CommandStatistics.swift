package import Engine

/// What one thread counts about the commands it runs; readers add threads up.
///
/// Time is counted in processor ticks and turned into microseconds when read.
package struct CommandStatistics: Sendable {
  package struct Counter: Sendable {
    package var calls = 0
    package var ticks: UInt64 = 0
    /// Refused before they ran (wrong arity, no permission, out of memory).
    package var rejected = 0
    /// Ran and replied with an error.
    package var failed = 0
    package var latencies = LatencyHistogram()
    package init() {}

    @inline(__always)
    mutating func add(ticks spent: UInt64, tracksLatencies: Bool) {
      calls &+= 1
      ticks &+= spent
      if tracksLatencies { latencies.record(spent) }
    }
  }

  /// By the command's index in the table.
  package var counters: [Counter]
  /// By the first word of the error.
  package var errors: [String: Int] = [:]
  package var totalErrorReplies = 0
  /// `latency-tracking`.
  package var tracksLatencies = true
  package var observer = CommandObserver()
  /// `errorstats` stops growing here, so that scripts and modules can't fill memory with codes.
  package static let errorCodesMax = 128

  package init(commandCount: Int) {
    counters = Array(repeating: Counter(), count: commandCount)
  }

  @inline(__always)
  package mutating func count(_ command: Int, ticks: UInt64) {
    counters[command].add(ticks: ticks, tracksLatencies: tracksLatencies)
  }

  /// Commands run, whichever.
  package var callCount: Int { counters.reduce(0) { $0 &+ $1.calls } }

  package mutating func countError(_ error: CommandError) { countError(code: error.code) }

  package mutating func countError(code: String) {
    totalErrorReplies += 1
    if errors[code] != nil || errors.count < Self.errorCodesMax { errors[code, default: 0] += 1 }
  }

  /// A copy that stands for itself: counting goes on without copying what is shared with it.
  package var detached: CommandStatistics {
    var copy = self
    copy.counters.reserveCapacity(counters.count + 1)
    return copy
  }

  /// The errors only.
  package var withoutCounters: CommandStatistics {
    var copy = CommandStatistics(commandCount: 0)
    copy.errors = errors
    copy.totalErrorReplies = totalErrorReplies
    return copy
  }

  /// Starts from zero; what is to be observed stays.
  package mutating func reset() {
    counters = Array(repeating: Counter(), count: counters.count)
    errors = [:]
    totalErrorReplies = 0
  }

  package mutating func add(_ other: CommandStatistics) {
    for index in other.counters.indices {
      counters[index].calls += other.counters[index].calls
      counters[index].ticks += other.counters[index].ticks
      counters[index].rejected += other.counters[index].rejected
      counters[index].failed += other.counters[index].failed
      counters[index].latencies.add(other.counters[index].latencies)
    }
    errors.merge(other.errors, uniquingKeysWith: +)
    totalErrorReplies += other.totalErrorReplies
  }
}
