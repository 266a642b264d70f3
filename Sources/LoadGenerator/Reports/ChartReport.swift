/// Charts of runs: latency by percentile, and throughput and latency over time.
package enum ChartReport {
  package static func text(_ runs: [(Workload, RunResult)]) -> String {
    SVGChart.image([
      SVGChart(
        title: "Latency by percentile", xTitle: "percent of requests", yTitle: "milliseconds",
        xScale: .nines,
        yScale: .logarithmic,
        lines: runs.map { SVGChart.Line(name: $0.0.title, points: percentiles($0.1.total)) }),
      SVGChart(
        title: "Throughput over time", xTitle: "seconds", yTitle: "requests a second",
        lines: runs.map { run in
          SVGChart.Line(
            name: run.0.title, points: thinned(run.1.series.map { ($0.start, $0.rate) }))
        }),
      SVGChart(
        title: "99th percentile over time", xTitle: "seconds", yTitle: "milliseconds",
        yScale: .logarithmic,
        lines: runs.map { run in
          SVGChart.Line(
            name: run.0.title,
            points: thinned(
              run.1.series.filter { $0.p99 > 0 }.map { ($0.start, Double($0.p99) / 1e6) }))
        }),
    ])
  }

  private static func percentiles(_ histogram: HDRHistogram) -> [(x: Double, y: Double)] {
    guard histogram.count > 0 else { return [] }
    // Equal steps on the axis of nines.
    let percents = [
      0, 10, 25, 50, 75, 82, 90, 92, 94, 96, 97, 98, 98.5, 99, 99.3, 99.6, 99.8, 99.9, 99.95, 99.99,
      99.995, 99.999,
    ]
    return percents.map { ($0, Double($0 == 0 ? histogram.min : histogram.percentile($0)) / 1e6) }
  }

  private static let pointsMax = 600

  /// Every n-th point, so that long runs stay readable.
  private static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    let step = points.count / pointsMax + 1
    return stride(from: 0, to: points.count, by: step).map { points[$0] }
  }
}
