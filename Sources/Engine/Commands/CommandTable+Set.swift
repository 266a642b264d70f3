extension CommandTable {
  package static let set: [Command] = [
    .sadd, .scard, .sdiff, .sdiffstore, .sinter, .sintercard, .sinterstore, .sismember, .smembers,
    .smismember, .smove, .spop, .srandmember, .srem, .sscan, .sunion, .sunionstore,
  ]
}
