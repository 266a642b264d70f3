import RESP

extension Keyspace {
  /// Gives an entry an expiry, or takes it away.
  ///
  /// - Parameter expiry: milliseconds since 1970, nil to stay for ever.
  /// - Complexity: O(1); allocates when the block's size class changes.
  mutating func setExpiry(_ entry: Entry, _ expiry: Int64?) {
    preserve(entry)
    let old = entry.block
    if let expiry, old.hasExpiry {
      old.expiry = expiry
      return
    }
    guard (expiry != nil) != old.hasExpiry else { return }
    let block = EntryBlock.allocate(
      key: old.key, valueCount: old.valueCount, type: old.type, encoding: old.encoding,
      expiry: expiry)
    unsafe block.valueBase.copyMemory(from: old.valueBase, byteCount: old.valueCount)
    unsafe database.pointee.table.replace(entry.slot, with: block)
    old.free()
  }

  /// One slice of the active expire cycle: looks at segments of all databases in turn and deletes what has
  /// expired.
  ///
  /// Slots say by one bit whether their entry expires, so a segment without such entries costs nothing but
  /// the reading of its slots.
  ///
  /// - Parameter segments: how many segments to look at.
  /// - Returns: how many keys expired.
  package mutating func expireSlice(segments: Int) -> Int {
    guard expiresActively, !keepsExpiredKeys, !isReplaying else { return 0 }
    var expired = 0
    var left = segments
    for index in 0..<databaseCount where left > 0 {
      guard expiringKeyCount(inDatabase: index) > 0 else { continue }
      let budget = left
      expired += inDatabase(index) { keyspace in keyspace.expireSegments(budget, left: &left) }
    }
    return expired
  }

  /// Expires within the selected database, at most once around its table.
  private mutating func expireSegments(_ budget: Int, left: inout Int) -> Int {
    var expired = 0
    let segments = unsafe Swift.min(budget, database.pointee.table.segmentCount)
    for _ in 0..<segments {
      var dead: [Entry] = []
      let now = self.now
      var times = unsafe database.pointee.timesToLive
      let next = unsafe database.pointee.table.visitSegment(
        from: database.pointee.expireCursor
      ) { slot in
        guard unsafe slot.pointee & DashTable.expiryFlag != 0 else { return }
        let entry = unsafe Entry(slot: slot)
        let left = entry.block.expiry &- now
        if left <= 0 { dead.append(entry) } else { times.add(left) }
      }
      // Removing leaves every other slot where it is.
      for entry in dead { expire(entry, actively: true) }
      expired += dead.count
      unsafe database.pointee.expireCursor = next ?? 0
      if next == nil { times.endRound() }
      unsafe database.pointee.timesToLive = times
      left -= 1
    }
    return expired
  }
}

extension Keyspace {
  /// About how many milliseconds the keys of a database that expire have left on average.
  package func averageTimeToLive(inDatabase index: Int) -> Int64 {
    guard expiringKeyCount(inDatabase: index) > 0 else { return 0 }
    return unsafe database(at: index).pointee.timesToLive.milliseconds
  }

  /// Segments of all databases: how many steps one round of the active expire cycle has.
  package var segmentCount: Int {
    var count = 0
    for index in 0..<databaseCount { unsafe count += database(at: index).pointee.table.segmentCount }
    return count
  }
}
