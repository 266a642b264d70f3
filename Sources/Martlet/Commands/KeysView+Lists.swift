/// Lists.
extension KeysView {
  /// Adds elements, one after the other, at an end; the list's new length.
  @discardableResult
  public func push(
    _ elements: [Bytes], to key: Bytes, at end: MartletStore.ListEnd = .right
  ) throws(MartletError) -> Int {
    if elements.isEmpty { return try length(of: key) }
    return try run(.push(elements, to: key, at: end))
  }

  /// Takes an element from an end; nil if there is none.
  @discardableResult
  public func pop(
    _ key: Bytes, at end: MartletStore.ListEnd = .left
  ) throws(MartletError) -> Bytes? {
    try run(.pop(key, at: end))
  }

  /// The elements at these positions; negative ones count from the end.
  public func elements(
    of key: Bytes, from first: Int = 0, through last: Int = -1
  ) throws(MartletError) -> [Bytes] {
    try run(.elements(of: key, from: first, through: last))
  }

  /// How many elements a list has.
  public func length(of key: Bytes) throws(MartletError) -> Int {
    try run(.length(of: key))
  }
}
