extension Command where Value == Int {
  /// Sets places; how many of the members are new.
  public static func addPlaces(_ places: [Bytes: MartletStore.Place], to key: Bytes) -> Self {
    Command(
      "GEOADD", key,
      words: places.flatMap { [Bytes($0.value.longitude), Bytes($0.value.latitude), $0.key] })
  }
}

extension Command where Value == MartletStore.Place? {
  /// Where a member is, to a meter or so; nil if it is none.
  public static func place(of member: Bytes, in key: Bytes) -> Self {
    Command("GEOPOS", key, member, from: { (reply) throws(MartletError) in try reply.asPlace() })
  }
}

extension Command where Value == Double? {
  /// Meters between two members; nil if one is none.
  public static func distance(from first: Bytes, to second: Bytes, in key: Bytes) -> Self {
    Command(
      "GEODIST", key, first, words: [second],
      from: { (reply) throws(MartletError) in try reply.asDouble() })
  }
}

extension Command where Value == [Bytes] {
  /// The members within a circle, nearest first.
  public static func members(
    of key: Bytes, within radius: Double, metersOf center: MartletStore.Place, countMax: Int? = nil
  ) -> Self {
    let circle: [Bytes] = [
      "FROMLONLAT", Bytes(center.longitude), Bytes(center.latitude), "BYRADIUS", Bytes(radius), "m",
    ]
    let limit: [Bytes] = countMax.map { ["COUNT", Bytes($0)] } ?? []
    return Command(
      "GEOSEARCH", key, words: circle + ["ASC"] + limit,
      from: { (reply) throws(MartletError) in try reply.asList() })
  }
}
