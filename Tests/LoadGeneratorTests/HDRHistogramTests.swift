import LoadGenerator
import Testing

struct HDRHistogramTests {
  private static let percents = [0.0, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100]

  /// The value at the rank that `percentile` promises, from all values in order.
  private static func exact(_ sorted: [UInt64], _ percent: Double) -> UInt64 {
    sorted[max(Int((Double(sorted.count) * percent / 100).rounded(.up)), 1) - 1]
  }

  @Test func percentilesAreThoseOfTheSortedValuesToThreeDigits() {
    var random = RandomNumbers(seed: 3)
    for bits in [8, 11, 12, 20, 33, 42] {
      var histogram = HDRHistogram()
      var values: [UInt64] = []
      for _ in 0..<5000 {
        let value = random.next() >> UInt64(64 - 1 - random.next(below: bits))
        values.append(value)
        histogram.record(value)
      }
      values.sort()
      for percent in Self.percents {
        let exact = Self.exact(values, percent)
        let found = histogram.percentile(percent)
        #expect(found >= exact, "\(percent) of \(bits) bits")
        #expect(found - exact <= exact / 1000, "\(percent) of \(bits) bits: \(found), not \(exact)")
      }
      #expect(histogram.min == values.first)
      #expect(histogram.max == values.last)
      let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
      #expect(abs(histogram.mean - mean) <= mean * 1e-9)
    }
  }

  @Test func smallValuesAreExact() {
    var histogram = HDRHistogram()
    for value in 0..<2048 as Range<UInt64> { histogram.record(value) }
    for percent in stride(from: 0.5, through: 100, by: 0.5) {
      let rank = UInt64((2048 * percent / 100).rounded(.up))
      #expect(histogram.percentile(percent) == rank - 1)
    }
  }

  @Test func aCountIsSoManyValues() {
    var one = HDRHistogram()
    var many = HDRHistogram()
    one.record(77_777, count: 3)
    one.record(5, count: 0)
    for _ in 0..<3 { many.record(77_777) }
    #expect(one.count == 3)
    #expect(one.percentile(50) == many.percentile(50))
    #expect(one.mean == many.mean)
    #expect(one.min == 77_777)
  }

  @Test func addedHistogramsAreOneOfAllValues() {
    var random = RandomNumbers(seed: 4)
    var parts = [HDRHistogram(), HDRHistogram(), HDRHistogram()]
    var whole = HDRHistogram()
    for index in 0..<3000 {
      let value = random.next() >> 30
      parts[index % 3].record(value)
      whole.record(value)
    }
    var sum = HDRHistogram()
    for part in parts { sum.add(part) }
    for percent in Self.percents { #expect(sum.percentile(percent) == whole.percentile(percent)) }
    #expect(sum.count == whole.count)
    #expect(sum.min == whole.min)
    #expect(sum.max == whole.max)
  }

  @Test func anEmptyHistogramHasZeros() {
    var histogram = HDRHistogram()
    #expect(histogram.percentile(99) == 0)
    #expect(histogram.mean == 0)
    #expect(histogram.min == 0)
    histogram.record(9)
    histogram.removeAll()
    #expect(histogram.count == 0)
    #expect(histogram.max == 0)
  }

  @Test func valuesBeyondTheRangeCountAndKeepTheirMaximum() {
    var histogram = HDRHistogram()
    histogram.record(.max)
    #expect(histogram.max == .max)
    #expect(histogram.percentile(50) >= HDRHistogram.valueMax)
  }
}
