import RESP

/// The words of GEOSEARCH, GEORADIUS and their sisters.
struct GeoRequest {
  enum Form {
    case search, searchStore, radius, radiusByMember, radiusReadOnly, radiusByMemberReadOnly

    var isSearch: Bool { self == .search || self == .searchStore }
    var mayStore: Bool { self == .radius || self == .radiusByMember }
    var readOnly: Form { self == .radius ? .radiusReadOnly : .radiusByMemberReadOnly }
  }

  enum Order { case ascending, descending, none }

  /// nil where there is no such key.
  private(set) var search: GeoSearch?
  private(set) var unit = GeoUnit.metres
  private(set) var order = Order.none
  /// 0 for all.
  private(set) var count = 0
  private(set) var stopsEarly = false
  /// Where the key to store at stands.
  private(set) var target: Int?
  private(set) var storesDistance = false
  private var withDistance = false
  private var withHash = false
  private var withPoint = false

  private var centre: GeoPoint?
  private var hasCentre = false
  /// The centre is a place, no member. The same kind of centre or shape twice: the last one counts.
  private var hasPlace = false
  private var shape: GeoSearch.Shape?

  init(
    _ arguments: Arguments, from first: Int, _ form: Form, _ value: SortedSetValue?
  ) throws(CommandError) {
    try takeFixedWords(arguments, form, value)
    if form == .searchStore { target = 1 }
    var index = first
    while index < arguments.count {
      index += try takeOption(arguments, at: index, form, value)
    }
    if target != nil, withDistance || withHash || withPoint {
      let subject = form == .searchStore ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"
      throw CommandError(
        composed: "ERR \(subject) is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
    }
    guard hasCentre else {
      throw .exactlyOne("FROMMEMBER or FROMLONLAT", arguments[0])
    }
    guard let shape else { throw .exactlyOne("BYRADIUS and BYBOX", arguments[0]) }
    if stopsEarly, count == 0 {
      throw CommandError("ERR the ANY argument requires COUNT argument")
    }
    // The nearest are the ones that count.
    if count > 0, order == .none, !stopsEarly { order = .ascending }
    if let centre { search = GeoSearch(centre: centre, shape: shape) }
  }

  /// Centre and radius of GEORADIUS and GEORADIUSBYMEMBER.
  private mutating func takeFixedWords(
    _ arguments: Arguments, _ form: Form, _ value: SortedSetValue?
  ) throws(CommandError) {
    switch form {
    case .search, .searchStore: return
    case .radius, .radiusReadOnly:
      centre = try GeoPoint(arguments[2], arguments[3])
      hasCentre = true
      try takeRadius(arguments, at: 4)
    case .radiusByMember, .radiusByMemberReadOnly:
      // Redis does not look at them where there is nothing to search.
      guard value != nil else {
        hasCentre = true
        return shape = .circle(radius: 0)
      }
      try takeMember(arguments[2], value)
      try takeRadius(arguments, at: 3)
    }
  }

  private mutating func takeMember(
    _ member: ByteView, _ value: SortedSetValue?
  ) throws(CommandError) {
    hasCentre = true
    guard let value else { return }
    guard let score = value.score(of: member) else {
      throw CommandError("ERR could not decode requested zset member")
    }
    centre = Geohash(score: score).centre
  }

  private mutating func takeRadius(_ arguments: Arguments, at index: Int) throws(CommandError) {
    let radius = try arguments[index].score(orThrow: CommandError("ERR need numeric radius"))
    if radius < 0 { throw CommandError("ERR radius cannot be negative") }
    unit = try GeoUnit(arguments[index + 1])
    shape = .circle(radius: radius * unit.metres)
  }

  private mutating func takeBox(_ arguments: Arguments, at index: Int) throws(CommandError) {
    let width = try arguments[index].score(orThrow: CommandError("ERR need numeric width"))
    let height = try arguments[index + 1].score(orThrow: CommandError("ERR need numeric height"))
    if width < 0 || height < 0 { throw CommandError("ERR height or width cannot be negative") }
    unit = try GeoUnit(arguments[index + 2])
    shape = .box(width * unit.metres, height * unit.metres)
  }

  /// Returns how many words it took.
  private mutating func takeOption(
    _ arguments: Arguments, at index: Int, _ form: Form, _ value: SortedSetValue?
  ) throws(CommandError) -> Int {
    let word = arguments[index]
    let left = arguments.count - index - 1
    if takeFlag(word, form) { return 1 }
    if word.matches("count"), left >= 1 {
      count = try arguments[index + 1].integer()
      if count <= 0 { throw CommandError("ERR COUNT must be > 0") }
      return 2
    }
    if form.mayStore, word.matches("store") || word.matches("storedist"), left >= 1 {
      target = index + 1
      storesDistance = word.matches("storedist")
      return 2
    }
    guard form.isSearch else { throw .syntax }
    if word.matches("frommember"), left >= 1, !hasPlace {
      try takeMember(arguments[index + 1], value)
      return 2
    }
    if word.matches("fromlonlat"), left >= 2, hasPlace || !hasCentre {
      centre = try GeoPoint(arguments[index + 1], arguments[index + 2])
      hasCentre = true
      hasPlace = true
      return 3
    }
    if word.matches("byradius"), left >= 2, shape?.isBox != true {
      try takeRadius(arguments, at: index + 1)
      return 3
    }
    if word.matches("bybox"), left >= 3, shape?.isBox != false {
      try takeBox(arguments, at: index + 1)
      return 4
    }
    throw .syntax
  }

  private mutating func takeFlag(_ word: ByteView, _ form: Form) -> Bool {
    if word.matches("withdist") {
      withDistance = true
    } else if word.matches("withhash") {
      withHash = true
    } else if word.matches("withcoord") {
      withPoint = true
    } else if word.matches("any") {
      stopsEarly = true
    } else if word.matches("asc") {
      order = .ascending
    } else if word.matches("desc") {
      order = .descending
    } else if form == .searchStore, word.matches("storedist") {
      storesDistance = true
    } else {
      return false
    }
    return true
  }

  /// Where the key stands that GEORADIUS stores at; the last one counts.
  static func storePosition(_ arguments: Arguments, from first: Int) -> Int? {
    var position: Int?
    var index = first
    while index + 1 < arguments.count {
      if arguments[index].matches("store") || arguments[index].matches("storedist") {
        position = index + 1
        index += 1
      }
      index += 1
    }
    return position
  }

  /// The members found, with what was asked for.
  func write(_ hits: [GeoSearch.Hit], to reply: inout ReplyWriter) {
    let extras = (withDistance ? 1 : 0) + (withHash ? 1 : 0) + (withPoint ? 1 : 0)
    reply.array(hits.count)
    for hit in hits {
      if extras > 0 { reply.array(1 + extras) }
      reply.bulk(hit.member)
      if withDistance { reply.bulk(DecimalText.fixed(hit.distance / unit.metres, 4)) }
      if withHash { reply.integer(Int(hit.score)) }
      if withPoint { reply.point(hit.point) }
    }
  }
}

extension CommandError {
  /// - Parameter command: as the client spelt it.
  fileprivate static func exactlyOne(_ options: String, _ command: ByteView) -> CommandError {
    CommandError(
      composed: Array("ERR exactly one of \(options) can be specified for ".utf8) + command.bytes)
  }
}
