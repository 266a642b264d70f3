/// Sorted sets: members in the order of their scores.
extension MartletStore {
  /// Sets scores; how many of the members are new.
  @discardableResult
  public func add(_ scored: [Scored], to key: Bytes) async throws(MartletError) -> Int {
    if scored.isEmpty { return 0 }
    return try await run(.add(scored, to: key))
  }

  /// Adds to a member's score, which counts as 0 if it is not there; the sum.
  @discardableResult
  public func increment(
    _ member: Bytes, in key: Bytes, by step: Double
  ) async throws(MartletError) -> Double {
    try await run(.increment(member, in: key, by: step))
  }

  /// A member's score; nil if it is none.
  public func score(of member: Bytes, in key: Bytes) async throws(MartletError) -> Double? {
    try await run(.score(of: member, in: key))
  }

  /// A member's place, from 0; nil if it is none.
  ///
  /// - Parameter highestFirst: the highest score has place 0.
  public func rank(
    of member: Bytes, in key: Bytes, highestFirst: Bool = false
  ) async throws(MartletError) -> Int? {
    try await run(.rank(of: member, in: key, highestFirst: highestFirst))
  }

  /// The members at these places; negative ones count from the end.
  public func ranked(
    _ key: Bytes, from first: Int = 0, through last: Int = -1, highestFirst: Bool = false
  ) async throws(MartletError) -> [Scored] {
    try await run(.ranked(key, from: first, through: last, highestFirst: highestFirst))
  }

  /// The members whose scores lie within a range, lowest first.
  public func scored(
    _ key: Bytes, within range: ClosedRange<Double>
  ) async throws(MartletError) -> [Scored] {
    try await run(.scored(key, within: range))
  }

  /// Removes members of a sorted set; how many there were.
  @discardableResult
  public func removeScored(_ members: [Bytes], from key: Bytes) async throws(MartletError) -> Int {
    if members.isEmpty { return 0 }
    return try await run(.removeScored(members, from: key))
  }

  /// How many members a sorted set has.
  public func scoredCount(of key: Bytes) async throws(MartletError) -> Int {
    try await run(.scoredCount(of: key))
  }

  /// How many members have scores within a range.
  public func scoredCount(
    of key: Bytes, within range: ClosedRange<Double>
  ) async throws(MartletError) -> Int {
    try await run(.scoredCount(of: key, within: range))
  }

  /// Takes the members with the lowest scores, or the highest.
  @discardableResult
  public func popScored(
    _ key: Bytes, count: Int = 1, highestFirst: Bool = false
  ) async throws(MartletError) -> [Scored] {
    try await run(.popScored(key, count: count, highestFirst: highestFirst))
  }

  /// Removes the members whose scores lie within a range; how many there were.
  @discardableResult
  public func removeScored(
    of key: Bytes, within range: ClosedRange<Double>
  ) async throws(MartletError) -> Int {
    try await run(.removeScored(of: key, within: range))
  }
}
