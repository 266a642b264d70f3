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

  /// Removes elements that are equal to one; how many there were.
  ///
  /// - Parameter countMax: so many at most, from the head; nil: all.
  public static func removeElements(
    equalTo element: Bytes, of key: Bytes, countMax: Int? = nil
  ) -> Self {
    Command("LREM", key, Bytes(countMax ?? 0), words: [element])
  }
}

extension Command where Value == Bytes? {
  /// Takes an element from an end; nil if there is none.
  public static func pop(_ key: Bytes, at end: MartletStore.ListEnd = .left) -> Self {
    Command(end == .left ? "LPOP" : "RPOP", key)
  }

  /// The element at a position, nil if there is none; negative ones count from the end.
  public static func element(at index: Int, of key: Bytes) -> Self {
    Command("LINDEX", key, Bytes(index))
  }

  /// Takes an element from an end of a list and adds it at an end of another; nil if there is none.
  public static func move(
    from source: Bytes, at sourceEnd: MartletStore.ListEnd = .left,
    to target: Bytes, at targetEnd: MartletStore.ListEnd = .right
  ) -> Self {
    Command("LMOVE", source, target, words: [sourceEnd.word, targetEnd.word])
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

extension Command where Value == Void {
  /// Replaces the element at a position.
  ///
  /// - Throws: `.refused` if there is none.
  public static func setElement(at index: Int, of key: Bytes, to element: Bytes) -> Self {
    Command("LSET", key, Bytes(index), words: [element])
  }

  /// Drops all elements but those at these positions; negative ones count from the end.
  public static func trim(_ key: Bytes, from first: Int, through last: Int) -> Self {
    Command("LTRIM", key, Bytes(first), words: [Bytes(last)])
  }
}
