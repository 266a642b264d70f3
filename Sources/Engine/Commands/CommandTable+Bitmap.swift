extension CommandTable {
  package static let bitmap: [Command] = [
    .bitcount, .bitfield, .bitfieldReadOnly, .bitop, .bitpos, .getbit, .setbit,
  ]
}
