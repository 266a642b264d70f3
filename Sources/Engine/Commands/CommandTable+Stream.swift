extension CommandTable {
  package static let stream: [Command] = [
    .xack, .xackdel, .xadd, .xautoclaim, .xclaim, .xdel, .xdelex, .xgroup, .xinfo, .xlen,
    .xpending, .xrange, .xread, .xreadgroup, .xrevrange, .xsetid, .xtrim,
  ]
}
