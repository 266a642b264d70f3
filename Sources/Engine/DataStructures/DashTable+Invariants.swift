import RESP

extension DashTable {
  /// Traps unless every entry can be found from its key, every overflow count is right, and the
  /// counts add up. Costs a pass over the whole table; nothing in builds without internal checks.
  func checkInvariants() {
    #if DEBUG || INTERNAL_CHECKS
      var entries = 0
      var expiring = 0
      var segments = 0
      var position: UInt64? = 0
      while let current = position {
        let here = segmentEntryCount(at: current)
        var visited = 0
        position = unsafe visitSegment(from: current) { slot in
          visited += 1
          let block = unsafe Self.block(slot.pointee)
          let hash = KeyHash(block.key, seed: seed)
          let found = unsafe find(block.key, hash)
          precondition(unsafe found == slot, "an entry is not found from its key")
          let flag = unsafe slot.pointee & Self.expiryFlag != 0
          precondition(flag == block.hasExpiry, "a slot and its entry disagree about the expiry")
          if flag { expiring += 1 }
        }
        precondition(visited == here, "a segment's count is wrong")
        entries += visited
        if here > 0 || segmentCount > 0 { segments += 1 }
        checkOverflows(at: current)
      }
      precondition(entries == count, "the table's count is wrong")
      precondition(expiring == expiringCount, "the count of expiring entries is wrong")
      precondition(segments == segmentCount, "the count of segments is wrong")
    #endif
  }
}
