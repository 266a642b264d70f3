import Engine
import RESP

/// How service commands reach all shards, or another one.
extension Worker {
  /// Runs `part` on every worker, then replies with `finish` of what they gave, in the order of the shards.
  ///
  /// With a single shard all of it happens within the turn.
  func everywhere<Part: Sendable>(
    _ connection: Connection, _ keyspace: inout Keyspace, _ reply: inout ReplyWriter,
    _ part: @escaping @Sendable (Worker, inout Keyspace) -> Part,
    then finish: @escaping @Sendable ([Part], inout ReplyWriter) -> Void
  ) {
    guard server.shardCount > 1 else { return finish([part(self, &keyspace)], &reply) }
    suspend(connection) { reply throws(CommandError) in
      var parts: [Part] = []
      for worker in self.server.workers {
        parts.append(
          await worker.performWithKeyspace { worker, keyspace in
            keyspace.now = WallClock.milliseconds
            return part(worker, &keyspace)
          })
      }
      finish(parts, &reply)
    }
  }

  /// Runs `body` on the shard that holds `key`, with the connection's database selected, and replies with what
  /// it writes.
  func onShard(
    of key: ByteView, _ connection: Connection, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter,
    _ body:
      @escaping @Sendable (Worker, ByteView, inout Keyspace, inout ReplyWriter) throws(CommandError)
      -> Void
  ) throws(CommandError) {
    let shard = server.shard(of: key)
    guard shard != index else { return try body(self, key, &keyspace, &reply) }
    let name = key.bytes
    let database = connection.database
    let version = connection.protocolVersion
    suspend(connection) { reply throws(CommandError) in
      let outcome = await self.server.workers[shard].performWithKeyspace {
        worker, keyspace -> Result<[UInt8], CommandError> in
        keyspace.now = WallClock.milliseconds
        keyspace.select(database)
        var answer = ReplyWriter(protocolVersion: version)
        do throws(CommandError) {
          try ByteView.with(name) { (key) throws(CommandError) in
            try body(worker, key, &keyspace, &answer)
          }
        } catch { return .failure(error) }
        return .success(answer.bytes.bytes)
      }
      ByteView.with(try outcome.get()) { reply.raw($0) }
    }
  }
}
