/// How often a duration fell into which range: sixteen ranges a power of two, so within 6.25 % of the truth. A value
/// for readers; `CommandCounters` holds what is still counted.
package struct LatencyHistogram: Sendable {
  /// Below 16 each duration has a range of its own.
  private static let exponentMin = 4
  private static let rangesPerPower = 16
  private static let bucketsMax = (64 - exponentMin + 1) * rangesPerPower
  /// Four powers of two.
  static let pageBucketCount = 4 * rangesPerPower
  static let pageCount = (bucketsMax + pageBucketCount - 1) / pageBucketCount
  private var buckets: [Int] = []
  package private(set) var count = 0

  package init() {}

  @inline(__always)
  static func bucket(_ ticks: UInt64) -> Int {
    if ticks < 16 { return Int(truncatingIfNeeded: ticks) }
    let exponent = 63 &- ticks.leadingZeroBitCount
    let range = Int(truncatingIfNeeded: ticks >> UInt64(exponent &- exponentMin)) & 15
    return (exponent &- exponentMin &+ 1) &* rangesPerPower &+ range
  }

  mutating func add(_ added: Int, toBucket bucket: Int) {
    guard added > 0 else { return }
    if bucket >= buckets.count { buckets += repeatElement(0, count: bucket + 1 - buckets.count) }
    buckets[bucket] += added
    count += added
  }

  package mutating func add(_ other: LatencyHistogram) {
    for (bucket, added) in other.buckets.enumerated() { add(added, toBucket: bucket) }
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
