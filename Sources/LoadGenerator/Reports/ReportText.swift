import RESP

/// Numbers and tables as text.
enum ReportText {
  /// With so many decimals.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    String(decoding: DecimalText.fixed(value, decimals), as: UTF8.self)
  }

  static func milliseconds(_ nanoseconds: Double, _ decimals: Int = 3) -> String {
    fixed(nanoseconds / 1e6, decimals)
  }

  static func milliseconds(_ nanoseconds: UInt64, _ decimals: Int = 3) -> String {
    milliseconds(Double(nanoseconds), decimals)
  }

  static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }

  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  static func plural(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }
}

/// What a benchmark prints as it goes: a table for people, one line a test, or comma-separated values.
package struct ConsoleReport {
  private let options: BenchmarkOptions

  package init(_ options: BenchmarkOptions) { self.options = options }

  /// What comes first.
  package var header: String {
    if options.isCSV {
      return
        #""test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms""#
        + "\n"
    }
    if options.isQuiet { return "" }
    return summary + "\n\n" + row(Self.titles) + "\n"
  }

  /// What a run has shown.
  package func run(_ workload: Workload, _ result: RunResult) -> String {
    if options.isCSV { return csv(workload.title, result) }
    if options.isQuiet { return quiet(workload.title, result) }
    var text =
      row(cells(workload.title, result.total, rate: result.rate, errors: result.errors)) + "\n"
    if workload.templates.count > 1 {
      for (title, latencies) in zip(workload.titles, result.latencies) {
        let rate = result.seconds > 0 ? Double(latencies.count) / result.seconds : 0
        text += row(cells("  " + title, latencies, rate: rate, errors: nil)) + "\n"
      }
    }
    return text
  }

  /// What went wrong in a run, for the error output; empty if nothing did.
  package func problems(_ workload: Workload, _ result: RunResult) -> String {
    var text = ""
    if result.errors > 0 {
      text +=
        "\(workload.title): \(ReportText.plural(result.errors, "error")) from the server, such as: \(result.errorText)\n"
    }
    if result.unsent > 0 {
      text +=
        "\(workload.title): \(ReportText.plural(result.unsent, "request")) due and never sent: "
        + "the server is slower than --rate\n"
    }
    return text
  }

  /// A line that is overwritten while a run goes on.
  package func progress(_ title: String, _ progress: BenchmarkRun.Progress) -> String {
    let latest = progress.latest
    return "\(title.prefix(40)): \(ReportText.fixed(progress.seconds, 1)) s, "
      + "\(progress.operations) requests, \(ReportText.fixed(latest.rate, 0))/s, "
      + "p50 \(ReportText.milliseconds(latest.p50)) ms, p99 \(ReportText.milliseconds(latest.p99)) ms"
  }

  private var summary: String {
    let loop =
      options.rate.map { "open loop of \(ReportText.fixed($0, 0)) requests/s" } ?? "closed loop"
    let sizes = options.valueSizes
    let bytes =
      sizes.count == 1 ? "\(sizes.lowerBound)" : "\(sizes.lowerBound) to \(sizes.upperBound)"
    return
      "\(options.address.description): \(ReportText.plural(options.connections, "connection")), "
      + "pipeline \(options.pipeline), \(ReportText.plural(options.threads, "thread")), \(loop); "
      + "\(ReportText.plural(options.keyCount, "key")) (\(options.distribution.description)), values of \(bytes) bytes"
  }

  private static let titleWidth = 32
  private static let titles = [
    "test", "requests", "requests/s", "avg ms", "min", "p50", "p95", "p99", "p99.9", "max",
    "errors",
  ]

  private func cells(_ title: String, _ latencies: HDRHistogram, rate: Double, errors: Int?)
    -> [String]
  {
    let digits = options.precision
    return [
      String(title.prefix(Self.titleWidth)), String(latencies.count), ReportText.fixed(rate, 0),
      ReportText.milliseconds(latencies.mean, digits),
      ReportText.milliseconds(latencies.min, digits),
      ReportText.milliseconds(latencies.percentile(50), digits),
      ReportText.milliseconds(latencies.percentile(95), digits),
      ReportText.milliseconds(latencies.percentile(99), digits),
      ReportText.milliseconds(latencies.percentile(99.9), digits),
      ReportText.milliseconds(latencies.max, digits),
      errors.map(String.init) ?? "",
    ]
  }

  private func row(_ cells: [String]) -> String {
    var text =
      ReportText.left(cells[0], Self.titleWidth) + ReportText.right(cells[1], 11)
      + ReportText.right(cells[2], 12)
    for cell in cells[3...] { text += ReportText.right(cell, 9) }
    return text
  }

  private func quiet(_ title: String, _ result: RunResult) -> String {
    "\(title): \(ReportText.fixed(result.rate, 2)) requests per second, "
      + "p50=\(ReportText.milliseconds(result.total.percentile(50), options.precision)) msec\n"
  }

  private func csv(_ title: String, _ result: RunResult) -> String {
    let total = result.total
    let latencies = [
      ReportText.milliseconds(total.mean), ReportText.milliseconds(total.min),
      ReportText.milliseconds(total.percentile(50)), ReportText.milliseconds(total.percentile(95)),
      ReportText.milliseconds(total.percentile(99)), ReportText.milliseconds(total.max),
    ]
    let cells =
      [
        title.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""),
        ReportText.fixed(result.rate, 2),
      ] + latencies
    return cells.map { "\"\($0)\"" }.joined(separator: ",") + "\n"
  }
}
