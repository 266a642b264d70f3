extension Command where Value == Int {
  /// Sets fields; how many of them are new.
  public static func setFields(_ key: Bytes, _ fields: [Bytes: Bytes]) -> Self {
    Command("HSET", key, words: fields.flatMap { [$0.key, $0.value] })
  }

  /// Adds to the integer of a field, which counts as 0 if it is not there; the sum.
  public static func increment(field: Bytes, of key: Bytes, by step: Int = 1) -> Self {
    Command("HINCRBY", key, field, words: [Bytes(step)])
  }

  /// Deletes fields; how many there were.
  public static func deleteFields(_ fields: [Bytes], of key: Bytes) -> Self {
    Command("HDEL", key, words: fields)
  }
}

extension Command where Value == Bytes? {
  /// The value of a field; nil if there is none.
  public static func field(_ field: Bytes, of key: Bytes) -> Self {
    Command("HGET", key, field)
  }
}

extension Command where Value == [Bytes: Bytes] {
  /// All fields and their values; empty if there is no such key.
  public static func fields(of key: Bytes) -> Self {
    Command("HGETALL", key, from: { (reply) throws(MartletError) in try reply.asDictionary() })
  }
}
