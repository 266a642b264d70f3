import Glibc
import LoadGenerator
import Testing

struct KeyDistributionTests {
  private static let draws = 200_000

  private static func counts(
    _ distribution: KeyDistribution, keys: Int, draws: Int = draws, seed: UInt64 = 7
  ) -> [Int] {
    var numbers = KeyNumbers(distribution, count: keys)
    var random = RandomNumbers(seed: seed)
    var counts = Array(repeating: 0, count: keys)
    for _ in 0..<draws { counts[numbers.next(&random)] += 1 }
    return counts
  }

  /// Pearson's test at about six standard deviations: fails by chance once in millions.
  private static func fits(_ counts: [Int], _ shares: [Double]) -> Bool {
    let total = Double(counts.reduce(0, +))
    let sum = zip(counts, shares).reduce(0.0) { sum, pair in
      let expected = total * pair.1
      return sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
    }
    let freedom = Double(counts.count - 1)
    return sum < freedom + 6 * (2 * freedom).squareRoot() + 20
  }

  @Test(arguments: [1, 2, 3, 10, 1000])
  func uniformDrawsAllKeysEquallyOften(_ keys: Int) {
    #expect(
      Self.fits(Self.counts(.uniform, keys: keys), Array(repeating: 1 / Double(keys), count: keys)))
  }

  @Test(arguments: [0.5, 0.99, 1, 1.2, 2], [1, 2, 10, 500])
  func zipfDrawsByPowersOfTheRank(_ exponent: Double, _ keys: Int) {
    let weights = (1...keys).map { pow(Double($0), -exponent) }
    let sum = weights.reduce(0, +)
    let counts = Self.counts(.zipf(exponent: exponent), keys: keys)
    #expect(Self.fits(counts, weights.map { $0 / sum }), "exponent \(exponent), \(keys) keys")
  }

  @Test func zipfOverManyKeysStaysWithinThem() {
    var numbers = KeyNumbers(.zipf(exponent: 0.99), count: 1_000_000_000_000)
    var random = RandomNumbers(seed: 1)
    for _ in 0..<10_000 {
      let number = numbers.next(&random)
      #expect(number >= 0)
      #expect(number < 1_000_000_000_000)
    }
  }

  @Test(arguments: [0.05, 1.0 / 6])
  func gaussianIsABellAroundTheMiddle(_ deviation: Double) {
    let keys = 100
    func below(_ x: Double) -> Double {
      0.5 * erfc(-(x / Double(keys) - 0.5) / deviation / 2.0.squareRoot())
    }
    let inside = below(Double(keys)) - below(0)
    // The tails are too rare for the test: take them together.
    let edges = [0] + Array(stride(from: 30, through: 70, by: 2)) + [keys]
    let counts = Self.counts(.gaussian(deviation: deviation), keys: keys)
    let bins = zip(edges, edges.dropFirst()).map { counts[$0..<$1].reduce(0, +) }
    let shares = zip(edges, edges.dropFirst()).map {
      (below(Double($1)) - below(Double($0))) / inside
    }
    #expect(Self.fits(bins, shares))
  }

  @Test func sequentialPartsGiveEachNumberOnce() {
    var random = RandomNumbers(seed: 1)
    for keys in [1, 5, 12, 100] {
      for parts in 1...4 {
        var seen = Array(repeating: 0, count: keys)
        for part in 0..<parts {
          var numbers = KeyNumbers(.sequential, count: keys, part: part, of: parts)
          let share = keys / parts + (part < keys % parts ? 1 : 0)
          for _ in 0..<share { seen[numbers.next(&random)] += 1 }
        }
        #expect(seen.allSatisfy { $0 == 1 }, "\(keys) keys in \(parts) parts")
      }
    }
  }

  @Test func theSameSeedDrawsTheSame() {
    #expect(
      Self.counts(.zipf(exponent: 1), keys: 50, seed: 9)
        == Self.counts(.zipf(exponent: 1), keys: 50, seed: 9))
    #expect(Self.counts(.uniform, keys: 50, seed: 9) != Self.counts(.uniform, keys: 50, seed: 10))
  }
}
