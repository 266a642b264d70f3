/// Counts of values to three significant digits, from 0 to `valueMax`, in memory of one size.
///
/// Values below 2048 have a bucket each; from there on every doubling is divided into 1024 buckets, so a bucket is never
/// wider than a thousandth of its values. Recording is an index and an addition; histograms of threads add up exactly.
///
/// ```
/// bucket   0 … 2047   2048 … 3071        3072 … 4095        …
/// values   0 … 2047   2048 … 4095 (by 2) 4096 … 8191 (by 4) …
/// ```
///
/// - SeeAlso: <https://hdrhistogram.org>
package struct HDRHistogram: Sendable {
  /// Two hours in nanoseconds; what is above counts as this, and `max` still tells the truth.
  package static let valueMax: UInt64 = 7_200_000_000_000
  private static let exactBits = 11
  private static let halfCount = 1 << (exactBits - 1)
  private static let bucketCount = bucket(of: valueMax) + 1

  private var counts = [UInt64](repeating: 0, count: bucketCount)
  /// How many values were recorded.
  package private(set) var count: UInt64 = 0
  /// The smallest and the largest of them, exactly; 0 without any.
  package var min: UInt64 { count == 0 ? 0 : smallest }
  package private(set) var max: UInt64 = 0
  private var smallest = UInt64.max
  private var sum: Double = 0

  package init() {}

  /// Records `value` so many times.
  @inline(__always)
  package mutating func record(_ value: UInt64, count times: UInt64 = 1) {
    guard times > 0 else { return }
    counts[Self.bucket(of: Swift.min(value, Self.valueMax))] &+= times
    count &+= times
    sum += Double(value) * Double(times)
    if value > max { max = value }
    if value < smallest { smallest = value }
  }

  /// Adds what `other` has recorded.
  package mutating func add(_ other: borrowing HDRHistogram) {
    for bucket in counts.indices { counts[bucket] &+= other.counts[bucket] }
    count &+= other.count
    sum += other.sum
    max = Swift.max(max, other.max)
    smallest = Swift.min(smallest, other.smallest)
  }

  package mutating func removeAll() {
    for bucket in counts.indices { counts[bucket] = 0 }
    (count, sum, max, smallest) = (0, 0, 0, .max)
  }

  /// The mean, exactly; 0 without values.
  package var mean: Double { count == 0 ? 0 : sum / Double(count) }

  /// The value below or at which `percent` of all values are, to three digits; 0 without values.
  package func percentile(_ percent: Double) -> UInt64 {
    guard count > 0 else { return 0 }
    let rank = Swift.max(UInt64((Double(count) * percent / 100).rounded(.up)), 1)
    var seen: UInt64 = 0
    for (bucket, number) in counts.enumerated() where number > 0 {
      seen &+= number
      if seen >= rank { return Swift.min(Self.largest(in: bucket), max) }
    }
    return max
  }

  /// The steps of the cumulative distribution: each value that has a count, and the share of all values up to it.
  package func cumulative(_ body: (_ value: UInt64, _ share: Double) -> Void) {
    var seen: UInt64 = 0
    for (bucket, number) in counts.enumerated() where number > 0 {
      seen &+= number
      body(Swift.min(Self.largest(in: bucket), max), Double(seen) / Double(count))
    }
  }

  @inline(__always)
  private static func bucket(of value: UInt64) -> Int {
    let shift = Swift.max(64 - value.leadingZeroBitCount - exactBits, 0)
    return shift &* halfCount &+ Int(value >> UInt64(shift))
  }

  private static func largest(in bucket: Int) -> UInt64 {
    guard bucket >= 2 * halfCount else { return UInt64(bucket) }
    let shift = bucket / halfCount - 1
    return (UInt64(bucket - shift * halfCount + 1) << UInt64(shift)) - 1
  }
}
