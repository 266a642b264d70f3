extension MartletStore {
  /// An end of a list.
  public enum ListEnd: String, Sendable {
    case left = "L"
    case right = "R"

    var word: Bytes { self == .left ? "LEFT" : "RIGHT" }
  }

  /// A member of a sorted set and its score.
  public struct Scored: Equatable, Sendable {
    public let member: Bytes
    public let score: Double

    public init(_ member: Bytes, _ score: Double) {
      self.member = member
      self.score = score
    }
  }

  /// A place on the Earth, in degrees.
  public struct Place: Equatable, Sendable {
    /// -180 to 180; the east is positive.
    public let longitude: Double
    /// -85.05 to 85.05; the north is positive.
    public let latitude: Double

    public init(longitude: Double, latitude: Double) {
      self.longitude = longitude
      self.latitude = latitude
    }
  }

  /// An entry of a stream.
  public struct StreamEntry: Equatable, Sendable {
    /// `milliseconds-number`.
    public let id: Bytes
    /// In the order they were given in; names may repeat.
    public let fields: [Field]

    public struct Field: Equatable, Sendable {
      public let name: Bytes
      public let value: Bytes
    }
  }
}

extension Reply {
  func asScored() throws(MartletError) -> [MartletStore.Scored] {
    var scored: [MartletStore.Scored] = []
    for element in try asElements() {
      let pair = try element.asElements()
      guard pair.count == 2, let member = try pair[0].asBytes(), let score = try pair[1].asDouble()
      else { throw unexpected("members with scores") }
      scored.append(.init(member, score))
    }
    return scored
  }

  /// Of a reply that has one member's place at most.
  func asPlace() throws(MartletError) -> MartletStore.Place? {
    guard let only = try asElements().first else { return nil }
    let pair = try only.asElements()
    if pair.isEmpty { return nil }
    guard pair.count == 2, let longitude = try pair[0].asDouble(), let latitude = try pair[1].asDouble()
    else { throw unexpected("a longitude and a latitude") }
    return MartletStore.Place(longitude: longitude, latitude: latitude)
  }

  /// Of a reply to XREAD or XREADGROUP about a single stream.
  func asEntriesOfOneStream() throws(MartletError) -> [MartletStore.StreamEntry] {
    if self == .null { return [] }
    guard case .map(let streams) = self, streams.count == 1 else { throw unexpected("a stream") }
    return try streams[0].value.asEntries()
  }

  func asEntries() throws(MartletError) -> [MartletStore.StreamEntry] {
    var entries: [MartletStore.StreamEntry] = []
    for element in try asElements() {
      let parts = try element.asElements()
      guard parts.count == 2, let id = try parts[0].asBytes() else { throw unexpected("entries") }
      let words = try parts[1].asList()
      let fields = stride(from: 0, to: words.count - 1, by: 2).map {
        MartletStore.StreamEntry.Field(name: words[$0], value: words[$0 + 1])
      }
      entries.append(.init(id: id, fields: fields))
    }
    return entries
  }
}

extension Duration {
  /// Rounded down.
  var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
  }
}
