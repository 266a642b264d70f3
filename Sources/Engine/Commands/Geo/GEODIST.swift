import RESP

extension Command {
  /// `GEODIST key member1 member2 [M | KM | FT | MI]`
  ///
  /// Replies with a Bulk string: the distance with 4 decimals; null if one of the members is none.
  ///
  /// - Throws: `.wrongType`; `.syntax`; `.unsupportedUnit`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/geodist/>
  package static let geodist = Command(
    "geodist", "Returns the distance between two members of a geospatial index.", since: "3.2.0",
    group: .geo, complexity: "O(1)", arity: .atLeast(4), keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly],
    arguments: [.key(), Argument("member1", .string), Argument("member2", .string), geoUnit(.optional)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard arguments.count <= 5 else { throw .syntax }
      let unit = arguments.count == 5 ? try GeoUnit(arguments[4]) : .metres
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      guard let first = value?.score(of: arguments[2]), let second = value?.score(of: arguments[3])
      else { return reply.null() }
      let metres = Geohash(score: first).centre.distance(to: Geohash(score: second).centre)
      reply.bulk(DecimalText.fixed(metres / unit.metres, 4))
    })

  /// `GEOHASH key [member [member ...]]`
  ///
  /// Replies with an Array of Bulk strings of 11 letters, null for what is no member.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/geohash/>
  package static let geohash = Command(
    "geohash", "Returns the places of members of a geospatial index as geohash strings.",
    since: "3.2.0", group: .geo, complexity: "O(1) for each member.", arity: .atLeast(2),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly],
    arguments: [.key(), Argument("member", .string, [.optional, .multiple])],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      reply.array(arguments.count - 2)
      for index in 2..<arguments.count {
        if let score = value?.score(of: arguments[index]) {
          reply.bulk(Geohash(score: score).text)
        } else {
          reply.null()
        }
      }
    })

  /// `GEOPOS key [member [member ...]]`
  ///
  /// Replies with an Array of pairs of longitude and latitude, null for what is no member.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/geopos/>
  package static let geopos = Command(
    "geopos", "Returns the places of members of a geospatial index.", since: "3.2.0", group: .geo,
    complexity: "O(1) for each member.", arity: .atLeast(2),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly],
    arguments: [.key(), Argument("member", .string, [.optional, .multiple])],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      reply.array(arguments.count - 2)
      for index in 2..<arguments.count {
        if let score = value?.score(of: arguments[index]) {
          reply.point(Geohash(score: score).centre)
        } else {
          reply.nullArray()
        }
      }
    })

  static func geoUnit(_ traits: Argument.Traits = []) -> Argument {
    .oneOf(
      "unit", traits,
      [.token("m", "m"), .token("km", "km"), .token("ft", "ft"), .token("mi", "mi")])
  }
}

enum GeoUnit {
  case metres, kilometres, feet, miles

  /// - Throws: `.unsupportedUnit`.
  init(_ word: ByteView) throws(CommandError) {
    if word.matches("m") {
      self = .metres
    } else if word.matches("km") {
      self = .kilometres
    } else if word.matches("ft") {
      self = .feet
    } else if word.matches("mi") {
      self = .miles
    } else {
      throw CommandError("ERR unsupported unit provided. please use M, KM, FT, MI")
    }
  }

  /// How many one of them is.
  var metres: Double {
    switch self {
    case .metres: 1
    case .kilometres: 1000
    case .feet: 0.3048
    case .miles: 1609.34
    }
  }
}

extension ReplyWriter {
  /// Longitude and latitude, each with 17 decimals but for zeros at the end.
  mutating func point(_ point: GeoPoint) {
    array(2)
    for degrees in [point.longitude, point.latitude] {
      var text = DecimalText.fixed(degrees, 17)
      while text.last == 0x30 { text.removeLast() }
      if text.last == 0x2E { text.removeLast() }
      if isRESP3 {
        raw(",")
        ByteView.with(text) { raw($0) }
        raw("\r\n")
      } else {
        bulk(text)
      }
    }
  }
}
