import RESP

/// A keyspace as it is at one instant, written while it goes on changing: no copy, no fork.
///
/// When it begins, the mark of saved entries changes its meaning, so that all that is there counts as not saved, and
/// all that is added later as saved. A sweep over the tables writes what is not saved; and what is about to change
/// is written just before its first change. So every entry is written once, as it was at the beginning.
///
/// What it writes are parts of a file of Redis' format, each of which selects its database first: they may stand in
/// any order.
///
/// A large value is a part of its own, written in slices: the sweep leaves it out, and whoever sweeps asks for it
/// (`nextLargeValue`). If it is about to change all the same, what is left of it is written at once.
package final class SnapshotCut {
  package enum Format: Sendable {
    /// Parts of a file of Redis' format.
    case binary
    /// Commands that make what there was.
    case commands
  }

  private let format: Format
  /// Whoever sweeps asks for large values.
  let slicesValues: Bool
  var large = LargeValues()
  private var writer: RDBWriter
  private var commands = Effects()
  private let compresses: Bool
  /// The database selected in the part being written.
  private var database: Int?
  /// Flushed since the beginning; kept until they are written.
  private var flushed: [FlushedDatabase] = []
  /// All data was flushed since the beginning.
  package internal(set) var isFlushed = false
  /// Nobody wants it any more: the sweep only sets the marks right.
  fileprivate var isCancelled = false
  /// Entries written that nobody has counted.
  private var savedCount = 0
  /// Entries there were at the beginning.
  package fileprivate(set) var totalCount = 0

  fileprivate init(_ format: Format, compresses: Bool, slicesValues: Bool) {
    self.format = format
    // A command can't be written but as a whole.
    self.slicesValues = slicesValues && format == .binary
    self.compresses = compresses
    writer = RDBWriter(compresses: compresses, versionMax: RDB.payloadVersion)
  }

  /// The version of the format that a reader needs.
  package var version: Int { max(writer.version, large.version) }

  /// Bytes that nobody has taken yet.
  package var pendingByteCount: Int { writer.count + commands.byteCount }

  /// Takes what is written: a part that stands for itself.
  package func takePart() -> [UInt8] {
    database = nil
    guard format == .commands else { return writer.take() }
    var part: [UInt8] = []
    commands.drain(into: &part)
    commands.startAnew()
    return part
  }

  /// How many entries were written since the last time.
  package func takeSavedCount() -> Int {
    defer { savedCount = 0 }
    return savedCount
  }

  func add(_ database: FlushedDatabase) { flushed.append(database) }

  /// Writes an entry, once.
  func save(_ entry: Entry, of database: Int) {
    unsafe entry.slot.pointee ^= DashTable.savedBit
    if isCancelled { return }
    savedCount += 1
    if large.finish(entry) { return }
    if format == .commands { return commands.appendState(of: entry, database: database, compresses: compresses) }
    if self.database != database {
      self.database = database
      writer.writeByte(RDB.Opcode.selectDatabase.rawValue)
      writer.writeLength(database)
    }
    writer.writeExpiry(of: entry)
    writer.key = entry.key
    writer.writeValue(entry)
  }

  /// Writes the entries of the next segment that are not saved.
  ///
  /// - Parameter leavesLarge: large values can still be asked for.
  func sweepSegment(_ database: inout Database, leavesLarge: Bool) {
    guard let cursor = database.sweepCursor else { return }
    let mark = database.table.savedMark
    let index = database.snapshotIndex
    database.table.prefetchSegment(at: cursor)
    database.sweepCursor = unsafe database.table.visitSegment(from: cursor) { slot in
      guard unsafe slot.pointee & DashTable.savedBit != mark else { return }
      let entry = unsafe Entry(slot: slot)
      if leavesLarge, !isCancelled, ValueSlices.areWorthwhile(for: entry) {
        large.append(entry, database: index)
      } else {
        save(entry, of: index)
      }
    }
  }

  /// Sweeps what was flushed; false when there is nothing of it left.
  fileprivate func sweepFlushed(_ discard: (FlushedDatabase) -> Void) -> Bool {
    guard let remains = flushed.last else { return false }
    remains.sweep(into: self)
    if !remains.isUnsaved {
      flushed.removeLast()
      discard(remains)
    }
    return true
  }
}

extension Keyspace {
  /// Begins a snapshot of what is here now. One at a time.
  ///
  /// - Parameter slicesValues: whoever sweeps asks for large values, too (`nextLargeValue`).
  package mutating func beginSnapshot(_ format: SnapshotCut.Format = .binary, slicesValues: Bool = false) {
    precondition(snapshot == nil, "a snapshot begins while another is under way")
    let cut = SnapshotCut(format, compresses: options.compressesStrings, slicesValues: slicesValues)
    for index in 0..<databaseCount {
      let database = unsafe database(at: index)
      unsafe database.pointee.table.savedMark ^= DashTable.savedBit
      unsafe database.pointee.snapshotIndex = index
      let count = unsafe database.pointee.table.count
      unsafe database.pointee.sweepCursor = count > 0 ? 0 : nil
      cut.totalCount += count
    }
    snapshot = cut
  }

  /// Sweeps on until the part that is being written has `byteCount` bytes or `hasTime` says no: about 100 µs a step.
  ///
  /// - Returns: false when everything is written; the snapshot is over then. True at once while there are large values
  ///   to be asked for.
  package mutating func sweepSnapshot(_ byteCount: Int, while hasTime: () -> Bool) -> Bool {
    guard let snapshot else { return false }
    repeat {
      if snapshot.pendingByteCount >= byteCount || !snapshot.large.isEmpty { return true }
      if !sweepStep(snapshot) {
        self.snapshot = nil
        return false
      }
    } while hasTime()
    return true
  }

  private mutating func sweepStep(_ snapshot: SnapshotCut) -> Bool {
    for index in 0..<databaseCount {
      let database = unsafe database(at: index)
      if unsafe database.pointee.sweepCursor != nil {
        unsafe snapshot.sweepSegment(&database.pointee, leavesLarge: snapshot.slicesValues)
        return true
      }
    }
    return snapshot.sweepFlushed { remains in discard(remains) }
  }

  /// What the snapshot under way has written so far; nil if there is none.
  package var currentSnapshot: SnapshotCut? { snapshot }

  /// Nothing more of the snapshot is written; it goes on until all marks are right.
  package mutating func cancelSnapshot() {
    snapshot?.isCancelled = true
    finishLargeValues()
  }

  /// Has the snapshot under way write an entry that is about to change.
  @inline(__always)
  mutating func preserve(_ entry: Entry) {
    if snapshot != nil { preserveNow(entry) }
  }

  @inline(never)
  private mutating func preserveNow(_ entry: Entry) {
    guard let snapshot, unsafe entry.slot.pointee & DashTable.savedBit != database.pointee.table.savedMark
    else { return }
    unsafe snapshot.save(entry, of: database.pointee.snapshotIndex)
  }

  /// As `preserve(_ entry:)`, for a key that is about to change by other ways than its look-up said.
  mutating func preserve(key: ByteView) {
    guard snapshot != nil, let entry = lookup(key, for: .peek) else { return }
    preserveNow(entry)
  }

  #if DEBUG || INTERNAL_CHECKS
    /// Traps if a key has changed that a snapshot has not written.
    func checkPreserved(_ key: ByteView) {
      guard snapshot != nil, let slot = unsafe database.pointee.table.find(key, hash(key)) else { return }
      unsafe precondition(
        slot.pointee & DashTable.savedBit == database.pointee.table.savedMark,
        "a key changes that the snapshot under way has not written")
    }
  #endif
}
