/// Streams: logs of entries.
extension MartletStore {
  /// Appends an entry under the next id, which is returned.
  ///
  /// - Parameter lengthMax: older entries go, some more or less, so that about as many stay; nil: all stay.
  @discardableResult
  public func append(
    _ fields: [(name: Bytes, value: Bytes)], to key: Bytes, lengthMax: Int? = nil
  ) async throws(MartletError) -> Bytes {
    try await run(.append(fields, to: key, lengthMax: lengthMax))
  }

  /// Entries from one id through another, oldest first.
  public func entries(
    of key: Bytes, from first: Bytes = "-", through last: Bytes = "+", countMax: Int? = nil
  ) async throws(MartletError) -> [StreamEntry] {
    try await run(.entries(of: key, from: first, through: last, countMax: countMax))
  }

  /// How many entries a stream has.
  public func entryCount(of key: Bytes) async throws(MartletError) -> Int {
    try await run(.entryCount(of: key))
  }

  /// Deletes entries; how many there were.
  @discardableResult
  public func deleteEntries(_ ids: [Bytes], of key: Bytes) async throws(MartletError) -> Int {
    if ids.isEmpty { return 0 }
    return try await run(.deleteEntries(ids, of: key))
  }

  /// Makes a group of consumers, and the stream if need be.
  ///
  /// - Parameter id: it gets what follows; `$`: what comes from now on.
  /// - Throws: `.refused` if there is such a group.
  public func createGroup(
    _ group: Bytes, of key: Bytes, following id: Bytes = "$"
  ) async throws(MartletError) {
    try await run(.createGroup(group, of: key, following: id))
  }

  /// Gives entries that no consumer of the group has got yet to one of them.
  @discardableResult
  public func entries(
    of key: Bytes, forConsumer consumer: Bytes, ofGroup group: Bytes, countMax: Int
  ) async throws(MartletError) -> [StreamEntry] {
    try await run(.entries(of: key, forConsumer: consumer, ofGroup: group, countMax: countMax))
  }

  /// Says that a group is done with entries; how many it had not been.
  @discardableResult
  public func acknowledge(
    _ ids: [Bytes], of key: Bytes, inGroup group: Bytes
  ) async throws(MartletError) -> Int {
    if ids.isEmpty { return 0 }
    return try await run(.acknowledge(ids, of: key, inGroup: group))
  }
}
