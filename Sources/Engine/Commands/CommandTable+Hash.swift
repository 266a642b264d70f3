extension CommandTable {
  package static let hash: [Command] = [
    .hdel, .hexists, .hget, .hgetall, .hincrby, .hincrbyfloat, .hkeys, .hlen, .hmget, .hmset,
    .hrandfield, .hscan, .hset, .hsetnx, .hstrlen, .hvals,
  ]
}
