import RESP

/// One numbered database of one shard: a table of entries.
struct Database: ~Copyable {
  var table: DashTable
  /// Where the active expire cycle goes on.
  var expireCursor: UInt64 = 0
  /// Times to live, as that cycle meets them.
  var timesToLive = TimesToLive()
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

/// The average time to live of a database's keys, as of the last round of the active expire cycle.
struct TimesToLive {
  private var sum = 0.0
  private var count = 0
  private var lastRound: Int64?

  /// A key was met that has so many milliseconds left.
  mutating func add(_ milliseconds: Int64) {
    sum += Double(milliseconds)
    count += 1
  }

  /// All keys were met since the last call.
  mutating func endRound() {
    lastRound = average
    (sum, count) = (0, 0)
  }

  private var average: Int64 { count > 0 ? Int64(sum / Double(count)) : 0 }

  /// In milliseconds. During the first round, that of the keys met so far.
  var milliseconds: Int64 { lastRound ?? average }
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
