import Engine
import Shard

/// Metrics in Prometheus' text format, under redis_exporter's names where it has one, so that its dashboards show
/// this server; what only this server has begins with `martlet_`.
struct PrometheusText {
  enum Kind: String {
    case counter, gauge, histogram, summary
  }

  private var text = ""
  private let information: Information
  private let rate: Double

  static func make(_ information: Information) -> String {
    var metrics = PrometheusText(information)
    metrics.writeFields()
    metrics.writeInstance()
    metrics.writeDatabases()
    metrics.writeCommands()
    metrics.writeErrors()
    metrics.writeSlowLog()
    metrics.writeShards()
    return metrics.text
  }

  private init(_ information: Information) {
    self.information = information
    rate = information.server.tickClock.rate
  }

  // MARK: Form

  private mutating func head(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  private mutating func sample(_ name: String, _ value: some CustomStringConvertible) {
    sample(name, [], value)
  }

  private mutating func sample(
    _ name: String, _ labels: [(String, String)], _ value: some CustomStringConvertible
  ) {
    text += name
    if !labels.isEmpty {
      text += "{\(labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ","))}"
    }
    text += " \(value)\n"
  }

  private static func escaped(_ label: String) -> String {
    var text = ""
    for character in label.unicodeScalars {
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }

  // MARK: What INFO has

  private mutating func writeFields() {
    head("redis_up", .gauge, "Whether the server answers.")
    sample("redis_up", 1)
    let fields = information.fields
    for (field, name, kind) in MetricNames.ofFields {
      guard let value = fields[field] else { continue }
      let number = value.hasSuffix("%") ? String(value.dropLast()) : value
      guard Double(number) != nil else { continue }
      head(name, kind, "INFO's \(field).")
      sample(name, number)
    }
    for (field, name) in MetricNames.ofStates {
      guard let value = fields[field] else { continue }
      head(name, .gauge, "Whether INFO's \(field) is ok.")
      sample(name, value == "ok" ? 1 : 0)
    }
    head("redis_start_time_seconds", .gauge, "When the server started, in seconds since 1970.")
    sample("redis_start_time_seconds", information.server.startedAt / 1000)
  }

  private mutating func writeInstance() {
    let fields = information.fields
    head("redis_instance_info", .gauge, "What the server says of itself.")
    let names = [
      "redis_version", "redis_build_id", "redis_mode", "os", "role", "run_id", "tcp_port",
      "maxmemory_policy", "process_id", "martlet_version",
    ]
    sample("redis_instance_info", names.map { ($0, fields[$0] ?? "") }, 1)
  }

  private mutating func writeDatabases() {
    head("redis_db_keys", .gauge, "Keys of each database.")
    var expiring: [(String, Int)] = []
    for database in 0..<(information.reports.first?.keys.count ?? 0) {
      let count = information.sum { $0.keys[database].count }
      guard count > 0 || database == 0 else { continue }
      sample("redis_db_keys", [("db", "db\(database)")], count)
      expiring.append(("db\(database)", information.sum { $0.keys[database].expiring }))
    }
    head("redis_db_keys_expiring", .gauge, "Keys of each database that expire.")
    for (database, count) in expiring {
      sample("redis_db_keys_expiring", [("db", database)], count)
    }
  }

  // MARK: Commands

  private mutating func writeCommands() {
    let names = information.server.table.fullNames
    let called = information.commandTotals.enumerated().filter {
      $0.element.calls > 0 || $0.element.rejected > 0 || $0.element.failed > 0
    }
    let rate = self.rate
    func seconds(_ ticks: UInt64) -> Double { Double(ticks) / rate / 1e6 }
    typealias Value = (CommandCounters.Counts) -> Double
    let columns: [(name: String, help: String, value: Value)] = [
      ("redis_commands_total", "Calls of each command.", { Double($0.calls) }),
      (
        "redis_commands_duration_seconds_total", "Time spent in each command.",
        { seconds($0.ticks) }
      ),
      (
        "redis_commands_rejected_calls_total", "Calls refused before they ran.",
        { Double($0.rejected) }
      ),
      (
        "redis_commands_failed_calls_total", "Calls that ran and failed.", { Double($0.failed) }
      ),
    ]
    for column in columns {
      head(column.name, .counter, column.help)
      for (index, counter) in called {
        sample(column.name, [("cmd", names[index])], column.value(counter))
      }
    }
    head("redis_latency_percentiles_usec", .summary, "How long calls took, in microseconds.")
    for (index, counter) in called where counter.latencies.count > 0 {
      for percentile in [50.0, 99, 99.9] {
        let ticks = counter.latencies.percentile(percentile)
        sample(
          "redis_latency_percentiles_usec",
          [("cmd", names[index]), ("quantile", "\((percentile * 10).rounded() / 1000)")],
          Double(ticks) / rate)
      }
      sample(
        "redis_latency_percentiles_usec_sum", [("cmd", names[index])], Double(counter.ticks) / rate)
      sample("redis_latency_percentiles_usec_count", [("cmd", names[index])], counter.calls)
    }
    head("redis_commands_latencies_usec", .histogram, "Calls by how long they took.")
    for (index, counter) in called where counter.latencies.count > 0 {
      let command = ("cmd", names[index])
      for step in HistogramSteps.steps(of: counter.latencies, ticksPerMicrosecond: rate) {
        sample(
          "redis_commands_latencies_usec_bucket", [command, ("le", "\(step.microseconds)")],
          step.count)
      }
      let count = counter.latencies.count
      sample("redis_commands_latencies_usec_bucket", [command, ("le", "+Inf")], count)
      sample("redis_commands_latencies_usec_sum", [command], Double(counter.ticks) / rate)
      sample("redis_commands_latencies_usec_count", [command], count)
    }
  }

  private mutating func writeErrors() {
    head("redis_errors_total", .counter, "Error replies by their first word.")
    for (code, count) in information.errorTotals.sorted(by: { $0.key < $1.key }) {
      sample("redis_errors_total", [("err", code)], count)
    }
  }

  private mutating func writeSlowLog() {
    let last = CommandLog.merge(information.reports.map(\.slowLog), count: 1).first
    head("redis_slowlog_last_id", .gauge, "The number of the newest entry of the slow log.")
    sample("redis_slowlog_last_id", last?.id ?? 0)
    head("redis_slowlog_length", .gauge, "Entries of the slow log.")
    sample("redis_slowlog_length", information.sum(\.slowLogCount))
    head("redis_last_slow_execution_duration_seconds", .gauge, "How long the newest of them took.")
    sample("redis_last_slow_execution_duration_seconds", Double(last?.value ?? 0) / 1e6)
  }

  // MARK: Shards

  private mutating func writeShards() {
    typealias Value = (ShardReport) -> Double
    let rate = self.rate
    let columns: [(name: String, kind: Kind, help: String, value: Value)] = [
      (
        "martlet_shard_keys", .gauge, "Keys of each shard.",
        { report in Double(report.keys.reduce(0) { $0 + $1.count }) }
      ),
      (
        "martlet_shard_connections", .gauge, "Clients of each shard's thread.",
        { Double($0.connectionCount) }
      ),
      (
        "martlet_shard_commands_total", .counter, "Commands run on each shard.",
        { Double($0.callCount) }
      ),
      (
        "martlet_shard_foreign_commands_total", .counter,
        "Commands of each thread's clients that were other shards'.",
        { Double($0.traffic.foreignCommandCount) }
      ),
      (
        "martlet_shard_parcels_total", .counter, "Parcels sent to other shards.",
        { Double($0.traffic.parcelCount) }
      ),
      (
        "martlet_shard_transactions_total", .counter,
        "Transactions over shards, or that had to wait.", { Double($0.transactionCount) }
      ),
      (
        "martlet_shard_turns_total", .counter, "Turns of each thread.",
        { Double($0.traffic.turnCount) }
      ),
      (
        "martlet_shard_busy_seconds_total", .counter, "Time each thread spent in turns.",
        { Double($0.traffic.turnTicks) / rate / 1e6 }
      ),
      (
        "martlet_shard_cpu_seconds_total", .counter, "Processor time of each thread.",
        { Double($0.userMicroseconds + $0.systemMicroseconds) / 1e6 }
      ),
      (
        "martlet_shard_longest_turn_seconds", .gauge, "The longest turn of more than 1 ms.",
        { Double($0.turns.worst) / 1e9 }
      ),
    ]
    for column in columns {
      head(column.name, column.kind, column.help)
      for report in information.reports {
        sample(column.name, [("shard", "\(report.index)")], column.value(report))
      }
    }
    let name = "martlet_shard_long_turns_total"
    head(name, .counter, "Turns of more than 1 ms by what took most of the time.")
    for report in information.reports {
      for cause in TurnWatch.Cause.allCases {
        sample(
          name, [("shard", "\(report.index)"), ("cause", cause.name)],
          report.turns.counts[cause.rawValue])
      }
    }
  }
}
