extension Command where Value == Bool {
  /// Sets a bit of a string, which grows as needed; what it was.
  public static func setBit(_ offset: Int, of key: Bytes, to bit: Bool) -> Self {
    Command("SETBIT", key, Bytes(offset), words: [bit ? "1" : "0"])
  }

  /// A bit of a string; false beyond its end.
  public static func bit(_ offset: Int, of key: Bytes) -> Self {
    Command("GETBIT", key, Bytes(offset))
  }
}

extension Command where Value == Int {
  /// How many bits of a string are set.
  public static func bitCount(of key: Bytes) -> Self {
    Command("BITCOUNT", key)
  }
}
