/// How often a duration fell into which range: sixteen ranges a power of two, so within 6.25 % of the truth, in
/// 1 to 8 KiB, as long as the longest duration asks for.
package struct LatencyHistogram: Sendable {
  /// Below 16 each duration has a range of its own.
  private static let exponentMin = 4
  private static let rangesPerPower = 16
  private static let bucketsMax = (64 - exponentMin + 1) * rangesPerPower
  /// Allocated with the first record; most commands are never called.
  private var buckets: [Int] = []
  package private(set) var count = 0

  package init() {}

  @inline(__always)
  package mutating func record(_ ticks: UInt64) {
    let bucket = Self.bucket(ticks)
    if bucket >= buckets.count { grow(toHold: bucket) }
    buckets[bucket] &+= 1
    count &+= 1
  }

  @inline(never)
  private mutating func grow(toHold bucket: Int) {
    let power = 4 * Self.rangesPerPower
    let wanted = Swift.min((bucket / power + 1) * power, Self.bucketsMax)
    var grown: [Int] = []
    grown.reserveCapacity(wanted)
    grown += buckets
    grown += repeatElement(0, count: wanted - buckets.count)
    buckets = grown
  }

  @inline(__always)
  private static func bucket(_ ticks: UInt64) -> Int {
    if ticks < 16 { return Int(truncatingIfNeeded: ticks) }
    let exponent = 63 &- ticks.leadingZeroBitCount
    let range = Int(truncatingIfNeeded: ticks >> UInt64(exponent &- exponentMin)) & 15
    return (exponent &- exponentMin &+ 1) &* rangesPerPower &+ range
  }

  package mutating func add(_ other: LatencyHistogram) {
    guard !other.buckets.isEmpty else { return }
    if buckets.count < other.buckets.count { grow(toHold: other.buckets.count - 1) }
    for index in other.buckets.indices { buckets[index] &+= other.buckets[index] }
    count += other.count
  }

  /// The upper end, in ticks, of the range that holds the `percentile`-th record; 0 without records.
  package func percentile(_ percentile: Double) -> UInt64 {
    guard count > 0 else { return 0 }
    let rank = Swift.max(1, Int((percentile / 100 * Double(count)).rounded(.up)))
    var seen = 0
    for (index, bucket) in buckets.enumerated() {
      seen += bucket
      if seen >= rank { return Self.upperEnd(index) }
    }
    return Self.upperEnd(Self.bucketsMax - 1)
  }

  /// The ranges that hold something: upper end in ticks, and how many records lie at or below it.
  package var cumulative: [(ticks: UInt64, count: Int)] {
    var seen = 0
    return buckets.enumerated().compactMap { index, bucket in
      guard bucket > 0 else { return nil }
      seen += bucket
      return (Self.upperEnd(index), seen)
    }
  }

  private static func upperEnd(_ index: Int) -> UInt64 {
    if index < rangesPerPower { return UInt64(index) }
    let shift = UInt64(index / rangesPerPower - 1)
    let range = UInt64(index % rangesPerPower + rangesPerPower)
    // The last range's end is the largest number there is.
    return ((range &+ 1) << shift) &- 1
  }
}
