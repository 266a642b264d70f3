extension CommandTable {
  package static let generic: [Command] = [
    .copy, .dbsize, .del, .dump, .exists, .expire, .expireat, .expiretime, .flushall, .flushdb,
    .move, .object, .persist, .pexpire, .pexpireat, .pexpiretime, .pttl,
    .rename, .renamenx, .restore, .sort, .sortRO, .swapdb, .touch, .ttl, .type, .unlink,
  ]
}
