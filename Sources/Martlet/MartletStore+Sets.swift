/// Sets and HyperLogLogs.
extension MartletStore {
  /// Adds members; how many of them are new.
  @discardableResult
  public func add(_ members: [Bytes], to key: Bytes) async throws(MartletError) -> Int {
    guard !members.isEmpty else { return 0 }
    return try await execute(["SADD", key] + members).asInteger()
  }

  /// Removes members; how many there were.
  @discardableResult
  public func remove(_ members: [Bytes], from key: Bytes) async throws(MartletError) -> Int {
    guard !members.isEmpty else { return 0 }
    return try await execute(["SREM", key] + members).asInteger()
  }

  public func contains(_ member: Bytes, in key: Bytes) async throws(MartletError) -> Bool {
    try await execute(["SISMEMBER", key, member]).asFlag()
  }

  /// All members, in no order.
  public func members(of key: Bytes) async throws(MartletError) -> Set<Bytes> {
    Set(try await execute(["SMEMBERS", key]).asList())
  }

  /// What is in all of the sets.
  public func intersection(of keys: [Bytes]) async throws(MartletError) -> Set<Bytes> {
    Set(try await execute(["SINTER"] + keys).asList())
  }

  /// What is in any of the sets.
  public func union(of keys: [Bytes]) async throws(MartletError) -> Set<Bytes> {
    Set(try await execute(["SUNION"] + keys).asList())
  }

  /// Has a HyperLogLog count elements; whether its estimate may have changed.
  @discardableResult
  public func count(_ elements: [Bytes], in key: Bytes) async throws(MartletError) -> Bool {
    try await execute(["PFADD", key] + elements).asFlag()
  }

  /// About how many different elements were counted in any of the HyperLogLogs.
  public func estimatedCount(of keys: [Bytes]) async throws(MartletError) -> Int {
    try await execute(["PFCOUNT"] + keys).asInteger()
  }
}
