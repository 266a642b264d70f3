import Engine
import RESP

/// DEBUG about keys and their tables.
extension DebugCall {
  static let digest: Body = { call, keyspace, reply in
    call.worker.everywhere(call.connection, &keyspace, &reply) { _, keyspace in
      keyspace.databaseDigests()
    } then: { parts, reply in
      var databases = parts[0]
      for part in parts.dropFirst() {
        for index in databases.indices { databases[index] = databases[index] + part[index] }
      }
      let digest = ContentDigest(ofDatabases: databases)
      ByteView.with(Array("+\(digest.hex)\r\n".utf8)) { reply.raw($0) }
    }
  }

  static let digestValue: Body = { call, keyspace, reply in
    let keys = (2..<call.arguments.count).map { call.arguments[$0].bytes }
    let database = call.connection.database
    call.worker.everywhere(call.connection, &keyspace, &reply) { worker, keyspace in
      keyspace.select(database)
      return keys.map { key in
        ByteView.with(key) { key in
          worker.server.shard(of: key) == worker.index ? keyspace.digest(key) : nil
        }
      }
    } then: { parts, reply in
      reply.array(keys.count)
      for index in keys.indices {
        let digest = parts.lazy.compactMap { $0[index] }.first ?? ContentDigest()
        ByteView.with(Array("+\(digest.hex)\r\n".utf8)) { reply.raw($0) }
      }
    }
  }

  static let object: Body = { call, keyspace, reply throws(CommandError) in
    try call.worker.onShard(of: call.arguments[2], call.connection, &keyspace, &reply) {
      _, key, keyspace, reply throws(CommandError) in
      guard let facts = keyspace.debugObject(key) else { throw .noSuchKey }
      let text =
        "+Value at:0x\(String(facts.address, radix: 16)) refcount:1 encoding:\(facts.encoding) "
        + "serializedlength:\(facts.serializedLength) lru:\(facts.clock) "
        + "lru_seconds_idle:\(facts.idleSeconds)\r\n"
      ByteView.with(Array(text.utf8)) { reply.raw($0) }
    }
  }

  static let tableStatisticsOfKey: Body = { call, keyspace, reply throws(CommandError) in
    try call.worker.onShard(of: call.arguments[2], call.connection, &keyspace, &reply) {
      _, key, keyspace, _ throws(CommandError) in
      guard keyspace.debugObject(key) != nil else { throw .noSuchKey }
      throw CommandError(
        "ERR The value stored at the specified key is not represented using an hash table")
    }
  }

  static let tableStatistics: Body = { call, keyspace, reply throws(CommandError) in
    guard let database = DecimalText.integer(call.arguments[2]) else { throw .notAnInteger }
    guard database >= 0, database < keyspace.databaseCount else {
      throw CommandError("ERR Out of range database")
    }
    call.worker.everywhere(call.connection, &keyspace, &reply) { worker, keyspace in
      keyspace.select(database)
      let table = keyspace.tableSummary
      let expiring = keyspace.expiringKeyCount(inDatabase: database)
      return "[Shard \(worker.index)]\n number of elements: \(table.entries)\n"
        + " expiring elements: \(expiring)\n segments: \(table.segments)\n"
        + " directory depth: \(table.depth)\n table bytes: \(table.bytes)\n"
    } then: { parts, reply in
      reply.verbatim(Array(parts.joined().utf8))
    }
  }

  static let populate: Body = { call, keyspace, reply throws(CommandError) in
    let arguments = call.arguments
    guard let count = DecimalText.integer(arguments[2]) else { throw .notAnInteger }
    guard count >= 0 else { throw CommandError("ERR value is out of range, must be positive") }
    let prefix = arguments.count > 3 ? arguments[3].bytes : Array("key".utf8)
    var byteCount = 0
    if arguments.count > 4 {
      guard let value = DecimalText.integer(arguments[4]) else { throw .notAnInteger }
      guard value >= 0, value <= keyspace.options.stringBytesMax else {
        throw CommandError("ERR value is out of range, must be positive")
      }
      byteCount = value
    }
    let size = byteCount > 0 ? byteCount : nil
    let database = call.connection.database
    call.worker.everywhere(call.connection, &keyspace, &reply) { worker, keyspace in
      keyspace.select(database)
      keyspace.populate(count: count, prefix: prefix, byteCount: size) {
        worker.server.shard(of: $0) == worker.index
      }
    } then: { _, reply in
      reply.ok()
    }
  }
}
