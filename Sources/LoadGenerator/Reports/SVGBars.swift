/// A chart of bars in groups, each group to a scale of its own: what is compared stands together.
struct SVGBars {
  let title: String
  let groups: [String]
  /// The bars of each group.
  let names: [String]
  /// By group, then bar.
  let values: [[Double]]

  private static let colors = [
    "#1f77b4", "#6baed6", "#d62728", "#ff9896", "#9467bd", "#7f7f7f", "#bcbd22", "#17becf",
  ]
  private static let width = 720
  private static let barHeight = 14
  private static let groupGap = 14
  private static let left = 190
  private static let right = 600

  private var groupHeight: Int { names.count * Self.barHeight + Self.groupGap }
  private var height: Int { 60 + names.count * 16 + groups.count * groupHeight }

  /// The image of several charts, one below the other.
  static func image(_ charts: [SVGBars]) -> String {
    let total = charts.reduce(0) { $0 + $1.height }
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(total)" viewBox="0 0 \(width) \(total)" \
      font-family="sans-serif" font-size="12">
      <rect width="100%" height="100%" fill="white"/>

      """
    var top = 0
    for chart in charts {
      text += "<g transform=\"translate(0 \(top))\">\n\(chart.body)</g>\n"
      top += chart.height
    }
    return text + "</svg>\n"
  }

  private var body: String {
    var text = "<text x=\"16\" y=\"24\" font-weight=\"bold\">\(SVGChart.escape(title))</text>\n"
    var y = 40
    for (index, name) in names.enumerated() {
      text += "<rect x=\"16\" y=\"\(y)\" width=\"10\" height=\"10\" fill=\"\(color(index))\"/>\n"
      text += "<text x=\"32\" y=\"\(y + 9)\">\(SVGChart.escape(name))</text>\n"
      y += 16
    }
    y += 8
    for (group, bars) in zip(groups, values) {
      text +=
        "<text x=\"\(Self.left - 8)\" y=\"\(y + names.count * Self.barHeight / 2 + 4)\" text-anchor=\"end\">"
        + "\(SVGChart.escape(String(group.prefix(28))))</text>\n"
      let most = max(bars.max() ?? 0, 1e-12)
      for (index, value) in bars.enumerated() {
        let length = Int(value / most * Double(Self.right - Self.left))
        text +=
          "<rect x=\"\(Self.left)\" y=\"\(y)\" width=\"\(max(length, 1))\" height=\"\(Self.barHeight - 2)\" "
          + "fill=\"\(color(index))\"/>\n"
        text +=
          "<text x=\"\(Self.left + length + 5)\" y=\"\(y + Self.barHeight - 4)\" font-size=\"10\">"
          + "\(Self.number(value))</text>\n"
        y += Self.barHeight
      }
      y += Self.groupGap
    }
    return text
  }

  private func color(_ index: Int) -> String { Self.colors[index % Self.colors.count] }

  private static func number(_ value: Double) -> String {
    ReportText.fixed(value, value >= 1000 ? 0 : 3)
  }
}
