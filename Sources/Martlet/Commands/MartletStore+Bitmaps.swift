/// Bitmaps: strings as rows of bits.
extension MartletStore {
  /// Sets a bit of a string, which grows as needed; what it was.
  @discardableResult
  public func setBit(
    _ offset: Int, of key: Bytes, to bit: Bool
  ) async throws(MartletError) -> Bool {
    try await run(.setBit(offset, of: key, to: bit))
  }

  /// A bit of a string; false beyond its end.
  public func bit(_ offset: Int, of key: Bytes) async throws(MartletError) -> Bool {
    try await run(.bit(offset, of: key))
  }

  /// How many bits of a string are set.
  public func bitCount(of key: Bytes) async throws(MartletError) -> Int {
    try await run(.bitCount(of: key))
  }
}
