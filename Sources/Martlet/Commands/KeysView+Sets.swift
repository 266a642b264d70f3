/// Sets and HyperLogLogs.
extension KeysView {
  /// Adds members; how many of them are new.
  @discardableResult
  public func add(_ members: [Bytes], to key: Bytes) throws(MartletError) -> Int {
    if members.isEmpty { return 0 }
    return try run(.add(members, to: key))
  }

  /// Removes members; how many there were.
  @discardableResult
  public func remove(_ members: [Bytes], from key: Bytes) throws(MartletError) -> Int {
    if members.isEmpty { return 0 }
    return try run(.remove(members, from: key))
  }

  /// Whether a set has a member.
  public func contains(_ member: Bytes, in key: Bytes) throws(MartletError) -> Bool {
    try run(.contains(member, in: key))
  }

  /// All members, in no order.
  public func members(of key: Bytes) throws(MartletError) -> Set<Bytes> {
    try run(.members(of: key))
  }

  /// What is in all of the sets.
  public func intersection(of keys: [Bytes]) throws(MartletError) -> Set<Bytes> {
    try run(.intersection(of: keys))
  }

  /// What is in any of the sets.
  public func union(of keys: [Bytes]) throws(MartletError) -> Set<Bytes> {
    try run(.union(of: keys))
  }

  /// Has a HyperLogLog count elements; whether its estimate may have changed.
  @discardableResult
  public func count(_ elements: [Bytes], in key: Bytes) throws(MartletError) -> Bool {
    try run(.count(elements, in: key))
  }

  /// About how many different elements were counted in any of the HyperLogLogs.
  public func estimatedCount(of keys: [Bytes]) throws(MartletError) -> Int {
    try run(.estimatedCount(of: keys))
  }

  /// How many members a set has.
  public func memberCount(of key: Bytes) throws(MartletError) -> Int {
    try run(.memberCount(of: key))
  }

  /// Takes a member, drawn at random; nil if there is none.
  @discardableResult
  public func popMember(of key: Bytes) throws(MartletError) -> Bytes? {
    try run(.popMember(of: key))
  }

  /// What is in the first of the sets and in none of the others.
  public func difference(of keys: [Bytes]) throws(MartletError) -> Set<Bytes> {
    try run(.difference(of: keys))
  }

  /// Makes a HyperLogLog that has counted what any of the others has.
  public func mergeCounts(of keys: [Bytes], into target: Bytes) throws(MartletError) {
    try run(.mergeCounts(of: keys, into: target))
  }
}
