import ServerConfig
import Shard

extension Information {
  /// One line for each database that holds keys.
  mutating func writeKeyspace() {
    title("Keyspace")
    for database in 0..<configuration[.databases] {
      let count = sum { $0.keys[database].count }
      guard count > 0 else { continue }
      let expiring = sum { $0.keys[database].expiring }
      let expiringHashes = sum { $0.keys[database].expiringHashes }
      let times = reports.reduce(0.0) {
        $0 + Double($1.keys[database].averageTimeToLive) * Double($1.keys[database].expiring)
      }
      let average = Int(times / Double(max(expiring, 1)))
      field(
        "db\(database)",
        "keys=\(count),expires=\(expiring),avg_ttl=\(average),subexpiry=\(expiringHashes)")
    }
  }

  /// Redis' view of threads: each has clients of its own.
  mutating func writeThreads() {
    title("Threads")
    for report in reports {
      field(
        "io_thread_\(report.index)",
        "clients=\(report.connectionCount),reads=\(report.traffic.readCount),"
          + "writes=\(report.traffic.writeCount)")
    }
  }

  /// Two lines for each shard: what it holds and how busy it was since the start or CONFIG RESETSTAT, and how
  /// often a turn of its thread took more than a millisecond because of what.
  mutating func writeShards() {
    title("Shards")
    let rate = server.tickClock.rate
    for report in reports {
      let keys = report.keys.reduce(0) { $0 + $1.count }
      let expiring = report.keys.reduce(0) { $0 + $1.expiring }
      field(
        "shard\(report.index)",
        "keys=\(keys),expires=\(expiring),connections=\(report.connectionCount),"
          + "commands=\(report.callCount),turns=\(report.traffic.turnCount),"
          + "parcels=\(report.traffic.parcelCount),"
          + "foreign_commands=\(report.traffic.foreignCommandCount),"
          + "busy_usec=\(Int(Double(report.traffic.turnTicks) / rate)),"
          + "long_turns=\(report.turns.total),"
          + "longest_turn_usec=\(report.turns.worst / 1000)")
      let causes = TurnWatch.Cause.allCases.map { "\($0.name)=\(report.turns.counts[$0.rawValue])" }
      field("long_turns_shard\(report.index)", causes.joined(separator: ","))
    }
  }
}
