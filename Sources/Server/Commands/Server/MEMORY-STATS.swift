import Engine
import RESP
import ServerConfig

extension ServiceCommand {
  private static let gatheringTips = [
    "nondeterministic_output", "request_policy:all_shards", "response_policy:special",
  ]

  static let memoryStatsCommand = Command(
    "stats", "Tells what memory is used for.", since: "4.0.0", group: .server,
    complexity: "O(1)", arity: .exactly(2), tips: gatheringTips, execution: .service)

  /// `MEMORY STATS`: a Map of names and numbers, with a Map for each database that holds keys.
  static let memoryStats: Body = { worker, connection, _, keyspace, reply in
    let server = worker.server
    let figures = AllocatorFigures(server.memory)
    worker.everywhere(connection, &keyspace, &reply) { worker, keyspace in
      ShardReport(worker, keyspace, isDetailed: false)
    } then: { reports, reply in
      write(MemoryReport(server, figures, reports), reports, to: &reply)
    }
  }

  private static func write(
    _ memory: MemoryReport, _ reports: [ShardReport], to reply: inout ReplyWriter
  ) {
    let databases = reports[0].keys.indices.compactMap {
      index -> (index: Int, keys: Int, bytes: Int)? in
      let keys = reports.reduce(0) { $0 + $1.keys[index].count }
      let bytes = reports.reduce(0) { $0 + $1.keys[index].tableByteCount }
      return keys > 0 ? (index, keys, bytes) : nil
    }
    let keyCount = databases.reduce(0) { $0 + $1.keys }
    var fields: [(String, Figure)] = [
      ("peak.allocated", .count(memory.peak)), ("total.allocated", .count(memory.allocated)),
      ("startup.allocated", .count(memory.startup)),
      // There are no replicas.
      ("replication.backlog", .count(0)), ("replica.fullsync.buffer", .count(0)),
      ("clients.slaves", .count(0)), ("clients.normal", .count(memory.clients)),
      ("cluster.links", .count(0)), ("aof.buffer", .count(memory.journal)),
      ("lua.caches", .count(memory.scripts)), ("functions.caches", .count(memory.functions)),
      ("script.VMs", .count(memory.interpreters)),
    ]
    // Expiry times lie in the entries themselves.
    fields += databases.map { ("db.\($0.index)", .tables(main: $0.bytes)) }
    fields += [
      ("overhead.db.hashtable.lut", .count(memory.tables)),
      // A table never rehashes as a whole.
      ("overhead.db.hashtable.rehashing", .count(0)), ("db.dict.rehashing.count", .count(0)),
      ("overhead.total", .count(memory.overhead)), ("keys.count", .count(keyCount)),
      (
        "keys.bytes-per-key",
        .count(keyCount > 0 ? max(0, memory.allocated - memory.startup) / keyCount : 0)
      ),
      ("dataset.bytes", .count(memory.dataset)),
      ("dataset.percentage", .share(memory.datasetPercentage)),
      ("peak.percentage", .share(HumanText.ratio(memory.allocated, memory.peak) * 100)),
      ("allocator.allocated", .count(memory.allocated)),
      ("allocator.active", .count(memory.active)), ("allocator.resident", .count(memory.resident)),
      // Pages are given back at once (`muzzy_decay_ms`).
      ("allocator.muzzy", .count(0)),
    ]
    for (name, value, whole) in [
      ("allocator-fragmentation", memory.active, memory.allocated),
      ("allocator-rss", memory.resident, memory.active),
      ("rss-overhead", memory.residentSet, memory.resident),
    ] {
      fields.append(("\(name).ratio", .share(HumanText.ratio(value, whole))))
      fields.append(("\(name).bytes", .count(value - whole)))
    }
    fields.append(("fragmentation", .share(HumanText.ratio(memory.residentSet, memory.allocated))))
    fields.append(("fragmentation.bytes", .count(memory.residentSet - memory.allocated)))
    reply.map(fields.count)
    for (name, figure) in fields {
      reply.bulk(name)
      write(figure, to: &reply)
    }
  }

