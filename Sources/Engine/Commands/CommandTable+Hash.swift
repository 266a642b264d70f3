extension CommandTable {
  package static let hash: [Command] = [
    .hdel, .hexists, .hexpire, .hexpireat, .hexpiretime, .hget, .hgetall, .hgetdel, .hgetex,
    .hincrby, .hincrbyfloat, .hkeys, .hlen, .hmget, .hmset, .hpersist, .hpexpire, .hpexpireat,
    .hpexpiretime, .hpttl, .hrandfield, .hscan, .hset, .hsetex, .hsetnx, .hstrlen, .httl, .hvals,
  ]
}
