extension Command where Value == Int {
  /// Sets scores; how many of the members are new.
  public static func add(_ scored: [MartletStore.Scored], to key: Bytes) -> Self {
    Command("ZADD", key, words: scored.flatMap { [Bytes($0.score), $0.member] })
  }

  /// Removes members of a sorted set; how many there were.
  public static func removeScored(_ members: [Bytes], from key: Bytes) -> Self {
    Command("ZREM", key, words: members)
  }

  /// How many members a sorted set has.
  public static func scoredCount(of key: Bytes) -> Self {
    Command("ZCARD", key)
  }

  /// How many members have scores within a range.
  public static func scoredCount(of key: Bytes, within range: ClosedRange<Double>) -> Self {
    Command("ZCOUNT", key, Bytes(range.lowerBound), words: [Bytes(range.upperBound)])
  }

  /// Removes the members whose scores lie within a range; how many there were.
  public static func removeScored(of key: Bytes, within range: ClosedRange<Double>) -> Self {
    Command("ZREMRANGEBYSCORE", key, Bytes(range.lowerBound), words: [Bytes(range.upperBound)])
  }
}

extension Command where Value == Double {
  /// Adds to a member's score, which counts as 0 if it is not there; the sum.
  public static func increment(_ member: Bytes, in key: Bytes, by step: Double) -> Self {
    Command(
      "ZINCRBY", key, Bytes(step), words: [member],
      from: { (reply) throws(MartletError) in
        guard let sum = try reply.asDouble() else { throw reply.unexpected("a score") }
        return sum
      })
  }
}

extension Command where Value == Double? {
  /// A member's score; nil if it is none.
  public static func score(of member: Bytes, in key: Bytes) -> Self {
    Command("ZSCORE", key, member, from: { (reply) throws(MartletError) in try reply.asDouble() })
  }
}

extension Command where Value == Int? {
  /// A member's place, from 0; nil if it is none.
  ///
  /// - Parameter highestFirst: the highest score has place 0.
  public static func rank(of member: Bytes, in key: Bytes, highestFirst: Bool = false) -> Self {
    Command(
      highestFirst ? "ZREVRANK" : "ZRANK", key, member,
      from: { (reply) throws(MartletError) in try reply.asOptionalInteger() })
  }
}

extension Command where Value == [MartletStore.Scored] {
  /// The members at these places; negative ones count from the end.
  public static func ranked(
    _ key: Bytes, from first: Int = 0, through last: Int = -1, highestFirst: Bool = false
  ) -> Self {
    Command(
      "ZRANGE", key, Bytes(first),
      words: [Bytes(last)] + (highestFirst ? ["REV"] : []) + ["WITHSCORES"],
      from: { (reply) throws(MartletError) in try reply.asScored() })
  }

  /// The members whose scores lie within a range, lowest first.
  public static func scored(_ key: Bytes, within range: ClosedRange<Double>) -> Self {
    Command(
      "ZRANGE", key, Bytes(range.lowerBound),
      words: [Bytes(range.upperBound), "BYSCORE", "WITHSCORES"],
      from: { (reply) throws(MartletError) in try reply.asScored() })
  }

  /// Takes the members with the lowest scores, or the highest.
  public static func popScored(_ key: Bytes, count: Int = 1, highestFirst: Bool = false) -> Self {
    Command(
      highestFirst ? "ZPOPMAX" : "ZPOPMIN", key, Bytes(count),
      from: { (reply) throws(MartletError) in try reply.asScored() })
  }
}
