import RESP

extension Command {
  /// `GEOSEARCH key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius unit | BYBOX width height
  /// unit> [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]`
  ///
  /// Replies with an Array of members, or of Arrays of a member and what else was asked for.
  ///
  /// - Throws: `.wrongType`; `.syntax`; errors of `GeoRequest`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/geosearch/>
  package static let geosearch = Command(
    "geosearch", "Returns the members of a geospatial index in a circle or a box.", since: "6.2.0",
    group: .geo, complexity: geoComplexity, arity: .atLeast(7),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly],
    arguments: [.key()] + geoShapeArguments + geoReplyArguments,
    history: [("7.0.0", "Negative radii and sizes are errors.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      try keyspace.geoSearch(arguments, source: 1, words: 2, .search, &reply)
    })

  /// `GEOSEARCHSTORE destination source <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius unit |
  /// BYBOX width height unit> [ASC | DESC] [COUNT count [ANY]] [STOREDIST]`
  ///
  /// Replies with an Integer: how many members were stored. None deletes the destination.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/geosearchstore/>
  package static let geosearchstore = Command(
    "geosearchstore", "Stores the members of a geospatial index in a circle or a box.",
    since: "6.2.0", group: .geo, complexity: geoComplexity, arity: .atLeast(8),
    keys: [.at(1, [.overwrite, .update]), .at(2, [.readOnly, .access])], flags: [.write, .denyOOM],
    arguments: [.key("destination"), .key("source", spec: 1)] + geoShapeArguments
      + geoOrderArguments + [.token("storedist", "STOREDIST", .optional)],
    history: [("7.0.0", "Negative radii and sizes are errors.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      try keyspace.geoSearch(arguments, source: 2, words: 3, .searchStore, &reply)
    })

  /// `GEORADIUS key longitude latitude radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]]
  /// [ASC | DESC] [STORE key | STOREDIST key]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/georadius/>
  package static let georadius = geoRadius(
    "georadius", .radius, since: "3.2.0",
    deprecation: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument")

  /// `GEORADIUSBYMEMBER key member radius unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]
  /// [STORE key | STOREDIST key]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/georadiusbymember/>
  package static let georadiusbymember = geoRadius(
    "georadiusbymember", .radiusByMember, since: "3.2.0",
    deprecation: "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments")

  /// As GEORADIUS, without STORE.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/georadius_ro/>
  package static let georadiusRO = geoRadius(
    "georadius_ro", .radius, since: "3.2.10", readOnly: true,
    deprecation: "`GEOSEARCH` with the `BYRADIUS` argument")

  /// As GEORADIUSBYMEMBER, without STORE.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/georadiusbymember_ro/>
  package static let georadiusbymemberRO = geoRadius(
    "georadiusbymember_ro", .radiusByMember, since: "3.2.10", readOnly: true,
    deprecation: "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments")

  private static func geoRadius(
    _ name: StaticString, _ form: GeoRequest.Form, since: String, readOnly: Bool = false,
    deprecation: String
  ) -> Command {
    let firstOption = form == .radius ? 6 : 5
    func target(_ word: StaticString) -> KeySpec {
      KeySpec(
        begin: .keyword(word, startFrom: firstOption), find: .range(last: 0, step: 1, limit: 0),
        access: [.overwrite, .update])
    }
    let source = KeySpec.at(1, [.readOnly, .access])
    let centre: [Argument] =
      form == .radius
      ? [Argument("longitude", .double), Argument("latitude", .double)]
      : [Argument("member", .string)]
    let store: [Argument] = [
      .oneOf(
        "store", .optional,
        [
          Argument("storekey", .key, token: "STORE", keySpecIndex: 1),
          Argument("storedistkey", .key, token: "STOREDIST", keySpecIndex: 2),
        ])
    ]
    let findKeys: @Sendable (Arguments) -> [Int] = { arguments in
      [1] + (GeoRequest.storePosition(arguments, from: firstOption).map { [$0] } ?? [])
    }
    var words: [Argument] = [.key()] + centre + [Argument("radius", .double), geoUnit()]
    words += geoReplyArguments
    if !readOnly { words += store }
    return Command(
      name, "Returns the members of a geospatial index within a distance.", since: since,
      group: .geo, complexity: geoComplexity, arity: .atLeast(firstOption),
      keys: readOnly ? [source] : [source, target("STORE"), target("STOREDIST")],
      findKeys: readOnly ? nil : findKeys,
      flags: readOnly ? [.readOnly] : [.write, .denyOOM, .movableKeys],
      arguments: words,
      history: [("6.2.0", "The option `ANY`."), ("7.0.0", "A negative radius is an error.")],
      deprecation: ("6.2.0", deprecation),
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        try keyspace.geoSearch(
          arguments, source: 1, words: firstOption, readOnly ? form.readOnly : form, &reply)
      })
  }

  private static let geoComplexity =
    "O(N+log(M)) for N members near the centre and M members found."

  private static let geoShapeArguments: [Argument] = [
    .oneOf(
      "from", [],
      [
        Argument("member", .string, token: "FROMMEMBER"),
        .block(
          "fromlonlat", token: "FROMLONLAT", [],
          [Argument("longitude", .double), Argument("latitude", .double)]),
      ]),
    .oneOf(
      "by", [],
      [
        .block("circle", [], [Argument("radius", .double, token: "BYRADIUS"), geoUnit()]),
        .block(
          "box", [],
          [Argument("width", .double, token: "BYBOX"), Argument("height", .double), geoUnit()]),
      ]),
  ]

  private static let geoOrderArguments: [Argument] = [
    .oneOf("order", .optional, [.token("asc", "ASC"), .token("desc", "DESC")]),
    .block(
      "count-block", .optional,
      [Argument("count", .integer, token: "COUNT"), .token("any", "ANY", .optional)]),
  ]

  private static let geoReplyArguments: [Argument] =
    geoOrderArguments + [
      .token("withcoord", "WITHCOORD", .optional), .token("withdist", "WITHDIST", .optional),
      .token("withhash", "WITHHASH", .optional),
    ]
}

extension Keyspace {
  /// Searches, and replies or stores.
  fileprivate mutating func geoSearch(
    _ arguments: Arguments, source: Int, words: Int, _ form: GeoRequest.Form,
    _ reply: inout ReplyWriter
  ) throws(CommandError) {
    let value = try collection(SortedSetValue.self, arguments[source], for: .read)
    let request = try GeoRequest(arguments, from: words, form, value)
    var hits: [GeoSearch.Hit] = []
    if let value, let search = request.search {
      hits = search.hits(in: value, limit: request.stopsEarly ? request.count : 0)
    }
    switch request.order {
    case .ascending: hits.sort { $0.distance < $1.distance }
    case .descending: hits.sort { $0.distance > $1.distance }
    case .none: break
    }
    if request.count > 0 { hits = Array(hits.prefix(request.count)) }
    guard let target = request.target else { return request.write(hits, to: &reply) }
    let members = ElementTable.empty(seed: hashSeed)
    for hit in hits {
      let score = request.storesDistance ? hit.distance / request.unit.metres : hit.score
      ByteView.with(hit.member) { _ = members.insert($0, word: score.word) }
    }
    reply.integer(
      store(
        SortedSetIndex(sorting: members), at: arguments[target],
        form == .searchStore ? "geosearchstore" : "georadiusstore"))
  }
}
