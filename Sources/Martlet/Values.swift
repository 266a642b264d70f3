extension MartletStore {
  /// An end of a list.
  public enum ListEnd: String, Sendable {
    case left = "L"
    case right = "R"
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
