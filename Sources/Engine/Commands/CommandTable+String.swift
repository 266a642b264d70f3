extension CommandTable {
  package static let string: [Command] = [
    .append, .decr, .decrby, .delex, .delifeq, .digest, .get, .getdel, .getex, .getrange, .getset,
    .incr, .incrby, .incrbyfloat, .lcs, .mget, .mset, .msetex, .msetnx, .psetex, .set, .setex,
    .setnx,
    .setrange, .strlen, .substr,
  ]
}
