/// All turns of a comparison, and their tables.
struct ComparisonResults {
  let servers: [String]
  /// So many of the servers, the first ones, are Martlet.
  let martlets: Int
  let loads: [String]
  let options: CompareOptions
  var placement = ""
  /// Of each server, if the tests have strings.
  var bytesPerKey: [Double?]
  /// By load, then server, then round.
  var turns: [[[ComparisonTurn]]]

  init(servers: [String], martlets: Int, loads: [String], options: CompareOptions) {
    self.servers = servers
    self.martlets = martlets
    self.loads = loads
    self.options = options
    bytesPerKey = servers.map { _ in nil }
    turns = loads.map { _ in servers.map { _ in [] } }
  }

  /// The value in the middle.
  static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  func median(_ load: Int, _ server: Int, _ figure: (ComparisonTurn) -> Double) -> Double {
    Self.median(turns[load][server].map(figure))
  }

  /// A server's figure relative to another's, in each round.
  struct Ratio {
    let median: Double
    let low: Double
    let high: Double

    init(_ values: [Double]) {
      median = ComparisonResults.median(values)
      low = values.min() ?? 0
      high = values.max() ?? 0
    }

    var text: String {
      "\(ReportText.fixed(median, 2)) (\(ReportText.fixed(low, 2))–\(ReportText.fixed(high, 2)))"
    }
  }

  func ratio(_ load: Int, of server: Int, to other: Int, _ figure: (ComparisonTurn) -> Double)
    -> Ratio
  {
    Ratio(zip(turns[load][server], turns[load][other]).map { figure($0) / max(figure($1), 1e-12) })
  }

  // MARK: Tables

  var markdown: String {
    var text = heading
    for other in 1..<max(martlets, 1) {
      text += section("\(servers[other]) beside \(servers[0])", besideTheFirst(other))
    }
    if servers.count > martlets { text += section("\(servers[0]) beside its peers", besidePeers) }
    text += section(
      "Everybody: throughput, p50 / p99 / p99.9 in milliseconds, CPU per request", everybody)
    if bytesPerKey.contains(where: { $0 != nil }) {
      text += section("Resident bytes per key", memory)
    }
    return text
  }

  private var heading: String {
    let sizes = options.valueSizes
    let bytes =
      sizes.count == 1 ? "\(sizes.lowerBound)" : "\(sizes.lowerBound) to \(sizes.upperBound)"
    return
      "\(ReportText.plural(options.rounds, "round")) of \(ReportText.fixed(options.seconds, 1)) s a server and load, "
      + "\(options.connections) connections, \(options.keyCount) keys (\(options.distribution.description)), "
      + "values of \(bytes) bytes. Ratios are medians over the rounds, with the lowest and the highest. \(placement)\n"
  }

  private func section(_ title: String, _ rows: [[String]]) -> String {
    var text = "\n### \(title)\n\n"
    for (index, row) in rows.enumerated() {
      text += "| \(row.joined(separator: " | ")) |\n"
      if index == 0 { text += "|" + String(repeating: "---|", count: row.count) + "\n" }
    }
    return text
  }

  private func besideTheFirst(_ other: Int) -> [[String]] {
    [["load", "requests a second", "ratio", "CPU per request", "ratio", "p99", "ratio"]]
      + loads.indices.map { load in
        [
          loads[load], pair(load, other, \.rate) { ReportText.fixed($0, 0) },
          ratio(load, of: other, to: 0, \.rate).text,
          pair(load, other, \.cpu) { ReportText.fixed($0, 3) + " µs" },
          ratio(load, of: other, to: 0, \.cpu).text,
          pair(load, other, \.p99) { ReportText.fixed($0, 2) + " ms" },
          ratio(load, of: other, to: 0, \.p99).text,
        ]
      }
  }

  private func pair(
    _ load: Int, _ other: Int, _ figure: (ComparisonTurn) -> Double, _ text: (Double) -> String
  ) -> String {
    "\(text(median(load, 0, figure))) → \(text(median(load, other, figure)))"
  }

  /// Ratios to the peer that takes the least CPU.
  private var besidePeers: [[String]] {
    [["load", "best peer", "requests a second", "CPU per request", "p99"]]
      + loads.indices.map { load in
        let peers = (martlets..<servers.count).filter { !turns[load][$0].isEmpty }
        guard let best = peers.min(by: { median(load, $0, \.cpu) < median(load, $1, \.cpu) }) else {
          return [loads[load], "–", "–", "–", "–"]
        }
        return [
          loads[load], servers[best], ratio(load, of: 0, to: best, \.rate).text,
          ratio(load, of: 0, to: best, \.cpu).text, ratio(load, of: 0, to: best, \.p99).text,
        ]
      }
  }

  private var everybody: [[String]] {
    [["load"] + servers]
      + loads.indices.map { load in
        [loads[load]]
          + servers.indices.map { server in
            guard !turns[load][server].isEmpty else { return "–" }
            let latencies = [
              median(load, server, \.p50), median(load, server, \.p99),
              median(load, server, \.p999),
            ]
            return "\(ReportText.fixed(median(load, server, \.rate), 0))/s, "
              + latencies.map { ReportText.fixed($0, 2) }.joined(separator: " / ")
              + ", \(ReportText.fixed(median(load, server, \.cpu), 3)) µs"
          }
      }
  }

  private var memory: [[String]] {
    [["server", "bytes per key"]]
      + zip(servers, bytesPerKey).map { [$0, $1.map { ReportText.fixed($0, 1) } ?? "–"] }
  }

  // MARK: Charts and data

  var charts: String {
    SVGBars.image([
      SVGBars(title: "Requests a second", groups: loads, names: servers, values: values(\.rate)),
      SVGBars(
        title: "CPU microseconds per request", groups: loads, names: servers, values: values(\.cpu)),
    ])
  }

  private func values(_ figure: (ComparisonTurn) -> Double) -> [[Double]] {
    loads.indices.map { load in servers.indices.map { median(load, $0, figure) } }
  }

  var json: String {
    JSONText.object([
      ("tool", .string("martlet-benchmark compare")), ("placement", .string(placement)),
      (
        "servers",
        .array(
          zip(servers, bytesPerKey).map {
            .object([("name", .string($0)), ("bytes_per_key", $1.map(JSONText.number) ?? .null)])
          })
      ),
      ("loads", .array(loads.indices.map(describe))),
    ]).text + "\n"
  }

  private func describe(_ load: Int) -> JSONText {
    .object([
      ("load", .string(loads[load])),
      (
        "turns",
        .array(
          servers.indices.flatMap { server in
            turns[load][server].enumerated().map { round, turn in
              .object([
                ("server", .string(servers[server])), ("round", .integer(round + 1)),
                ("requests_per_second", .number(turn.rate)),
                ("cpu_us_per_request", .number(turn.cpu)),
                ("generator_cpu_us_per_request", .number(turn.generatorCPU)),
                ("p50_ms", .number(turn.p50)),
                ("p99_ms", .number(turn.p99)), ("p99.9_ms", .number(turn.p999)),
              ])
            }
          })
      ),
    ])
  }
}
