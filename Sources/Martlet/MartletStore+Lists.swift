/// Lists.
extension MartletStore {
  /// An end of a list.
  public enum ListEnd: String, Sendable {
    case left = "L"
    case right = "R"
  }

  /// Adds elements, one after the other, at an end; the list's new length.
  @discardableResult
  public func push(
    _ elements: [Bytes], to key: Bytes, at end: ListEnd = .right
  ) async throws(MartletError) -> Int {
    guard !elements.isEmpty else { return try await execute(["LLEN", key]).asInteger() }
    return try await execute([Bytes("\(end.rawValue)PUSH"), key] + elements).asInteger()
  }

  /// Takes an element from an end; nil if there is none.
  public func pop(_ key: Bytes, at end: ListEnd = .left) async throws(MartletError) -> Bytes? {
    try await execute([Bytes("\(end.rawValue)POP"), key]).asBytes()
  }

  /// The elements at these positions; negative ones count from the end.
  public func elements(
    of key: Bytes, from first: Int = 0, through last: Int = -1
  ) async throws(MartletError) -> [Bytes] {
    try await execute(["LRANGE", key, Bytes(first), Bytes(last)]).asList()
  }

  /// How many elements a list has.
  public func length(of key: Bytes) async throws(MartletError) -> Int {
    try await execute(["LLEN", key]).asInteger()
  }
}
