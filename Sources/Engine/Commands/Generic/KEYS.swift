import RESP

extension Command {
  /// `KEYS pattern`
  ///
  /// Replies with an array: the names of all keys that match, in no order.
  ///
  /// The body walks the whole shard in one turn. Whoever must not hold a thread that long calls
  /// `Keyspace.scan` itself, slice by slice.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/keys/>
  package static let keys = Command(
    "keys", "Returns the names of all keys that match a pattern.", since: "1.0.0",
    group: .generic,
    complexity: "O(N) in the keys of the database, names and pattern being of limited length.",
    arity: .exactly(2), flags: [.readOnly], categories: [.keyspace, .dangerous],
    tips: ["request_policy:all_shards", "nondeterministic_output_order"],
    arguments: [Argument("pattern", .pattern)],
    execution: .everyShard(
      { keyspace, arguments, reply in
        let filter = Keyspace.ScanFilter(pattern: arguments[1].bytes)
        var position: UInt64? = 0
        reply.deferredArray { reply in
          var matches = 0
          while let current = position {
            position = keyspace.scan(from: current, count: 1024, filter: filter) { key in
              reply.bulk(key)
              matches += 1
            }
          }
          return matches
        }
      }, join: .concatenation))
}
