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

  /// Gives entries that no consumer of the group has got yet to one of them.
  public static func entries(
    of key: Bytes, forConsumer consumer: Bytes, ofGroup group: Bytes, countMax: Int
  ) -> Self {
    Command(
      "XREADGROUP", "GROUP", group, words: [consumer, "COUNT", Bytes(countMax), "STREAMS", key, ">"],
      from: { (reply) throws(MartletError) in try reply.asEntriesOfOneStream() })
  }
}

extension Command where Value == Int {
  /// How many entries a stream has.
  public static func entryCount(of key: Bytes) -> Self {
    Command("XLEN", key)
  }

  /// Deletes entries; how many there were.
  public static func deleteEntries(_ ids: [Bytes], of key: Bytes) -> Self {
    Command("XDEL", key, words: ids)
  }

  /// Says that a group is done with entries; how many it had not been.
  public static func acknowledge(_ ids: [Bytes], of key: Bytes, inGroup group: Bytes) -> Self {
    Command("XACK", key, group, words: ids)
  }
}

extension Command where Value == Void {
  /// Makes a group of consumers, and the stream if need be.
  ///
  /// - Parameter id: it gets what follows; `$`: what comes from now on.
  /// - Throws: `.refused` if there is such a group.
  public static func createGroup(_ group: Bytes, of key: Bytes, following id: Bytes = "$") -> Self {
    Command("XGROUP", "CREATE", key, words: [group, id, "MKSTREAM"])
  }
}
