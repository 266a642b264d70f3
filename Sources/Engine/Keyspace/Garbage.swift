/// Something nobody can reach any more that takes more than one turn to free.
protocol Garbage: AnyObject {
  /// Entries, or values, not freed yet.
  var remaining: Int { get }
  /// Frees some hundred elements; false when nothing is left.
  func freeStep() -> Bool
}

extension Garbage {
  func freeAll() { while freeStep() {} }
}

/// A flushed database on its way out.
final class FlushedDatabase: Garbage {
  private var database: Database
  private var position: UInt64? = 0
  private(set) var remaining: Int

  init(_ database: consuming Database) {
    remaining = database.table.count
    self.database = database
  }

  /// A snapshot has yet to write some of it.
  var isUnsaved: Bool { database.sweepCursor != nil }

  /// Writes the next segment's entries into a snapshot.
  func sweep(into snapshot: SnapshotCut) { snapshot.sweepSegment(&database, leavesLarge: false) }

  func freeStep() -> Bool {
    guard let current = position else { return database.fieldExpiries.freeStep() }
    remaining -= database.table.segmentEntryCount(at: current)
    position = database.drainSegment(at: current)
    return position != nil || !database.fieldExpiries.isEmpty
  }
}

/// A large value without its key, on its way out.
final class DiscardedValue: Garbage {
  private let block: EntryBlock
  private var progress: UInt64 = 0
  private var isFreed = false

  init(_ block: EntryBlock) { self.block = block }

  var remaining: Int { isFreed ? 0 : 1 }

  func freeStep() -> Bool {
    precondition(!isFreed, "a value freed twice")
    if let next = block.collection.freeSlice(from: progress) {
      progress = next
      return true
    }
    block.free()
    isFreed = true
    return false
  }
}

/// Why a value goes, or several reasons.
package struct Removal: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let eviction = Removal(rawValue: 1 << 0)
  package static let expiry = Removal(rawValue: 1 << 1)
  /// Something else takes its place, or it went with its last element.
  package static let replacement = Removal(rawValue: 1 << 2)
  /// DEL.
  package static let deletion = Removal(rawValue: 1 << 3)
  /// UNLINK.
  package static let unlink = Removal(rawValue: 1 << 4)
}

extension Keyspace {
  /// Blocks of memory from which on a lazy removal leaves the value for later.
  private static let lazyEffortMin = 64

  /// Whether a value is left to be freed in slices.
  func isFreedLater(_ value: some CollectionValue, _ removal: Removal) -> Bool {
    value.isLarge
      || value.freeEffort > Self.lazyEffortMin && options.lazyRemovals.contains(removal)
  }
}
