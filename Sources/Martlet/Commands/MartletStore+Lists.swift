/// Lists.
extension MartletStore {
  /// Adds elements, one after the other, at an end; the list's new length.
  @discardableResult
  public func push(
    _ elements: [Bytes], to key: Bytes, at end: ListEnd = .right
  ) async throws(MartletError) -> Int {
    if elements.isEmpty { return try await length(of: key) }
    return try await run(.push(elements, to: key, at: end))
  }

  /// Takes an element from an end; nil if there is none.
  @discardableResult
  public func pop(_ key: Bytes, at end: ListEnd = .left) async throws(MartletError) -> Bytes? {
    try await run(.pop(key, at: end))
  }

  /// The elements at these positions; negative ones count from the end.
  public func elements(
    of key: Bytes, from first: Int = 0, through last: Int = -1
  ) async throws(MartletError) -> [Bytes] {
    try await run(.elements(of: key, from: first, through: last))
  }

  /// How many elements a list has.
  public func length(of key: Bytes) async throws(MartletError) -> Int {
    try await run(.length(of: key))
  }
}
