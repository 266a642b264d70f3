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
      // No one adds up times to live.
      field(
        "db\(database)",
        "keys=\(count),expires=\(expiring),avg_ttl=0,subexpiry=\(expiringHashes)")
    }
  }

  /// One line for each shard: what it holds, and how busy it was since the start or CONFIG RESETSTAT.
  mutating func writeShards() {
    title("Shards")
    for report in reports {
      let keys = report.keys.reduce(0) { $0 + $1.count }
      let expiring = report.keys.reduce(0) { $0 + $1.expiring }
      field(
        "shard\(report.index)",
        "keys=\(keys),expires=\(expiring),connections=\(report.connectionCount),"
          + "commands=\(report.commands.callCount),turns=\(report.traffic.turnCount),"
          + "parcels=\(report.traffic.parcelCount),"
          + "foreign_commands=\(report.traffic.foreignCommandCount)")
    }
  }
}
