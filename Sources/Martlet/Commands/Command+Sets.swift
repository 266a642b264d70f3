extension Command where Value == Int {
  /// Adds members; how many of them are new.
  public static func add(_ members: [Bytes], to key: Bytes) -> Self {
    Command("SADD", key, words: members)
  }

  /// Removes members; how many there were.
  public static func remove(_ members: [Bytes], from key: Bytes) -> Self {
    Command("SREM", key, words: members)
  }

  /// About how many different elements were counted in any of the HyperLogLogs.
  public static func estimatedCount(of keys: [Bytes]) -> Self {
    Command("PFCOUNT", words: keys)
  }

  /// How many members a set has.
  public static func memberCount(of key: Bytes) -> Self {
    Command("SCARD", key)
  }
}

extension Command where Value == Bool {
  /// Whether a set has a member.
  public static func contains(_ member: Bytes, in key: Bytes) -> Self {
    Command("SISMEMBER", key, member)
  }

  /// Has a HyperLogLog count elements; whether its estimate may have changed.
  public static func count(_ elements: [Bytes], in key: Bytes) -> Self {
    Command("PFADD", key, words: elements)
  }
}

extension Command where Value == Set<Bytes> {
  /// All members, in no order.
  public static func members(of key: Bytes) -> Self {
    Command("SMEMBERS", key, from: { (reply) throws(MartletError) in Set(try reply.asList()) })
  }

  /// What is in all of the sets.
  public static func intersection(of keys: [Bytes]) -> Self {
    Command("SINTER", words: keys, from: { (reply) throws(MartletError) in Set(try reply.asList()) })
  }

  /// What is in any of the sets.
  public static func union(of keys: [Bytes]) -> Self {
    Command("SUNION", words: keys, from: { (reply) throws(MartletError) in Set(try reply.asList()) })
  }

  /// What is in the first of the sets and in none of the others.
  public static func difference(of keys: [Bytes]) -> Self {
    Command("SDIFF", words: keys, from: { (reply) throws(MartletError) in Set(try reply.asList()) })
  }
}

extension Command where Value == Bytes? {
  /// Takes a member, drawn at random; nil if there is none.
  public static func popMember(of key: Bytes) -> Self {
    Command("SPOP", key)
  }
}

extension Command where Value == Void {
  /// Makes a HyperLogLog that has counted what any of the others has.
  public static func mergeCounts(of keys: [Bytes], into target: Bytes) -> Self {
    Command("PFMERGE", target, words: keys)
  }
}
