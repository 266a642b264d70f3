/// Sorted sets: members in the order of their scores.
extension MartletStore {
  /// A member and its score.
  public struct Scored: Equatable, Sendable {
    public let member: Bytes
    public let score: Double

    public init(_ member: Bytes, _ score: Double) {
      self.member = member
      self.score = score
    }
  }

  /// Sets scores; how many of the members are new.
  @discardableResult
  public func add(_ scored: [Scored], to key: Bytes) async throws(MartletError) -> Int {
    guard !scored.isEmpty else { return 0 }
    return try await execute(["ZADD", key] + scored.flatMap { [Bytes($0.score), $0.member] })
      .asInteger()
  }

  /// Adds to a member's score, which counts as 0 if it is not there; the sum.
  @discardableResult
  public func increment(
    _ member: Bytes, in key: Bytes, by step: Double
  ) async throws(MartletError) -> Double {
    let reply = try await execute(["ZINCRBY", key, Bytes(step), member])
    guard let sum = try reply.asDouble() else { throw reply.unexpected("a score") }
    return sum
  }

  /// A member's score; nil if it is none.
  public func score(of member: Bytes, in key: Bytes) async throws(MartletError) -> Double? {
    try await execute(["ZSCORE", key, member]).asDouble()
  }

  /// A member's place, from 0; nil if it is none.
  ///
  /// - Parameter highestFirst: the highest score has place 0.
  public func rank(
    of member: Bytes, in key: Bytes, highestFirst: Bool = false
  ) async throws(MartletError) -> Int? {
    try await execute([highestFirst ? "ZREVRANK" : "ZRANK", key, member]).asOptionalInteger()
  }

  /// The members at these places; negative ones count from the end.
  public func ranked(
    _ key: Bytes, from first: Int = 0, through last: Int = -1, highestFirst: Bool = false
  ) async throws(MartletError) -> [Scored] {
    var command: [Bytes] = ["ZRANGE", key, Bytes(first), Bytes(last)]
    if highestFirst { command.append("REV") }
    return try await execute(command + ["WITHSCORES"]).asScored()
  }

  /// The members whose scores lie within a range, lowest first.
  public func scored(
    _ key: Bytes, within range: ClosedRange<Double>
  ) async throws(MartletError) -> [Scored] {
    try await execute([
      "ZRANGE", key, Bytes(range.lowerBound), Bytes(range.upperBound), "BYSCORE", "WITHSCORES",
    ]).asScored()
  }

  /// Removes members of a sorted set; how many there were.
  @discardableResult
  public func removeScored(_ members: [Bytes], from key: Bytes) async throws(MartletError) -> Int {
    guard !members.isEmpty else { return 0 }
    return try await execute(["ZREM", key] + members).asInteger()
  }
}

extension Reply {
  fileprivate func asScored() throws(MartletError) -> [MartletStore.Scored] {
    var scored: [MartletStore.Scored] = []
    for element in try asElements() {
      let pair = try element.asElements()
      guard pair.count == 2, let member = try pair[0].asBytes(), let score = try pair[1].asDouble()
      else { throw unexpected("members with scores") }
      scored.append(.init(member, score))
    }
    return scored
  }
}
