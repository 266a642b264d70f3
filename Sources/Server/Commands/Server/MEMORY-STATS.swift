import Engine
import RESP

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
    let integers: [(String, Int)] = [
      ("peak.allocated", memory.peak), ("total.allocated", memory.allocated),
      ("startup.allocated", memory.startup), ("replication.backlog", 0), ("clients.slaves", 0),
      ("clients.normal", memory.clients), ("cluster.links", 0), ("aof.buffer", 0),
      ("lua.caches", 0), ("functions.caches", 0),
      ("overhead.total", memory.overhead), ("keys.count", keyCount),
      (
        "keys.bytes-per-key",
        keyCount > 0 ? max(0, memory.allocated - memory.startup) / keyCount : 0
      ),
      ("dataset.bytes", memory.dataset), ("allocator.allocated", memory.allocated),
      ("allocator.active", memory.active), ("allocator.resident", memory.resident),
      ("allocator-fragmentation.bytes", memory.active - memory.allocated),
      ("allocator-rss.bytes", memory.resident - memory.active),
      ("rss-overhead.bytes", memory.residentSet - memory.resident),
      ("fragmentation.bytes", memory.residentSet - memory.allocated),
    ]
    let doubles: [(String, Double)] = [
      ("dataset.percentage", memory.datasetPercentage),
      ("peak.percentage", HumanText.ratio(memory.allocated, memory.peak) * 100),
      ("allocator-fragmentation.ratio", HumanText.ratio(memory.active, memory.allocated)),
      ("allocator-rss.ratio", HumanText.ratio(memory.resident, memory.active)),
      ("rss-overhead.ratio", HumanText.ratio(memory.residentSet, memory.resident)),
      ("fragmentation", HumanText.ratio(memory.residentSet, memory.allocated)),
    ]
    reply.map(integers.count + doubles.count + databases.count)
    for (name, value) in integers {
      reply.bulk(name)
      reply.integer(value)
    }
    for database in databases {
      reply.bulk("db.\(database.index)")
      reply.map(2)
      reply.bulk("overhead.hashtable.main")
      reply.integer(database.bytes)
      // Expiry times lie in the entries themselves.
      reply.bulk("overhead.hashtable.expires")
      reply.integer(0)
    }
    for (name, value) in doubles {
      reply.bulk(name)
      reply.double(value)
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
      reply.verbatim(Array(diagnosis(MemoryReport(server, figures, reports), reports).utf8))
    }
  }

  private static func diagnosis(_ memory: MemoryReport, _ reports: [ShardReport]) -> String {
    guard memory.allocated >= 5 << 20 else {
      return "The server uses too little memory for a diagnosis: less than 5 MB.\n"
    }
    var findings: [String] = []
    if Double(memory.peak) > Double(memory.allocated) * 1.5 {
      findings.append(
        "Peak: the server once used more than 150 % of what it uses now, so much of its resident memory may be free. MEMORY PURGE gives it back.")
    }
    if Double(memory.active) > Double(memory.allocated) * 1.1, memory.active - memory.allocated > 10 << 20 {
      findings.append(
        "Fragmentation: more than 10 % of the allocator's active memory is holes between values.")
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
}
