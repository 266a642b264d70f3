extension Command where Value == Bytes {
  /// Appends an entry under the next id, which is returned.
  ///
  /// - Parameter lengthMax: older entries go, some more or less, so that about as many stay; nil: all stay.
  public static func append(
    _ fields: [(name: Bytes, value: Bytes)], to key: Bytes, lengthMax: Int? = nil
  ) -> Self {
    let limit: [Bytes] = lengthMax.map { ["MAXLEN", "~", Bytes($0)] } ?? []
    return Command(
      "XADD", key, words: limit + ["*"] + fields.flatMap { [$0.name, $0.value] },
      from: { (reply) throws(MartletError) in
        guard let id = try reply.asBytes() else { throw reply.unexpected("an id") }
        return id
      })
  }
}

extension Command where Value == [MartletStore.StreamEntry] {
  /// Entries from one id through another, oldest first.
  public static func entries(
    of key: Bytes, from first: Bytes = "-", through last: Bytes = "+", countMax: Int? = nil
  ) -> Self {
    let limit: [Bytes] = countMax.map { ["COUNT", Bytes($0)] } ?? []
    return Command(
      "XRANGE", key, first, words: [last] + limit,
      from: { (reply) throws(MartletError) in try reply.asEntries() })
  }
}
