import Engine
import RESP

extension ServiceCommand {
  /// `RANDOMKEY`: a shard is drawn by how many keys it holds, then one of its keys, so that every key has
  /// the same chance.
  static let randomkey = ServiceCommand(.randomkey) {
    worker, connection, arguments, keyspace, reply throws(CommandError) in
    if worker.server.shardCount == 1 {
      guard let key = keyspace.randomKey() else { return reply.null() }
      return reply.bulk(key)
    }
    let workers = worker.server.workers
    let database = connection.database
    worker.suspend(connection) { reply throws(CommandError) in
      var counts: [Int] = []
      for owner in workers {
        counts.append(
          await owner.performWithKeyspace { _, keyspace in
            keyspace.keyCount(inDatabase: database)
          })
      }
      // Keys may expire between the count and the draw: then another shard is tried.
      while counts.contains(where: { $0 > 0 }) {
        var draw = Int.random(in: 0..<counts.reduce(0, +))
        var chosen = 0
        while draw >= counts[chosen] {
          draw -= counts[chosen]
          chosen += 1
        }
        let key = await workers[chosen].performWithKeyspace { _, keyspace in
          keyspace.withDatabase(database) { $0.randomKey()?.bytes }
        }
        if let key { return reply.bulk(key) }
        counts[chosen] = 0
      }
      reply.null()
    }
  }
}
