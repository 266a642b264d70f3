import RESP

extension Command {
  /// `GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]`
  ///
  /// Replies with an Integer: how many members are new, with CH how many are new or have another place.
  ///
  /// - Throws: `.wrongType`; `.syntax`; `.notAFloat`; an error for places that are not on the map.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/geoadd/>
  package static let geoadd = Command(
    "geoadd", "Adds members with places to a sorted set, or gives them other places.",
    since: "3.2.0", group: .geo, complexity: "O(log(N)) for each member.", arity: .atLeast(5),
    keys: [.at(1, [.readWrite, .update])], flags: [.write, .denyOOM],
    arguments: [
      .key(),
      .oneOf("condition", .optional, since: "6.2.0", [.token("nx", "NX"), .token("xx", "XX")]),
      .token("change", "CH", .optional, since: "6.2.0"),
      .block(
        "data", .multiple,
        [
          Argument("longitude", .double), Argument("latitude", .double),
          Argument("member", .string),
        ]),
    ],
    history: [("6.2.0", "The options `CH`, `NX` and `XX`.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      var (onlyNew, onlyExisting, countsChanges) = (false, false, false)
      var first = 2
      while first < arguments.count {
        if arguments[first].matches("nx") {
          onlyNew = true
        } else if arguments[first].matches("xx") {
          onlyExisting = true
        } else if arguments[first].matches("ch") {
          countsChanges = true
        } else {
          break
        }
        first += 1
      }
      guard (arguments.count - first) % 3 == 0, !(onlyNew && onlyExisting) else { throw .syntax }
      var scores: [Double] = []
      for index in stride(from: first, to: arguments.count, by: 3) {
        let point = try GeoPoint(arguments[index], arguments[index + 1])
        scores.append(Double(Geohash(point).bits))
      }
      guard !scores.isEmpty else { throw .syntax }
      let value =
        try onlyExisting
        ? keyspace.collection(SortedSetValue.self, arguments[1], for: .write)
        : keyspace.collectionForAdding(SortedSetValue.self, arguments[1])
      guard let value else { return reply.integer(0) }
      let settings = SortedSetValue.Settings(keyspace)
      if value.count == 0 { value.prepare(forCount: scores.count, settings) }
      var (added, updated) = (0, 0)
      for (index, score) in scores.enumerated() {
        let member = arguments[first + index * 3 + 2]
        let change = value.update(member, settings) { old in
          old == nil ? (onlyExisting ? nil : score) : (onlyNew ? nil : score)
        }
        if change == .added { added += 1 }
        if change == .updated { updated += 1 }
      }
      if added + updated > 0 {
        keyspace.changed(arguments[1])
        keyspace.notify(.sortedSet, "zadd", arguments[1])
      }
      reply.integer(countsChanges ? added + updated : added)
    })
}

extension GeoPoint {
  /// - Throws: `.notAFloat`; an error for a place that is not on the map.
  init(_ longitude: ByteView, _ latitude: ByteView) throws(CommandError) {
    self.init(longitude: try longitude.score(), latitude: try latitude.score())
    guard isValid else {
      let pair = DecimalText.fixed(self.longitude, 6) + [0x2C] + DecimalText.fixed(self.latitude, 6)
      throw CommandError(composed: Array("ERR invalid longitude,latitude pair ".utf8) + pair)
    }
  }
}
