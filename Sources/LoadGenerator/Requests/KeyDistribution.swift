import Glibc

/// Which of the keys a request is about.
package enum KeyDistribution: Equatable, Sendable {
  /// All equally often.
  case uniform
  /// The k-th key as often as 1 / k to the power of `exponent`: 0 is uniform, 0.99 what web caches see.
  case zipf(exponent: Double)
  /// One after the other, then from the start.
  case sequential
  /// A bell around the middle key; `deviation` is a share of all keys.
  case gaussian(deviation: Double)

  package var description: String {
    switch self {
    case .uniform: "uniform"
    case .zipf(let exponent): "zipf:\(exponent)"
    case .sequential: "sequential"
    case .gaussian(let deviation): "gaussian:\(deviation)"
    }
  }
}

/// A stream of key numbers.
package struct KeyNumbers: Sendable {
  /// Numbers are below this.
  package let count: Int
  private let distribution: KeyDistribution
  private var zipf: ZipfSampler
  private var position: Int
  private let stride: Int

  /// - Parameters:
  ///   - part: with sequential numbers, which of `parts` streams this is; together they give each number once.
  package init(_ distribution: KeyDistribution, count: Int, part: Int = 0, of parts: Int = 1) {
    precondition(count > 0, "there must be keys to choose from")
    self.distribution = distribution
    self.count = count
    position = part % count
    stride = parts
    if case .zipf(let exponent) = distribution {
      zipf = ZipfSampler(count: count, exponent: exponent)
    } else {
      zipf = ZipfSampler(count: 1, exponent: 1)
    }
  }

  @inline(__always)
  package mutating func next(_ random: inout RandomNumbers) -> Int {
    switch distribution {
    case .uniform: random.next(below: count)
    case .zipf: zipf.next(&random) - 1
    case .sequential: nextInOrder()
    case .gaussian(let deviation): bell(deviation, &random)
    }
  }

  private mutating func nextInOrder() -> Int {
    let number = position
    position += stride
    if position >= count { position %= count }
    return number
  }

  /// The polar method of Marsaglia; what falls outside is drawn again.
  private func bell(_ deviation: Double, _ random: inout RandomNumbers) -> Int {
    while true {
      let x = 2 * random.fraction() - 1
      let y = 2 * random.fraction() - 1
      let square = x * x + y * y
      guard square > 0, square < 1 else { continue }
      let normal = x * (-2 * log(square) / square).squareRoot()
      let number = (0.5 + normal * deviation) * Double(count)
      if number >= 0, number < Double(count) { return Int(number) }
    }
  }
}

/// Zipf's distribution over `1...count`, in constant memory and time whatever the count.
///
/// Rejection inversion: the area under x^-exponent is inverted where it has a closed form, and a point is drawn again if it falls
/// between the curve and the steps; that is rare.
///
/// - SeeAlso: Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions"
package struct ZipfSampler: Sendable {
  private let count: Double
  private let exponent: Double
  private let areaStart: Double
  private let areaEnd: Double
  private let shortcut: Double

  package init(count: Int, exponent: Double) {
    self.count = Double(count)
    self.exponent = exponent
    areaStart = Self.area(1.5, exponent) - 1
    areaEnd = Self.area(Double(count) + 0.5, exponent)
    shortcut = 2 - Self.inverse(Self.area(2.5, exponent) - pow(2, -exponent), exponent)
  }

  package func next(_ random: inout RandomNumbers) -> Int {
    while true {
      let area = areaEnd + random.fraction() * (areaStart - areaEnd)
      let x = Self.inverse(area, exponent)
      let k = min(max(x.rounded(), 1), count)
      if k - x <= shortcut || area >= Self.area(k + 0.5, exponent) - pow(k, -exponent) {
        return Int(k)
      }
    }
  }

  /// An antiderivative of x^-exponent, written so that exponents near 1 lose no digits.
  private static func area(_ x: Double, _ exponent: Double) -> Double {
    let logarithm = log(x)
    return ratio(expm1, (1 - exponent) * logarithm) * logarithm
  }

  private static func inverse(_ area: Double, _ exponent: Double) -> Double {
    let t = max(area * (1 - exponent), -1)
    return exp(ratio(log1p, t) * area)
  }

  /// `function(x) / x`, which tends to 1.
  private static func ratio(_ function: (Double) -> Double, _ x: Double) -> Double {
    abs(x) < 1e-8 ? 1 : function(x) / x
  }
}
