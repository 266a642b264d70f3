/// Bitmaps: strings as rows of bits.
extension KeysView {
  /// Sets a bit of a string, which grows as needed; what it was.
  @discardableResult
  public func setBit(_ offset: Int, of key: Bytes, to bit: Bool) throws(MartletError) -> Bool {
    try run(.setBit(offset, of: key, to: bit))
  }

  /// A bit of a string; false beyond its end.
  public func bit(_ offset: Int, of key: Bytes) throws(MartletError) -> Bool {
    try run(.bit(offset, of: key))
  }

  /// How many bits of a string are set.
  public func bitCount(of key: Bytes) throws(MartletError) -> Int {
    try run(.bitCount(of: key))
  }
}
