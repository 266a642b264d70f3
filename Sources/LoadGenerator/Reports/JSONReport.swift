/// Everything that runs have shown, for programs to read.
package enum JSONReport {
  package static func text(_ options: BenchmarkOptions, _ runs: [(Workload, RunResult)]) -> String {
    JSONText.object([
      ("tool", .string("martlet-benchmark")),
      ("options", describe(options)),
      ("runs", .array(runs.map { describe($0.0, $0.1) })),
    ]).text + "\n"
  }

  private static func describe(_ options: BenchmarkOptions) -> JSONText {
    let tags: JSONText =
      switch options.tags {
      case .none: .null
      case .fixed(let tag): .string(tag)
      case .numbered(let count): .integer(count)
      }
    return .object([
      ("server", .string(options.address.description)),
      ("connections", .integer(options.connections)),
      ("pipeline", .integer(options.pipeline)), ("threads", .integer(options.threads)),
      ("loop", .string(options.rate == nil ? "closed" : "open")),
      ("rate", options.rate.map(JSONText.number) ?? .null),
      ("requests", options.extent.operations.map(JSONText.integer) ?? .null),
      ("duration_seconds", options.duration.map(JSONText.number) ?? .null),
      ("warmup_seconds", .number(options.warmup)), ("keys", .integer(options.keyCount)),
      ("distribution", .string(options.distribution.description)), ("key_tags", tags),
      ("value_bytes_min", .integer(options.valueSizes.lowerBound)),
      ("value_bytes_max", .integer(options.valueSizes.upperBound)),
      ("ttl_seconds", options.timeToLive.map(JSONText.integer) ?? .null),
      ("preload", .boolean(options.preloads)),
      ("seed", .integer(Int(clamping: options.seed))),
    ])
  }

  private static func describe(_ workload: Workload, _ result: RunResult) -> JSONText {
    var members: [(String, JSONText)] = [
      ("test", .string(workload.title)), ("requests", .integer(result.operations)),
      ("seconds", .number(result.seconds)), ("requests_per_second", .number(result.rate)),
      ("errors", .integer(result.errors)),
      ("first_error", result.errors > 0 ? .string(result.errorText) : .null),
      ("unsent", .integer(result.unsent)), ("generator_cpu_seconds", .number(result.cpuSeconds)),
      ("latency_ms", latencies(result.total)),
    ]
    if workload.templates.count > 1 {
      members.append(
        (
          "tests",
          .array(
            zip(workload.titles, result.latencies).map { title, latencies in
              .object([
                ("test", .string(title)), ("requests", .integer(Int(latencies.count))),
                ("latency_ms", self.latencies(latencies)),
              ])
            })
        ))
    }
    members.append(("series", .array(result.series.map(describe))))
    return .object(members)
  }

  private static func latencies(_ histogram: HDRHistogram) -> JSONText {
    let percents: [(String, Double)] = [
      ("p50", 50), ("p75", 75), ("p90", 90), ("p95", 95), ("p99", 99), ("p99.9", 99.9),
      ("p99.99", 99.99),
    ]
    return .object(
      [("avg", .number(histogram.mean / 1e6)), ("min", milliseconds(histogram.min))]
        + percents.map { ($0.0, milliseconds(histogram.percentile($0.1))) } + [
          ("max", milliseconds(histogram.max))
        ])
  }

  private static func describe(_ point: SeriesPoint) -> JSONText {
    .object([
      ("seconds", .number(point.start)), ("requests_per_second", .number(point.rate)),
      ("p50_ms", milliseconds(point.p50)), ("p99_ms", milliseconds(point.p99)),
      ("max_ms", milliseconds(point.max)),
    ])
  }

  private static func milliseconds(_ nanoseconds: UInt64) -> JSONText {
    .number(Double(nanoseconds) / 1e6)
  }
}
