extension Command where Value == Int {
  /// Adds elements, one after the other, at an end; the list's new length.
  public static func push(
    _ elements: [Bytes], to key: Bytes, at end: MartletStore.ListEnd = .right
  ) -> Self {
    Command(end == .left ? "LPUSH" : "RPUSH", key, words: elements)
  }

  /// How many elements a list has.
  public static func length(of key: Bytes) -> Self {
    Command("LLEN", key)
  }
}

extension Command where Value == Bytes? {
  /// Takes an element from an end; nil if there is none.
  public static func pop(_ key: Bytes, at end: MartletStore.ListEnd = .left) -> Self {
    Command(end == .left ? "LPOP" : "RPOP", key)
  }
}

extension Command where Value == [Bytes] {
  /// The elements at these positions; negative ones count from the end.
  public static func elements(of key: Bytes, from first: Int = 0, through last: Int = -1) -> Self {
    Command(
      "LRANGE", key, Bytes(first), words: [Bytes(last)],
      from: { (reply) throws(MartletError) in try reply.asList() })
  }
}
