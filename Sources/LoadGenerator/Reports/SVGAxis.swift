import Glibc

extension SVGChart {
  /// Numbers' places along one side, and the numbers to name there.
  struct Axis {
    private let scale: Scale
    private let low: Double
    private let high: Double
    private let start: Double
    private let end: Double
    /// Numbers with their names.
    private(set) var ticks: [(Double, String)] = []

    init(_ values: [Double], _ scale: Scale, from start: Double, to end: Double) {
      self.scale = scale
      self.start = start
      self.end = end
      switch scale {
      case .linear:
        let step = Self.step(values.max() ?? 1)
        low = 0
        high = max((((values.max() ?? 1) / step).rounded(.up)) * step, step)
        ticks = stride(from: 0, through: high + step / 2, by: step).map { ($0, Self.name($0)) }
      case .logarithmic:
        let positive = values.filter { $0 > 0 }
        low = log10(positive.min() ?? 1).rounded(.down)
        high = max(log10(positive.max() ?? 10).rounded(.up), low + 1)
        ticks = stride(from: low, through: high, by: 1).map {
          (pow(10, $0), Self.name(pow(10, $0)))
        }
        // Few powers of ten need steps between them.
        if high - low <= 2 {
          ticks += stride(from: low, to: high, by: 1).flatMap { power in
            [2, 5].map { ($0 * pow(10, power), Self.name($0 * pow(10, power))) }
          }
        }
      case .nines:
        low = 0
        high = 5
        ticks = [
          (0, "0"), (90, "90"), (99, "99"), (99.9, "99.9"), (99.99, "99.99"), (99.999, "99.999"),
        ]
      }
    }

    func place(_ value: Double) -> Double {
      let position =
        switch scale {
        case .linear: value
        case .logarithmic: value > 0 ? max(log10(value), low) : low
        case .nines: min(-log10(max(1 - value / 100, 1e-9)), high)
        }
      return start + (position - low) / (high - low) * (end - start)
    }

    /// 1, 2 or 5 times a power of ten, such that there are about six steps to `top`.
    private static func step(_ top: Double) -> Double {
      guard top > 0 else { return 1 }
      let rough = top / 6
      let power = pow(10, log10(rough).rounded(.down))
      return [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? power
    }

    private static func name(_ value: Double) -> String {
      switch value {
      case 1e6...: ReportText.fixed(value / 1e6, value < 1e7 ? 1 : 0) + " M"
      case 1e4...: ReportText.fixed(value / 1e3, 0) + " k"
      case 10...: ReportText.fixed(value, 0)
      case 0: "0"
      case 1...: ReportText.fixed(value, value == value.rounded() ? 0 : 1)
      default: ReportText.fixed(value, value >= 0.1 ? 1 : value >= 0.01 ? 2 : 3)
      }
    }
  }
}
