/// Places of members of sorted sets.
extension KeysView {
  /// Sets places; how many of the members are new.
  @discardableResult
  public func add(
    _ places: [Bytes: MartletStore.Place], toGeo key: Bytes
  ) throws(MartletError) -> Int {
    if places.isEmpty { return 0 }
    return try run(.addPlaces(places, to: key))
  }

  /// Where a member is, to a meter or so; nil if it is none.
  public func place(of member: Bytes, in key: Bytes) throws(MartletError) -> MartletStore.Place? {
    try run(.place(of: member, in: key))
  }

  /// Meters between two members; nil if one is none.
  public func distance(
    from first: Bytes, to second: Bytes, in key: Bytes
  ) throws(MartletError) -> Double? {
    try run(.distance(from: first, to: second, in: key))
  }

  /// The members within a circle, nearest first.
  public func members(
    of key: Bytes, within radius: Double, metersOf center: MartletStore.Place, countMax: Int? = nil
  ) throws(MartletError) -> [Bytes] {
    try run(.members(of: key, within: radius, metersOf: center, countMax: countMax))
  }
}
