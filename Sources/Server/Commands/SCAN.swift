import Engine
import RESP

extension ServiceCommand {
  /// `SCAN`: shards are walked one after the other; each call runs on the shard that its cursor names.
  static let scan = ServiceCommand(.scan) {
    worker, connection, arguments, keyspace, reply throws(CommandError) in
    let cursor = try ScanCursor(arguments[1])
    let options = try ScanOptions(arguments)
    let shardCount = worker.server.shardCount
    guard cursor.shard < shardCount else {
      reply.array(2)
      reply.bulk(0)
      return reply.array(0)
    }
    if cursor.shard == worker.index {
      return ScanSlice(cursor, options, &keyspace).write(to: &reply, shardCount: shardCount)
    }
    let owner = worker.server.workers[cursor.shard]
    let database = connection.database
    worker.suspend(connection) { reply throws(CommandError) in
      let slice = await owner.performWithKeyspace { worker, keyspace in
        keyspace.select(database)
        return ScanSlice(cursor, options, &keyspace)
      }
      slice.write(to: &reply, shardCount: shardCount)
    }
  }
}

/// What one call of SCAN found.
private struct ScanSlice: Sendable {
  private let cursor: ScanCursor
  private let next: UInt64?
  private var keys: [[UInt8]] = []

  init(_ cursor: ScanCursor, _ options: ScanOptions, _ keyspace: inout Keyspace) {
    self.cursor = cursor
    var keys: [[UInt8]] = []
    next = keyspace.scan(from: cursor.position, count: options.count, filter: options.filter) {
      keys.append($0.bytes)
    }
    self.keys = keys
  }

  func write(to reply: inout ReplyWriter, shardCount: Int) {
    reply.array(2)
    let following = cursor.advanced(to: next, shardCount: shardCount)
    reply.bulk(Array(String(following?.rawValue ?? 0).utf8))
    reply.array(keys.count)
    for key in keys { reply.bulk(key) }
  }
}
