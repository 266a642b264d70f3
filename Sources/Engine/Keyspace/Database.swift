import RESP

/// One numbered database of one shard: a table of entries.
struct Database: ~Copyable {
  var table: DashTable
  /// Where the active expire cycle goes on.
  var expireCursor: UInt64 = 0
  /// Where the next choice of keys to evict goes on.
  var evictionCursor: UInt64 = 0
  /// Up to where a snapshot has written the table; nil: to its end.
  var sweepCursor: UInt64?
  /// Which database this was when the snapshot began.
  var snapshotIndex = 0
  /// Hashes whose fields expire.
  var fieldExpiries = FieldExpiries()

  init(seed: UInt64, savedMark: UInt64 = 0) {
    table = DashTable(seed: seed)
    table.savedMark = savedMark
  }

  /// Frees entries, a segment at a time, and says whether any are left.
  ///
  /// For tables that nobody can reach any more; it leaves slots dangling until the table itself goes.
  func drainSegment(at position: UInt64) -> UInt64? {
    unsafe table.visitSegment(from: position) { slot in
      unsafe DashTable.block(slot.pointee).dispose()
    }
  }
}

extension EntryBlock {
  @inline(never)
  private func freeCollection() { collection.free() }

  /// Frees the block and everything its value refers to.
  @inline(__always)
  func dispose() {
    if encoding == .rawBuffer {
      StringBuffer(bits: word).free()
    } else if type != .string {
      freeCollection()
    }
    free()
  }
}
