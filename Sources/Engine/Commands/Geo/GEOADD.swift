import Glibc
import RESP

extension Command {
  /// `GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]`
  ///
  /// Replies as ZADD.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/geoadd/>
  package static let geoadd = Command(
    "geoadd", "Adds members with their places, or moves them.", since: "3.2.0", group: .geo,
    complexity: "O(log(N)) a member, with N members in the sorted set.", arity: .atLeast(5),
    keys: [.at(1, [.readWrite, .update])], flags: [.write, .denyOOM],
    arguments: [
      .key(),
      .oneOf(
        "condition", [.optional], since: "6.2.0", [.token("nx", "NX"), .token("xx", "XX")]),
      .token("change", "CH", [.optional], since: "6.2.0"),
      .block(
        "data", [.multiple],
        [
          Argument("longitude", .double), Argument("latitude", .double),
          Argument("member", .string),
        ]),
    ],
    history: [("6.2.0", "The options `CH`, `NX` and `XX`.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let options = try AddOptions(arguments, isGeo: true)
      var places: [Double] = []
      var index = options.firstPair
      while index < arguments.count {
        let place = try GeoHash.Place(arguments[index], arguments[index + 1])
        places.append(Double(GeoHash(place).bits))
        index += 3
      }
      let key = arguments[1]
      var found = try keyspace.collection(SortedSetValue.self, key, for: .write)
      if found == nil, options.onlyExisting { return reply.integer(0) }
      if found == nil { found = keyspace.create(SortedSetValue.self, key) }
      guard let value = found else { return }
      let limits = keyspace.options.sortedSetListpackLimits
      value.prepare(forCount: places.count, limits, seed: keyspace.seed)
      var counts = (added: 0, updated: 0)
      for (index, score) in places.enumerated() {
        let member = arguments[options.firstPair + index * 3 + 2]
        switch value.update(member, limits, seed: keyspace.seed, { options.decide($0, score) }) {
        case .added: counts.added += 1
        case .updated: counts.updated += 1
        case .none: break
        }
      }
      if counts.added + counts.updated > 0 { keyspace.changed(key) }
      reply.integer(counts.added + (options.countsChanges ? counts.updated : 0))
    })

  /// `GEOPOS key [member [member ...]]`: longitude and latitude of each member, null arrays for what is none.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/geopos/>
  package static let geopos = Command(
    "geopos", "Returns the places of members.", since: "3.2.0", group: .geo,
    complexity: "O(1) a member.", arity: .atLeast(2), keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly], arguments: [.key(), Argument("member", .string, [.optional, .multiple])],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      reply.array(arguments.count - 2)
      for index in 2..<arguments.count {
        guard let place = value?.place(of: arguments[index]) else {
          reply.nullArray()
          continue
        }
        reply.array(2)
        reply.coordinate(place.longitude)
        reply.coordinate(place.latitude)
      }
    })

  /// `GEOHASH key [member [member ...]]`: the standard's text for the place of each member.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/geohash/>
  package static let geohash = Command(
    "geohash", "Returns the places of members as geohash texts.", since: "3.2.0", group: .geo,
    complexity: "O(1) a member.", arity: .atLeast(2), keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly], arguments: [.key(), Argument("member", .string, [.optional, .multiple])],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      reply.array(arguments.count - 2)
      for index in 2..<arguments.count {
        if let score = value?.score(of: arguments[index]), let hash = GeoHash(score: score) {
          reply.bulk(hash.text)
        } else {
          reply.null()
        }
      }
    })

  /// `GEODIST key member1 member2 [M | KM | FT | MI]`: how far members are apart, a null where one is missing.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/geodist/>
  package static let geodist = Command(
    "geodist", "Returns the distance between two members.", since: "3.2.0", group: .geo,
    complexity: "O(1)", arity: .atLeast(4), keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly],
    arguments: [
      .key(), Argument("member1", .string), Argument("member2", .string),
      .oneOf(
        "unit", [.optional],
        [.token("m", "m"), .token("km", "km"), .token("ft", "ft"), .token("mi", "mi")]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      var metres = 1.0
      if arguments.count == 5 { metres = try arguments[4].metresPerUnit() }
      if arguments.count > 5 { throw .syntax }
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      guard let first = value?.place(of: arguments[2]), let second = value?.place(of: arguments[3])
      else { return reply.null() }
      reply.bulk(Double.decimal(first.distance(to: second) / metres, places: 4))
    })
}

extension GeoHash {
  /// - Returns: nil for a score that no place has.
  init?(score: Double) {
    guard score >= 0, score < Double(1 << 52) else { return nil }
    self.init(bits: UInt64(score))
  }
}

extension GeoHash.Place {
  /// - Throws: `.notAFloat`; an error for what is not on the map.
  init(_ longitude: ByteView, _ latitude: ByteView) throws(CommandError) {
    guard let x = DecimalText.double(longitude), let y = DecimalText.double(latitude) else {
      throw .notAFloat
    }
    guard GeoHash.longitudes.contains(x), GeoHash.latitudes.contains(y) else {
      throw CommandError(
        composed: "ERR invalid longitude,latitude pair "
          + "\(Double.text(x, places: 6)),\(Double.text(y, places: 6))")
    }
    self.init(longitude: x, latitude: y)
  }
}

extension ByteView {
  /// - Throws: an error for other words than `m`, `km`, `ft` and `mi`.
  func metresPerUnit() throws(CommandError) -> Double {
    if matches("m") { return 1 }
    if matches("km") { return 1000 }
    if matches("ft") { return 0.3048 }
    if matches("mi") { return 1609.34 }
    throw CommandError("ERR unsupported unit provided. please use M, KM, FT, MI")
  }
}

extension SortedSetValue {
  /// Where a member is; nil if it is none.
  func place(of member: ByteView) -> GeoHash.Place? {
    score(of: member).flatMap { GeoHash(score: $0)?.place }
  }
}

extension Double {
  /// In decimal, with exactly so many digits behind the point.
  static func text(_ value: Double, places: Int32) -> String {
    String(decoding: decimal(value, places: places), as: UTF8.self)
  }

  static func decimal(_ value: Double, places: Int32) -> [UInt8] {
    var buffer = [CChar](repeating: 0, count: 400)
    let count = unsafe withVaList([places, value]) { list in
      unsafe vsnprintf(&buffer, buffer.count, "%.*f", list)
    }
    return buffer[0..<Int(count)].map { UInt8(bitPattern: $0) }
  }
}

extension ReplyWriter {
  /// Degrees with up to 17 digits behind the point.
  mutating func coordinate(_ value: Double) {
    var digits = Double.decimal(value, places: 17)
    while digits.last == 0x30 { digits.removeLast() }
    if digits.last == 0x2E { digits.removeLast() }
    guard isRESP3 else { return bulk(digits) }
    ByteView.with([0x2C] + digits + [0x0D, 0x0A]) { raw($0) }
  }
}
