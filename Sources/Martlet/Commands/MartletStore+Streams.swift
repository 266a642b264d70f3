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
}