  /// One value of MEMORY STATS.
  private enum Figure {
    case count(Int)
    case share(Double)
    /// Of a database.
    case tables(main: Int)
  }

  private static func write(_ figure: Figure, to reply: inout ReplyWriter) {
    switch figure {
    case .count(let count): reply.integer(count)
    case .share(let share): reply.double(share)
    case .tables(let main):
      reply.map(2)
      reply.bulk("overhead.hashtable.main")
      reply.integer(main)
      reply.bulk("overhead.hashtable.expires")
      reply.integer(0)
    }
  }

  static let memoryDoctorCommand = Command(
    "doctor", "Says whether anything about the memory looks wrong.", since: "4.0.0",
    group: .server, complexity: "O(1)", arity: .exactly(2), tips: gatheringTips,
    execution: .service)

  /// `MEMORY DOCTOR`: a text for people, by Redis' thresholds.
  static let memoryDoctor: Body = { worker, connection, _, keyspace, reply in
    let server = worker.server
    let figures = AllocatorFigures(server.memory)
    worker.everywhere(connection, &keyspace, &reply) { worker, keyspace in
      ShardReport(worker, keyspace, isDetailed: false)
    } then: { reports, reply in
      let memory = MemoryReport(server, figures, reports)
      reply.verbatim(Array(diagnosis(memory, reports, server.configuration).utf8))
    }
  }

  private static func diagnosis(
    _ memory: MemoryReport, _ reports: [ShardReport], _ configuration: Configuration
  ) -> String {
    guard memory.allocated >= 5 << 20 else {
      return "The server uses too little memory for a diagnosis: less than 5 MB.\n"
    }
    var findings: [String] = []
    if Double(memory.peak) > Double(memory.allocated) * 1.5 {
      findings.append(
        "Peak: the server once used more than 150 % of what it uses now, so much of its resident memory may be free. MEMORY PURGE gives it back.")
    }
    if Double(memory.active) > Double(memory.allocated) * 1.1, memory.active - memory.allocated > 10 << 20 {
      findings.append(fragmentation(memory, reports, configuration))
    }
    if Double(memory.residentSet) > Double(memory.resident) * 1.1,
      memory.residentSet - memory.resident > 10 << 20
    {
      findings.append("Process overhead: more than 10 % of the resident memory is not the allocator's.")
    }
    let connections = reports.reduce(0) { $0 + $1.connectionCount }
    if connections > 0, memory.clients / connections > 200 << 10 {
      findings.append("Clients: their buffers take more than 200 KB each on average.")
    }
    guard !findings.isEmpty else { return "Nothing about the memory looks wrong.\n" }
    return findings.map { "* \($0)\n" }.joined()
  }

  /// Holes between values, and what is done about them.
  private static func fragmentation(
    _ memory: MemoryReport, _ reports: [ShardReport], _ configuration: Configuration
  ) -> String {
    let waste = memory.active - memory.allocated
    let percentage = HumanText.fixed(HumanText.ratio(waste, memory.allocated) * 100, 0)
    let finding =
      "Fragmentation: of the allocator's active memory, \(HumanText.bytes(waste)) (\(percentage) % of what is in use) is holes between values."
    if !configuration[.activedefrag] {
      return finding + " CONFIG SET activedefrag yes has values moved, so that pages become free."
    }
    if reports.contains(where: { $0.defragmentation.effort > 0 }) {
      return finding + " Values are being moved, so that pages become free."
    }
    if waste < configuration[.activeDefragIgnoreBytes] {
      return finding + " It is less than active-defrag-ignore-bytes, so nothing is done about it."
    }
    return finding
      + " The last sweep found next to nothing to move: the holes are between buffers, scripts or values that are in use all the time."
  }
}
