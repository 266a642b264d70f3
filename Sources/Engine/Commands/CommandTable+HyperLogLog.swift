extension CommandTable {
  package static let hyperLogLog: [Command] = [.pfadd, .pfcount, .pfdebug, .pfmerge, .pfselftest]
}
