import Engine
import Shard

/// What the dashboard page asks for every second, as JSON. Rates are the page's business: it gets totals.
enum DashboardData {
  private static let commandsMax = 12
  private static let keysMax = 12
  private static let entriesMax = 16

  static func make(_ information: Information) -> String {
    let server = information.server
    let rate = server.tickClock.rate
    let totals = information.commandTotals
    var json = JSONWriter()
    json.object { json in
      json.field("time", WallClock.milliseconds)
      json.key("info")
      json.object { json in
        for (name, value) in information.fields.sorted(by: { $0.key < $1.key }) {
          json.field(name, value)
        }
      }
      json.key("latency")
      json.array { json in
        var all = LatencyHistogram()
        for counter in totals { all.add(counter.latencies) }
        for (ticks, count) in all.cumulative {
          json.array { json in
            json.value((Double(ticks) / rate * 1000).rounded() / 1000)
            json.value(count)
          }
        }
      }
      json.key("shards")
      json.array { json in
        for report in information.reports { write(report, rate, &json) }
      }
      json.key("commands")
      json.array { json in
        let busiest = totals.enumerated().filter { $0.element.calls > 0 }
          .sorted { $0.element.ticks > $1.element.ticks }.prefix(commandsMax)
        for (index, counter) in busiest {
          write(server.table.fullNames[index], counter, rate, &json)
        }
      }
      json.key("slowlog")
      json.array { json in
        for entry in CommandLog.merge(information.reports.map(\.slowLog), count: entriesMax) {
          write(entry, &json)
        }
      }
      json.key("hotkeys")
      json.array { json in
        for key in HotKeyReport(server, information.reports.map(\.hotKeys)).keys.prefix(keysMax) {
          json.object { json in
            json.field("key", String(decoding: key.name, as: UTF8.self))
            json.field("database", key.database)
            json.field("shard", key.shard)
            json.field("perSecond", key.perSecond)
            json.field("percent", key.percent)
          }
        }
      }
    }
    return json.text
  }

  private static func write(_ report: ShardReport, _ rate: Double, _ json: inout JSONWriter) {
    json.object { json in
      json.field("index", report.index)
      json.field("time", report.time)
      json.field("in", report.traffic.receivedByteCount)
      json.field("out", report.traffic.sentByteCount)
      json.field("hits", report.keyspace.hits)
      json.field("misses", report.keyspace.misses)
      json.field("keys", report.keys.reduce(0) { $0 + $1.count })
      json.field("connections", report.connectionCount)
      json.field("commands", report.callCount)
      json.field("foreign", report.traffic.foreignCommandCount)
      json.field("busy", Int(Double(report.traffic.turnTicks) / rate))
      json.field("cpu", report.userMicroseconds + report.systemMicroseconds)
      json.field("longest", Int(report.turns.worst / 1000))
      json.key("longTurns")
      json.object { json in
        for cause in TurnWatch.Cause.allCases {
          json.field(cause.name, report.turns.counts[cause.rawValue])
        }
      }
    }
  }

  private static func write(
    _ name: String, _ counter: CommandCounters.Counts, _ rate: Double, _ json: inout JSONWriter
  ) {
    func microseconds(_ percentile: Double) -> Double {
      (Double(counter.latencies.percentile(percentile)) / rate * 100).rounded() / 100
    }
    json.object { json in
      json.field("name", name)
      json.field("calls", counter.calls)
      json.field("usec", Int(Double(counter.ticks) / rate))
      json.field("p50", microseconds(50))
      json.field("p99", microseconds(99))
      json.field("failed", counter.failed + counter.rejected)
    }
  }

  private static func write(_ entry: CommandLog.Entry, _ json: inout JSONWriter) {
    json.object { json in
      json.field("id", entry.id)
      json.field("time", entry.time)
      json.field("usec", entry.value)
      json.field(
        "words",
        entry.words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
      json.field("client", entry.peer)
      json.field("name", String(decoding: entry.name, as: UTF8.self))
    }
  }
}

/// Writes JSON: whoever calls it sees to the nesting, it sees to commas and escapes.
struct JSONWriter {
  private(set) var text = ""
  private var needsComma = false

  mutating func object(_ body: (inout JSONWriter) -> Void) { nest("{", "}", body) }
  mutating func array(_ body: (inout JSONWriter) -> Void) { nest("[", "]", body) }

  private mutating func nest(
    _ opening: String, _ closing: String, _ body: (inout JSONWriter) -> Void
  ) {
    separate()
    text += opening
    needsComma = false
    body(&self)
    text += closing
    needsComma = true
  }

  mutating func key(_ name: String) {
    separate()
    quote(name)
    text += ":"
    needsComma = false
  }

  mutating func value(_ number: some BinaryInteger) {
    separate()
    text += "\(number)"
  }

  /// What JSON has no word for is 0.
  mutating func value(_ number: Double) {
    separate()
    text += number.isFinite ? "\(number)" : "0"
  }

  mutating func value(_ string: String) {
    separate()
    quote(string)
  }

  mutating func field(_ name: String, _ number: some BinaryInteger) {
    key(name)
    value(number)
  }

  mutating func field(_ name: String, _ number: Double) {
    key(name)
    value(number)
  }

  mutating func field(_ name: String, _ string: String) {
    key(name)
    value(string)
  }

  private mutating func separate() {
    if needsComma { text += "," }
    needsComma = true
  }

  private mutating func quote(_ string: String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
