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
  }

  /// By the command's index in the table.
  package var counters: [Counter]
  /// By the first word of the error.
  package var errors: [String: Int] = [:]
  package var totalErrorReplies = 0
  /// `errorstats` stops growing here, so that scripts and modules can't fill memory with codes.
  package static let errorCodesMax = 128

  package init(commandCount: Int) {
    counters = Array(repeating: Counter(), count: commandCount)
  }

  @inline(__always)
  package mutating func count(_ command: Int, ticks: UInt64) {
    counters[command].calls &+= 1
    counters[command].ticks &+= ticks
    counters[command].latencies.record(ticks)
  }

  /// Commands run, whichever.
  package var callCount: Int { counters.reduce(0) { $0 &+ $1.calls } }

  package mutating func countError(_ error: CommandError) { countError(code: error.code) }

  package mutating func countError(code: String) {
    totalErrorReplies += 1
    if errors[code] != nil || errors.count < Self.errorCodesMax { errors[code, default: 0] += 1 }
  }

  package mutating func reset() { self = CommandStatistics(commandCount: counters.count) }

  package mutating func add(_ other: CommandStatistics) {
    for index in counters.indices {
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

/// How often a duration fell into which range: two ranges per power of two, so within 25 % of the truth, in
/// 512 bytes.
package struct LatencyHistogram: Sendable {
  private static let bucketsMax = 128
  /// Allocated with the first record; most commands are never called.
  private var buckets: [UInt32] = []
  package private(set) var count = 0

  package init() {}

  @inline(__always)
  package mutating func record(_ ticks: UInt64) {
    if buckets.isEmpty { buckets = Array(repeating: 0, count: Self.bucketsMax) }
    buckets[Self.bucket(ticks)] &+= 1
    count &+= 1
  }

  @inline(__always)
  private static func bucket(_ ticks: UInt64) -> Int {
    let value = ticks | 1
    let exponent = 63 &- value.leadingZeroBitCount
    let half = exponent > 0 ? Int(value >> UInt64(exponent &- 1) & 1) : 0
    return exponent &* 2 &+ half
  }

  package mutating func add(_ other: LatencyHistogram) {
    guard !other.buckets.isEmpty else { return }
    if buckets.isEmpty { buckets = Array(repeating: 0, count: Self.bucketsMax) }
    for index in buckets.indices { buckets[index] &+= other.buckets[index] }
    count += other.count
  }

  /// The upper end, in ticks, of the range that holds the `percentile`-th record; 0 without records.
  package func percentile(_ percentile: Double) -> UInt64 {
    guard count > 0 else { return 0 }
    let rank = Swift.max(1, Int((percentile / 100 * Double(count)).rounded(.up)))
    var seen = 0
    for (index, bucket) in buckets.enumerated() {
      seen += Int(bucket)
      if seen >= rank { return Self.upperEnd(index) }
    }
    return Self.upperEnd(Self.bucketsMax - 1)
  }

  /// The ranges that hold something: upper end in ticks, and how many records lie at or below it.
  package var cumulative: [(ticks: UInt64, count: Int)] {
    var seen = 0
    return buckets.enumerated().compactMap { index, bucket in
      guard bucket > 0 else { return nil }
      seen += Int(bucket)
      return (Self.upperEnd(index), seen)
    }
  }

  private static func upperEnd(_ index: Int) -> UInt64 {
    let exponent = UInt64(index / 2)
    if exponent == 0 { return 1 }
    let half = UInt64(1) << (exponent - 1)
    return (index % 2 == 0 ? 3 * half : 4 * half) - 1
  }
}
