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

  /// Appends to a string, which is empty if it is not there; its new length.
  public static func append(_ value: Bytes, toString key: Bytes) -> Self {
    Command("APPEND", key, value)
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

  /// Sets a string unless the key is there; whether it was set.
  public static func setIfAbsent(_ key: Bytes, to value: Bytes) -> Self {
    Command("SETNX", key, value)
  }

  /// Has a key live until it is deleted; whether it would have expired.
  public static func persist(_ key: Bytes) -> Self {
    Command("PERSIST", key)
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

extension Command where Value == [Bytes?] {
  /// The values of strings; nil for those that are none.
  public static func values(of keys: [Bytes]) -> Self {
    Command(
      "MGET", words: keys, from: { (reply) throws(MartletError) in try reply.asOptionalList() })
  }
}

extension Command where Value == Bytes {
  /// The bytes of a string at these positions; negative ones count from the end. None where there is no string.
  public static func bytes(of key: Bytes, from first: Int, through last: Int) -> Self {
    Command(
      "GETRANGE", key, Bytes(first), words: [Bytes(last)],
      from: { (reply) throws(MartletError) in try reply.asBytes() ?? .empty })
  }
}
