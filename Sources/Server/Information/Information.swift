import Engine
import ServerConfig
import Shard

/// All that INFO tells, gathered from every shard, and how its sections are put together.
///
/// A section is one function in a file of its own that appends fields; `Section` names them.
struct Information {
  let server: ServerContext
  let configuration: Configuration
  let reports: [ShardReport]
  let memory: MemoryReport
  private(set) var text = ""

  init(_ server: ServerContext, _ figures: AllocatorFigures, _ reports: [ShardReport]) {
    self.server = server
    configuration = server.configuration
    self.reports = reports
    memory = MemoryReport(server, figures, reports)
  }

  /// In the order of INFO's reply.
  enum Section: String, CaseIterable {
    case server, clients, memory, persistence, stats, replication, cpu, modules, commandstats,
      errorstats, latencystats, cluster, keyspace, threads, shards

    /// Left out unless asked for by name or by `all`.
    var isDetail: Bool {
      switch self {
      case .commandstats, .latencystats: true
      default: false
      }
    }
  }

  /// The sections that INFO's arguments ask for: names, or `default`, `all`, `everything`.
  static func sections(named names: [String]) -> Set<Section> {
    guard !names.isEmpty else { return sections(named: ["default"]) }
    var chosen: Set<Section> = []
    for name in names {
      switch name.lowercased() {
      case "default": chosen.formUnion(Section.allCases.filter { !$0.isDetail })
      case "all": chosen.formUnion(Section.allCases.filter { $0 != .modules })
      case "everything": chosen.formUnion(Section.allCases)
      default: if let section = Section(rawValue: name.lowercased()) { chosen.insert(section) }
      }
    }
    return chosen
  }

  mutating func write(_ chosen: Set<Section>) {
    for section in Section.allCases where chosen.contains(section) {
      if !text.isEmpty { text += "\r\n" }
      switch section {
      case .server: writeServer()
      case .clients: writeClients()
      case .memory: writeMemory()
      case .persistence: writePersistence()
      case .stats: writeStats()
      case .replication: writeReplication()
      case .cpu: writeCPU()
      case .modules: title("Modules")
      case .commandstats: writeCommandStatistics()
      case .errorstats: writeErrorStatistics()
      case .latencystats: writeLatencies()
      case .cluster: writeCluster()
      case .keyspace: writeKeyspace()
      case .threads: writeThreads()
      case .shards: writeShards()
      }
    }
  }

  // MARK: For sections

  mutating func title(_ name: String) { text += "# \(name)\r\n" }

  mutating func field(_ name: String, _ value: some CustomStringConvertible) {
    text += "\(name):\(value)\r\n"
  }

  /// A byte count, and once more for people.
  mutating func bytes(_ name: String, _ count: Int) {
    field(name, count)
    field("\(name)_human", HumanText.bytes(count))
  }

  func sum(_ value: (ShardReport) -> Int) -> Int { reports.reduce(0) { $0 + value($1) } }

  /// Every field of the text, by name.
  var fields: [String: String] {
    var fields: [String: String] = [:]
    for line in text.split(separator: "\r\n") where !line.hasPrefix("#") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
    }
    return fields
  }

  /// What all shards have counted of each command, by its index in the table.
  var commandTotals: [CommandCounters.Counts] {
    server.table.fullNames.indices.map { command in
      var sum = CommandCounters.Counts()
      for worker in server.workers { worker.counters.add(command, to: &sum) }
      return sum
    }
  }

  /// Error replies by their first word.
  var errorTotals: [String: Int] {
    reports.reduce(into: [:]) { $0.merge($1.errors, uniquingKeysWith: +) }
  }
}
