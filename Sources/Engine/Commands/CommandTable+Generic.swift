extension CommandTable {
  package static let generic: [Command] = [
    .copy, .dbsize, .del, .dump, .exists, .expire, .expireat, .expiretime, .flushall, .flushdb,
    .keys, .move, .object, .persist, .pexpire, .pexpireat, .pexpiretime, .pttl, .randomkey,
    .rename, .renamenx, .restore, .scan, .sort, .sortRO, .swapdb, .touch, .ttl, .type, .unlink,
    .wait,
  ]
}
