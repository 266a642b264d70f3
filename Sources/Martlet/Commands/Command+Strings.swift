extension Command where Value == Bytes? {
  /// The value of a string; nil if there is none.
  public static func get(_ key: Bytes) -> Self {
    Command("GET", key)
  }
}

extension Command where Value == Void {
  /// Sets a string, whatever was there.
  ///
  /// - Parameter lifetime: how long the key lives, in whole milliseconds and at least one; nil: until it is deleted.
  public static func set(
    _ key: Bytes, to value: Bytes, expiresAfter lifetime: Duration? = nil
  ) -> Self {
    guard let lifetime else { return Command("SET", key, value) }
    return Command("SET", key, value, words: ["PX", Bytes(lifetime.wholeMilliseconds)])
  }
}

extension Command where Value == Int {
  /// Adds to the integer of a string, which counts as 0 if it is not there; the sum.
  public static func increment(_ key: Bytes, by step: Int = 1) -> Self {
    Command("INCRBY", key, Bytes(step))
  }

  /// Deletes keys; how many there were.
  public static func delete(_ keys: Bytes...) -> Self {
    Command("DEL", words: keys)
  }
}

extension Command where Value == Bool {
  /// Whether a key is there.
  public static func exists(_ key: Bytes) -> Self {
    Command("EXISTS", key)
  }

  /// Has a key expire; false if there is none.
  public static func expire(_ key: Bytes, after lifetime: Duration) -> Self {
    Command("PEXPIRE", key, Bytes(lifetime.wholeMilliseconds))
  }
}

extension Command where Value == Duration? {
  /// How long a key has to live; nil if it does not expire or is not there.
  public static func timeToLive(_ key: Bytes) -> Self {
    Command("PTTL", key, from: { (reply) throws(MartletError) in
      let milliseconds = try reply.asInteger()
      return milliseconds < 0 ? nil : .milliseconds(milliseconds)
    })
  }
}
