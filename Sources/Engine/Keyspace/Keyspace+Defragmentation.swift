import RESP

/// Active defragmentation: blocks of memory move so that pages with few of them become free (`BlockMover`).
///
/// A sweep goes over all tables, some buckets a step. Entries move where their slots are; a value that is one block
/// moves with its entry. Values of many blocks are noted, and worked on after the buckets they were met in, some dozens of
/// blocks a step. Nothing that anybody can see changes: no event, no record, no change for WATCH; the access clock and the
/// mark of a snapshot stay in the slot.
///
/// What others may hold addresses of between two turns does not move: whoever asks for steps says which keys are claimed, and
/// a snapshot knows which value it is writing in slices. Everything else keeps names, hashes or positions.
struct DefragmentationSweep {
  fileprivate var database = 0
  fileprivate var place: DashTable.Place?
  /// Keys with values of many blocks.
  fileprivate var values: [(database: Int, key: KeyHash)] = []
  /// In the last of them; and whether blocks of it were moved.
  fileprivate var progress: UInt64 = 0
  fileprivate var hasMoved = false
}

extension Keyspace {
  /// A way to move blocks, for the thread that the keyspace belongs to.
  package struct Mover: ~Copyable {
    fileprivate var mover: BlockMover

    package init() { mover = BlockMover() }
    /// For tests: moves everything.
    init(_ choice: BlockMover.Choice) { mover = BlockMover(choice) }
  }

  /// Moves blocks where that pays, from where the last call ended, until `hasTime` says no: some 10 µs a step.
  ///
  /// - Parameter mayMove: whether nobody has a claim on the key with this hash; nil: on any.
  /// - Returns: whether the sweep goes on; false when all databases were gone through, so that the next call begins anew.
  package mutating func defragment(
    _ mover: inout Mover, mayMove: ((KeyHash) -> Bool)?, while hasTime: () -> Bool
  ) -> Bool {
    elements.forget()
    mover.mover.begin()
    let before = (mover.mover.hits, mover.mover.misses)
    defer {
      statistics.movedBlocks += mover.mover.hits - before.0
      statistics.unmovedBlocks += mover.mover.misses - before.1
    }
    repeat {
      if !defragmentationStep(&mover.mover, mayMove) { return false }
    } while hasTime()
    return true
  }

  private mutating func defragmentationStep(
    _ mover: inout BlockMover, _ mayMove: ((KeyHash) -> Bool)?
  ) -> Bool {
    if let (database, key) = sweep.values.last {
      moveValue(of: key, inDatabase: database, &mover, mayMove)
      return true
    }
    if sweep.database >= databaseCount { sweep.database = 0 }
    let database = unsafe database(at: sweep.database)
    sweep.place = unsafe moveEntries(of: database, at: sweep.place ?? .init(), &mover, mayMove)
    if sweep.place != nil { return true }
    sweep.database += 1
    return sweep.database < databaseCount || !sweep.values.isEmpty
  }

  /// Moves the entries of some buckets, and values of one block.
  private mutating func moveEntries(
    of database: UnsafeMutablePointer<Database>, at place: DashTable.Place, _ mover: inout BlockMover,
    _ mayMove: ((KeyHash) -> Bool)?
  ) -> DashTable.Place? {
    let seed = self.seed
    let index = sweep.database
    let savedInSlices = snapshot?.large.current?.address
    var values: [(database: Int, key: KeyHash)] = []
    var keys = (moved: 0, unmoved: 0)
    let next = unsafe database.pointee.table.moveBlocks(
      at: place, &mover,
      mayMove: { block in
        unsafe UInt(bitPattern: block.base) != savedInSlices
          && mayMove?(KeyHash(block.key, seed: seed)) ?? true
      },
      visit: { slot, hasMoved, mover in
        let block = unsafe DashTable.block(slot.pointee)
        let hits = mover.hits
        if block.encoding == .rawBuffer {
          mover.moveIfItPays(bits: &block.word, StringBuffer(bits: block.word).byteCount)
        } else if block.type != .string {
          if block.encoding == .structure { return values.append((index, KeyHash(block.key, seed: seed))) }
          _ = block.collection.moveBlocks(from: 0, &mover)
        }
        if hasMoved || mover.hits > hits { keys.moved += 1 } else { keys.unmoved += 1 }
      })
    sweep.values = values
    statistics.movedKeys += keys.moved
    statistics.unmovedKeys += keys.unmoved
    return next
  }

  /// Moves some blocks of the value of the key with this hash, which is the last that was noted.
  private mutating func moveValue(
    of key: KeyHash, inDatabase index: Int, _ mover: inout BlockMover, _ mayMove: ((KeyHash) -> Bool)?
  ) {
    let hits = mover.hits
    var next: UInt64?
    if mayMove?(key) ?? true, let slot = unsafe database(at: index).pointee.table.find(hash: key) {
      let block = unsafe DashTable.block(slot.pointee)
      let isSavedInSlices = unsafe UInt(bitPattern: block.base) == snapshot?.large.current?.address
      if block.type != .string, !isSavedInSlices { next = block.collection.moveBlocks(from: sweep.progress, &mover) }
    }
    sweep.hasMoved = sweep.hasMoved || mover.hits > hits
    sweep.progress = next ?? 0
    guard next == nil else { return }
    sweep.values.removeLast()
    if sweep.hasMoved { statistics.movedKeys += 1 } else { statistics.unmovedKeys += 1 }
    sweep.hasMoved = false
  }
}
