import CLinux

/// Blocks that move, so that memory can be given back: entries, and the table's own.
extension DashTable {
  /// A place within a table, from which on blocks have not been looked at: some buckets of a segment.
  ///
  /// It stays usable, whatever happens to the table; what has come and gone meanwhile may be passed over.
  struct Place {
    var position: UInt64 = 0
    var bucket = 0

    /// As one word below 2^55.
    var rawValue: UInt64 { position | UInt64(bucket) << DashTable.positionBits }

    init() {}

    init(rawValue: UInt64) {
      position = rawValue & (UInt64(1) << DashTable.positionBits - 1)
      bucket = Int(rawValue >> DashTable.positionBits)
    }
  }

  /// Buckets of a step: their blocks are asked about at once.
  private static let bucketsPerStep = 8

  /// Moves entries of the buckets at `place` where that pays, and a segment when its first buckets are looked at.
  ///
  /// - Parameters:
  ///   - mayMove: whether nobody holds an address of the entry, or of anything in its value.
  ///   - visit: gets the slot of each entry that may move, after that, and whether it was moved.
  /// - Returns: where to go on; nil after the last.
  mutating func moveBlocks(
    at place: Place, _ mover: inout BlockMover, mayMove: (EntryBlock) -> Bool = { _ in true },
    visit: (Slot, _ hasMoved: Bool, inout BlockMover) -> Void = { _, _, _ in }
  ) -> Place? {
    moveSegment(at: place, &mover)
    let segment = unsafe Segment(word: directory[directoryIndex(place.position)])
    if segment.isMissing { return nil }
    // The segment may have become another one since, with fewer buckets.
    let start = Swift.min(place.bucket, segment.bucketCount)
    let end = Swift.min(start + Self.bucketsPerStep, segment.bucketCount)
    unsafe segment.forEachSlotPointer(in: start..<end) { unsafe clinux_prefetch(Self.block($0.pointee).base) }
    mover.ask()
    unsafe segment.forEachSlotPointer(in: start..<end) { unsafe mover.add(Self.block($0.pointee).base) }
    mover.find()
    var index = 0
    var moved: UInt64 = 0
    var fixed: UInt64 = 0
    unsafe segment.forEachSlotPointer(in: start..<end) { slot in
      let block = unsafe Self.block(slot.pointee)
      if !mayMove(block) {
        fixed |= 1 << UInt64(index)
      } else if mover.pays(index) {
        unsafe replace(slot, with: EntryBlock(base: mover.move(block.base, block.byteCount)))
        moved |= 1 << UInt64(index)
      }
      index += 1
    }
    index = 0
    unsafe segment.forEachSlotPointer(in: start..<end) { slot in
      let bit = UInt64(1) << UInt64(index)
      if fixed & bit == 0 { unsafe visit(slot, moved & bit != 0, &mover) }
      index += 1
    }
    return self.place(after: place, segment, end)
  }

  /// As above, without the entries.
  mutating func moveSegments(at place: Place, _ mover: inout BlockMover) -> Place? {
    moveSegment(at: place, &mover)
    let segment = unsafe Segment(word: directory[directoryIndex(place.position)])
    return segment.isMissing ? nil : self.place(after: place, segment, segment.bucketCount)
  }

  private func place(after place: Place, _ segment: Segment, _ bucket: Int) -> Place? {
    var next = place
    next.bucket = bucket
    if bucket < segment.bucketCount { return next }
    next.bucket = 0
    next.position = segmentStart(place.position, segment) + UInt64(1) << (Self.positionBits - segment.depth)
    return next.position >= UInt64(1) << Self.positionBits ? nil : next
  }

  private mutating func moveSegment(at place: Place, _ mover: inout BlockMover) {
    guard place.bucket == 0 else { return }
    if place.position == 0 { moveDirectory(&mover) }
    let index = directoryIndex(place.position)
    let segment = unsafe Segment(word: directory[index])
    if segment.isMissing { return }
    guard let moved = unsafe mover.moveIfItPays(segment.base, segment.byteCount, alignment: 64) else { return }
    unsafe point(from: index, segment: Segment(base: moved, bucketCount: segment.bucketCount, depth: segment.depth))
  }

  private mutating func moveDirectory(_ mover: inout BlockMover) {
    let byteCount = 8 << Int(depth)
    guard let moved = unsafe mover.moveIfItPays(directory, byteCount) else { return }
    unsafe directory = moved.assumingMemoryBound(to: UInt64.self)
  }
}
