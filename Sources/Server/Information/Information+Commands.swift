import Engine
import ServerConfig
import Shard

extension Information {
  mutating func writeCommandStatistics() {
    title("Commandstats")
    let rate = server.tickClock.rate
    for (index, counter) in commandTotals.enumerated()
    where counter.calls > 0 || counter.rejected > 0 || counter.failed > 0 {
      let microseconds = Double(counter.ticks) / rate
      let mean = counter.calls > 0 ? microseconds / Double(counter.calls) : 0
      field(
        "cmdstat_\(server.table.fullNames[index])",
        "calls=\(counter.calls),usec=\(Int(microseconds)),usec_per_call=\(HumanText.fixed(mean, 2)),"
          + "rejected_calls=\(counter.rejected),failed_calls=\(counter.failed)")
    }
  }

  mutating func writeErrorStatistics() {
    title("Errorstats")
    for (code, count) in errorTotals.sorted(by: { $0.key < $1.key }) {
      field("errorstat_\(code)", "count=\(count)")
    }
  }

  mutating func writeLatencies() {
    title("Latencystats")
    guard configuration[.latencyTracking] else { return }
    let rate = server.tickClock.rate
    let percentiles = configuration.latencyPercentiles
    guard !percentiles.isEmpty else { return }
    for (index, counter) in commandTotals.enumerated() where counter.latencies.count > 0 {
      let values = percentiles.map { percentile in
        let text = "\(percentile)"
        let name = text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        let ticks = counter.latencies.percentile(percentile)
        return "p\(name)=\(HumanText.fixed(Double(ticks) / rate, 3))"
      }
      field(
        "latency_percentiles_usec_\(server.table.fullNames[index])", values.joined(separator: ","))
    }
  }
}
