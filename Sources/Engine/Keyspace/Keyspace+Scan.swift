package import RESP

/// Walking through all keys of the selected database, a slice at a time.
extension Keyspace {
  /// What a scan lets through.
  package struct ScanFilter: Sendable {
    /// A glob, nil for all.
    package var pattern: [UInt8]?
    package var type: ScanType?

    package init(pattern: [UInt8]? = nil, type: ScanType? = nil) {
      self.pattern = pattern
      self.type = type
    }
  }

  package enum ScanType: Sendable, Equatable {
    case known(ValueType)
    /// A name no type has: nothing matches.
    case unknown
  }

  /// So many times the wished-for number of keys, in buckets, is the most that one slice looks at.
  static let scanBucketsPerKey = 10

  /// Visits keys from `position` on, about `count` of them, and says where to go on.
  ///
  /// A key that is there from the first slice to the last is visited exactly once, whatever is
  /// added, removed or moved by growth meanwhile. Expired keys on the way are deleted, not visited.
  ///
  /// - Parameters:
  ///   - position: 0 to start with, then what the last slice returned.
  ///   - count: keys looked at, matching or not, before the slice ends; at least 1.
  ///   - visit: gets each matching key, valid until it returns.
  /// - Returns: nil after the last key.
  /// - Complexity: O(`count`), and at most `scanBucketsPerKey` buckets a key where the table is
  ///   thin.
  package mutating func scan(
    from position: UInt64, count: Int, filter: ScanFilter = ScanFilter(),
    _ visit: (ByteView) -> Void
  ) -> UInt64? {
    precondition(count > 0, "a scan looks at one key at least")
    guard let pattern = filter.pattern else {
      return scan(from: position, count: count, pattern: nil, type: filter.type, visit)
    }
    return ByteView.with(pattern) { pattern in
      scan(
        from: position, count: count, pattern: Glob.matchesAll(pattern) ? nil : pattern,
        type: filter.type, visit)
    }
  }

  private mutating func scan(
    from start: UInt64, count: Int, pattern: ByteView?, type: ScanType?,
    _ visit: (ByteView) -> Void
  ) -> UInt64? {
    var position = start
    var left = count
    var (bucketsLeft, overflow) = count.multipliedReportingOverflow(by: Self.scanBucketsPerKey)
    if overflow { bucketsLeft = .max }
    let now = self.now
    var expired: [Entry] = []
    while true {
      let next = unsafe database.pointee.table.visitBucket(from: position) { slot in
        let entry = unsafe Entry(slot: slot)
        left -= 1
        if let expiry = entry.expiry, expiry <= now { return expired.append(entry) }
        if let type, type != .known(entry.type) { return }
        let key = entry.key
        if let pattern, !Glob.matches(pattern, key) { return }
        visit(key)
      }
      // Removing leaves every other slot where it is.
      for entry in expired { expire(entry, actively: false) }
      expired.removeAll(keepingCapacity: true)
      bucketsLeft -= 1
      guard let next else { return nil }
      position = next
      if left <= 0 || bucketsLeft <= 0 { return position }
    }
  }

  /// The name of a key chosen at random, valid until the keyspace changes; nil if there are none.
  ///
  /// Expired keys met on the way are deleted. Where they must stay (`keepsExpiredKeys`), so that
  /// there may be nothing else, one of them is returned after `randomTriesMax` tries, as Redis
  /// does.
  package mutating func randomKey() -> ByteView? {
    var tries = 0
    while true {
      var random = self.random
      let slot = unsafe database.pointee.table.randomSlot { random.next() }
      self.random = random
      guard let slot = unsafe slot else { return nil }
      let entry = unsafe Entry(slot: slot)
      guard let expiry = entry.expiry, expiry <= now else { return entry.key }
      tries += 1
      if keepsExpiredKeys, tries >= Self.randomTriesMax { return entry.key }
      expire(entry, actively: false)
    }
  }

  private static let randomTriesMax = 100
}
