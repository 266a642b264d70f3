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

  /// The element at a position, nil if there is none; negative ones count from the end.
  public func element(at index: Int, of key: Bytes) throws(MartletError) -> Bytes? {
    try run(.element(at: index, of: key))
  }

  /// Replaces the element at a position.
  ///
  /// - Throws: `.refused` if there is none.
  public func setElement(at index: Int, of key: Bytes, to element: Bytes) throws(MartletError) {
    try run(.setElement(at: index, of: key, to: element))
  }

  /// Drops all elements but those at these positions; negative ones count from the end.
  public func trim(_ key: Bytes, from first: Int, through last: Int) throws(MartletError) {
    try run(.trim(key, from: first, through: last))
  }

  /// Removes elements that are equal to one; how many there were.
  ///
  /// - Parameter countMax: so many at most, from the head; nil: all.
  @discardableResult
  public func removeElements(
    equalTo element: Bytes, of key: Bytes, countMax: Int? = nil
  ) throws(MartletError) -> Int {
    try run(.removeElements(equalTo: element, of: key, countMax: countMax))
  }

  /// Takes an element from an end of a list and adds it at an end of another; nil if there is none.
  @discardableResult
  public func move(
    from source: Bytes, at sourceEnd: MartletStore.ListEnd = .left,
    to target: Bytes, at targetEnd: MartletStore.ListEnd = .right
  ) throws(MartletError) -> Bytes? {
    try run(.move(from: source, at: sourceEnd, to: target, at: targetEnd))
  }
}
