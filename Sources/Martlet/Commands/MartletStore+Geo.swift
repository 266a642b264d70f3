/// Places of members of sorted sets.
extension MartletStore {
  /// Sets places; how many of the members are new.
  @discardableResult
  public func addPlaces(_ places: [Bytes: Place], to key: Bytes) async throws(MartletError) -> Int {
    if places.isEmpty { return 0 }
    return try await run(.addPlaces(places, to: key))
  }

  /// Where a member is, to a meter or so; nil if it is none.
  public func place(of member: Bytes, in key: Bytes) async throws(MartletError) -> Place? {
    try await run(.place(of: member, in: key))
  }

  /// Meters between two members; nil if one is none.
  public func distance(
    from first: Bytes, to second: Bytes, in key: Bytes
  ) async throws(MartletError) -> Double? {
    try await run(.distance(from: first, to: second, in: key))
  }

  /// The members within a circle, nearest first.
  public func members(
    of key: Bytes, within radius: Double, metersOf center: Place, countMax: Int? = nil
  ) async throws(MartletError) -> [Bytes] {
    try await run(.members(of: key, within: radius, metersOf: center, countMax: countMax))
  }
}
