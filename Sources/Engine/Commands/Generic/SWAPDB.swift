import RESP

extension Command {
  /// `SWAPDB index1 index2`
  ///
  /// Replies OK: clients of either database now see the other's keys.
  ///
  /// - Throws: `.invalidFirstDatabase`; `.invalidSecondDatabase`; `.databaseOutOfRange`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/swapdb/>
  package static let swapdb = Command(
    "swapdb", "Exchanges the contents of two databases.", since: "4.0.0", group: .server,
    complexity: "O(N) in the clients that watch keys of either database or wait for them.",
    arity: .exactly(3), flags: [.write, .fast], categories: [.keyspace, .dangerous],
    arguments: [Argument("index1", .integer), Argument("index2", .integer)],
    execution: .everyShard(
      { keyspace, arguments, reply throws(CommandError) in
        // Both words are looked at before the range of either.
        for (index, error) in [(1, CommandError.invalidFirstDatabase), (2, .invalidSecondDatabase)]
        {
          let value = try arguments[index].integer(orThrow: error)
          if Int32(exactly: value) == nil { throw error }
        }
        keyspace.swapDatabases(
          try arguments[1].databaseIndex(in: keyspace), try arguments[2].databaseIndex(in: keyspace)
        )
        reply.ok()
      }, join: .first))
}
