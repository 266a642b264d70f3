/// Strings, and what is common to keys of all types.
extension KeysView {
  /// The value of a string; nil if there is none.
  public func get(_ key: Bytes) throws(MartletError) -> Bytes? {
    try run(.get(key))
  }

  /// Sets a string, whatever was there.
  ///
  /// - Parameter lifetime: how long the key lives, in whole milliseconds and at least one; nil: until it is deleted.
  public func set(
    _ key: Bytes, to value: Bytes, expiresAfter lifetime: Duration? = nil
  ) throws(MartletError) {
    try run(.set(key, to: value, expiresAfter: lifetime))
  }

  /// Adds to the integer of a string, which counts as 0 if it is not there; the sum.
  @discardableResult
  public func increment(_ key: Bytes, by step: Int = 1) throws(MartletError) -> Int {
    try run(.increment(key, by: step))
  }

  /// Deletes keys; how many there were.
  @discardableResult
  public func delete(_ keys: Bytes...) throws(MartletError) -> Int {
    guard !keys.isEmpty else { return 0 }
    return try run(Command("DEL", words: keys))
  }

  /// Whether a key is there.
  public func exists(_ key: Bytes) throws(MartletError) -> Bool {
    try run(.exists(key))
  }

  /// Has a key expire; false if there is none.
  @discardableResult
  public func expire(_ key: Bytes, after lifetime: Duration) throws(MartletError) -> Bool {
    try run(.expire(key, after: lifetime))
  }

  /// How long a key has to live; nil if it does not expire or is not there.
  public func timeToLive(_ key: Bytes) throws(MartletError) -> Duration? {
    try run(.timeToLive(key))
  }

  /// The values of strings; nil for those that are none.
  public func values(of keys: [Bytes]) throws(MartletError) -> [Bytes?] {
    if keys.isEmpty { return [] }
    return try run(.values(of: keys))
  }

  /// Sets a string unless the key is there; whether it was set.
  @discardableResult
  public func setIfAbsent(_ key: Bytes, to value: Bytes) throws(MartletError) -> Bool {
    try run(.setIfAbsent(key, to: value))
  }

  /// Appends to a string, which is empty if it is not there; its new length.
  @discardableResult
  public func append(_ value: Bytes, toString key: Bytes) throws(MartletError) -> Int {
    try run(.append(value, toString: key))
  }

  /// The bytes of a string at these positions; negative ones count from the end. None where there is no string.
  public func bytes(
    of key: Bytes, from first: Int, through last: Int
  ) throws(MartletError) -> Bytes {
    try run(.bytes(of: key, from: first, through: last))
  }

  /// Has a key live until it is deleted; whether it would have expired.
  @discardableResult
  public func persist(_ key: Bytes) throws(MartletError) -> Bool {
    try run(.persist(key))
  }
}
