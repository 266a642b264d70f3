extension CommandTable {
  package static let geo: [Command] = [.geoadd, .geodist, .geohash, .geopos]
}
