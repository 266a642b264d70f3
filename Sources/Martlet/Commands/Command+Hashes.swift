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

  /// How many fields a hash has.
  public static func fieldCount(of key: Bytes) -> Self {
    Command("HLEN", key)
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

extension Command where Value == [Bytes?] {
  /// The values of fields; nil for those that are not there.
  public static func values(of fields: [Bytes], in key: Bytes) -> Self {
    Command(
      "HMGET", key, words: fields,
      from: { (reply) throws(MartletError) in try reply.asOptionalList() })
  }
}

extension Command where Value == Bool {
  /// Whether a hash has a field.
  public static func hasField(_ field: Bytes, of key: Bytes) -> Self {
    Command("HEXISTS", key, field)
  }
}
