import Benchmark

/// Each benchmark leaves its values as they were, so that every run finds the same.
let benchmarks: @Sendable () -> Void = {
  table()
  smallValues()
  largeValues()
}

/// The same numbers in every run, in no order.
private func shuffled(_ count: Int, below limit: Int) -> [Int] {
  (0..<count).map { $0 * 7919 % limit }
}

private let value = String(repeating: "v", count: 64)

/// The table of keys: more of them than fit into the processor's caches.
private func table() {
  let count = 1_000_000
  let session = Session((0..<count).map { ["SET", "key:\($0)", value] })
  let some = shuffled(10_000, below: count)
  session.measure("Table, GET of a million keys", some.map { ["GET", "key:\($0)"] })
  session.measure("Table, SET of a million keys", some.map { ["SET", "key:\($0)", value] })
  session.measure("Table, GET of missing keys", some.map { ["GET", "none:\($0)"] })
  session.measure(
    "Table, SET and DEL of new keys", some.map { ["SET", "new:\($0)", value] } + some.map { ["DEL", "new:\($0)"] })
}

/// Encodings of few elements.
private func smallValues() {
  let few = Array(0..<100)
  let session = Session(
    [
      ["HSET", "hash"] + few.flatMap { ["field:\($0)", "value"] },
      ["SADD", "ids"] + (0..<500).map { "\($0 * 3)" },
      ["SADD", "names"] + few.map { "member:\($0)" },
      ["ZADD", "scores"] + few.flatMap { ["\($0)", "member:\($0)"] },
      ["RPUSH", "list"] + few.map { "element:\($0)" },
    ])
  let some = shuffled(1000, below: 100)
  session.measure("Hash, listpack, HGET", encoding: "listpack", some.map { ["HGET", "hash", "field:\($0)"] })
  session.measure(
    "Hash, listpack, HSET", encoding: "listpack", some.map { ["HSET", "hash", "field:\($0)", "value"] })
  session.measure(
    "Set, intset, SISMEMBER", encoding: "intset", shuffled(1000, below: 1500).map { ["SISMEMBER", "ids", "\($0)"] })
  session.measure(
    "Set, intset, SADD and SREM", encoding: "intset",
    (0..<10).flatMap { [["SADD", "ids", "\($0 * 150 + 1)"], ["SREM", "ids", "\($0 * 150 + 1)"]] })
  session.measure(
    "Set, listpack, SISMEMBER", encoding: "listpack", some.map { ["SISMEMBER", "names", "member:\($0)"] })
  session.measure(
    "Sorted set, listpack, ZSCORE", encoding: "listpack", some.map { ["ZSCORE", "scores", "member:\($0)"] })
  session.measure(
    "Sorted set, listpack, ZADD", encoding: "listpack", some.map { ["ZADD", "scores", "\($0)", "member:\($0)"] })
  session.measure("List, listpack, LINDEX", encoding: "listpack", some.map { ["LINDEX", "list", "\($0)"] })
}

/// Encodings of many elements.
private func largeValues() {
  let count = 100_000
  let session = Session(
    (0..<count).flatMap { number in
      [
        ["HSET", "hash", "field:\(number)", "value"], ["SADD", "set", "member:\(number)"],
        ["ZADD", "scores", "\(number * 7919 % count)", "member:\(number)"], ["RPUSH", "list", "element:\(number)"],
        ["XADD", "stream", "\(number + 1)-0", "field", "value"],
      ]
    } + [["PFADD", "log"] + (0..<count).map { "\($0)" }])
  let some = shuffled(1000, below: count)
  session.measure("Hash, table, HGET", encoding: "hashtable", some.map { ["HGET", "hash", "field:\($0)"] })
  session.measure(
    "Hash, table, HSET", encoding: "hashtable", some.map { ["HSET", "hash", "field:\($0)", "value"] })
  session.measure(
    "Set, table, SISMEMBER", encoding: "hashtable", some.map { ["SISMEMBER", "set", "member:\($0)"] })
  session.measure("Sorted set, B+ tree, ZRANK", encoding: "skiplist", some.map { ["ZRANK", "scores", "member:\($0)"] })
  session.measure(
    "Sorted set, B+ tree, ZINCRBY there and back", encoding: "skiplist",
    some.flatMap { [["ZINCRBY", "scores", "500", "member:\($0)"], ["ZINCRBY", "scores", "-500", "member:\($0)"]] })
  session.measure(
    "Sorted set, B+ tree, ZRANGE of 100", encoding: "skiplist",
    some.map { ["ZRANGE", "scores", "\($0 % 99_000)", "\($0 % 99_000 + 99)"] })
  session.measure(
    "List, quicklist, RPUSH and RPOP", encoding: "quicklist",
    Array(repeating: [["RPUSH", "list", "element"], ["RPOP", "list"]], count: 500).flatMap { $0 })
  session.measure("List, quicklist, LINDEX", encoding: "quicklist", some.map { ["LINDEX", "list", "\($0)"] })
  session.measure("List, quicklist, LRANGE of 100", encoding: "quicklist", some.map { ["LRANGE", "list", "\($0 % 99_000)", "\($0 % 99_000 + 99)"] })
  session.measure("Stream, XRANGE of 10", encoding: "stream", some.map { ["XRANGE", "stream", "\($0 + 1)-0", "+", "COUNT", "10"] })
  session.measure("HyperLogLog, dense, PFADD", some.map { ["PFADD", "log", "\($0)"] })
}
