/// LATENCY GRAPH: an event's history as columns of text, with how long ago each was written below, downwards.
enum LatencyGraph {
  private static let columnsMax = 80
  private static let rows = 4
  /// The three heights that one character can show; what is below is filled.
  private static let heights: [Character] = ["_", "o", "#"]

  /// - Parameter now: seconds since 1970.
  static func draw(_ event: String, _ history: LatencyEvents.History, now: Int64) -> String {
    let values = history.samples.map(\.milliseconds)
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    var text = "\(event) - high \(high) ms, low \(low) ms (all time high \(history.worst) ms)\n"
    text += String(repeating: "-", count: 80) + "\n"
    for start in stride(from: 0, to: history.samples.count, by: columnsMax) {
      if start > 0 { text += "\n" }
      let samples = history.samples[start..<min(start + columnsMax, history.samples.count)]
      draw(samples, low: low, high: high, now: now, to: &text)
    }
    return text
  }

  private static func draw(
    _ samples: ArraySlice<LatencyEvents.Sample>, low: Int, high: Int, now: Int64,
    to text: inout String
  ) {
    let stepsMax = rows * heights.count
    let steps = samples.map { sample in
      high == low
        ? 0 : min((sample.milliseconds - low) * stepsMax / (high - low), stepsMax - 1)
    }
    for row in (0..<rows).reversed() {
      for step in steps {
        let height = step - row * heights.count
        text.append(height < 0 ? " " : height < heights.count ? heights[height] : "|")
      }
      text += "\n"
    }
    text += String(repeating: " ", count: samples.count) + "\n"
    let labels = samples.map { Array(age(now - $0.time)) }
    for row in 0..<(labels.map(\.count).max() ?? 0) {
      for label in labels { text.append(row < label.count ? label[row] : " ") }
      text += "\n"
    }
  }

  private static func age(_ seconds: Int64) -> String {
    switch seconds {
    case ..<60: "\(seconds)s"
    case ..<3600: "\(seconds / 60)m"
    case ..<86400: "\(seconds / 3600)h"
    default: "\(seconds / 86400)d"
    }
  }
}
