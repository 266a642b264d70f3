/// A chart of lines as a part of an SVG image.
struct SVGChart {
  struct Line {
    let name: String
    let points: [(x: Double, y: Double)]
  }

  /// How numbers become places.
  enum Scale {
    case linear
    /// Each power of ten is as wide.
    case logarithmic
    /// For percents: 90, 99, 99.9 … are equally far apart.
    case nines
  }

  var title: String
  var xTitle: String
  var yTitle: String
  var xScale = Scale.linear
  var yScale = Scale.linear
  var lines: [Line]

  static let width = 720.0
  static let height = 320.0
  private static let colors = [
    "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2",
    "#7f7f7f", "#bcbd22",
  ]
  private static let plot = (left: 78.0, top: 34.0, right: 540.0, bottom: 268.0)

  /// The image of several charts, one below the other.
  static func image(_ charts: [SVGChart]) -> String {
    let total = height * Double(charts.count)
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(width))" height="\(Int(total))" \
      viewBox="0 0 \(Int(width)) \(Int(total))" font-family="sans-serif" font-size="12">
      <rect width="100%" height="100%" fill="white"/>

      """
    for (index, chart) in charts.enumerated() {
      text += "<g transform=\"translate(0 \(Int(height * Double(index))))\">\n\(chart.body)</g>\n"
    }
    return text + "</svg>\n"
  }

  private var body: String {
    let points = lines.flatMap(\.points)
    guard !points.isEmpty else { return label(Self.plot.left, 20, title, anchor: "start") }
    let xAxis = Axis(points.map(\.x), xScale, from: Self.plot.left, to: Self.plot.right)
    let yAxis = Axis(points.map(\.y), yScale, from: Self.plot.bottom, to: Self.plot.top)
    var text = label(Self.plot.left, 20, title, anchor: "start", more: " font-weight=\"bold\"")
    for (value, name) in xAxis.ticks {
      let x = xAxis.place(value)
      text += line(x, Self.plot.top, x, Self.plot.bottom, "#e4e4e4")
      text += label(x, Self.plot.bottom + 17, name, anchor: "middle")
    }
    for (value, name) in yAxis.ticks {
      let y = yAxis.place(value)
      text += line(Self.plot.left, y, Self.plot.right, y, "#e4e4e4")
      text += label(Self.plot.left - 6, y + 4, name, anchor: "end")
    }
    text += line(Self.plot.left, Self.plot.bottom, Self.plot.right, Self.plot.bottom, "#555")
    text += line(Self.plot.left, Self.plot.top, Self.plot.left, Self.plot.bottom, "#555")
    text += label(
      (Self.plot.left + Self.plot.right) / 2, Self.plot.bottom + 38, xTitle, anchor: "middle")
    let middle = Int((Self.plot.top + Self.plot.bottom) / 2)
    text += label(
      14, Double(middle), yTitle, anchor: "middle", more: " transform=\"rotate(-90 14 \(middle))\"")
    for (index, line) in lines.enumerated() { text += draw(line, index, xAxis, yAxis) }
    return text
  }

  private func draw(_ line: Line, _ index: Int, _ xAxis: Axis, _ yAxis: Axis) -> String {
    let color = Self.colors[index % Self.colors.count]
    let places = line.points.map { point in
      "\(ReportText.fixed(xAxis.place(point.x), 1)),\(ReportText.fixed(yAxis.place(point.y), 1))"
    }
    let y = Self.plot.top + 8 + Double(index) * 16
    var text =
      "<polyline fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.6\" points=\"\(places.joined(separator: " "))\"/>\n"
    if places.count == 1, let point = line.points.first {
      text +=
        "<circle cx=\"\(ReportText.fixed(xAxis.place(point.x), 1))\" "
        + "cy=\"\(ReportText.fixed(yAxis.place(point.y), 1))\" r=\"2.5\" fill=\"\(color)\"/>\n"
    }
    if y < Self.plot.bottom {
      text +=
        "<rect x=\"\(Int(Self.plot.right + 12))\" y=\"\(Int(y - 8))\" width=\"10\" height=\"10\" fill=\"\(color)\"/>\n"
      text += label(Self.plot.right + 28, y + 1, String(line.name.prefix(24)), anchor: "start")
    }
    return text
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String)
    -> String
  {
    let ends = [("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)]
    return "<line " + ends.map { "\($0.0)=\"\(ReportText.fixed($0.1, 1))\"" }.joined(separator: " ")
      + " stroke=\"\(color)\"/>\n"
  }

  private func label(_ x: Double, _ y: Double, _ text: String, anchor: String, more: String = "")
    -> String
  {
    "<text x=\"\(ReportText.fixed(x, 1))\" y=\"\(ReportText.fixed(y, 1))\" text-anchor=\"\(anchor)\"\(more)>"
      + "\(Self.escape(text))</text>\n"
  }

  static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case _ where scalar.value < 32: escaped += " "
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
