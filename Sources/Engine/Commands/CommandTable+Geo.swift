extension CommandTable {
  package static let geo: [Command] = [
    .geoadd, .geodist, .geohash, .geopos, .georadius, .georadiusRO, .georadiusbymember,
    .georadiusbymemberRO, .geosearch, .geosearchstore,
  ]
}
