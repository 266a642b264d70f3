import CJemalloc
import CLinux
import Glibc

/// The bits of one bucket's tag word: seven fingerprints, then the overflow count.
enum Bucket {
  /// Bit 7 of each byte whose fingerprint equals the pattern's. A byte just above a true match may
  /// be flagged falsely; the key comparison sorts that out. A free slot is never flagged, since no
  /// fingerprint is 1.
  @inline(__always)
  static func matches(_ tags: UInt64, _ pattern: UInt64) -> UInt64 {
    let difference = tags ^ pattern
    return (difference &- 0x0001_0101_0101_0101) & ~difference & 0x0080_8080_8080_8080
  }

  /// Bit 7 of each byte whose slot is free. A byte above a free one may be flagged falsely, so only
  /// the lowest counts.
  @inline(__always)
  static func free(_ tags: UInt64) -> UInt64 {
    (tags &- 0x0001_0101_0101_0101) & ~tags & 0x0080_8080_8080_8080
  }

  @inline(__always)
  static func slot(_ line: UnsafeMutableRawPointer, _ index: Int) -> DashTable.Slot {
    unsafe (line + (8 &+ index &* 8)).assumingMemoryBound(to: UInt64.self)
  }
}

/// One segment of a `DashTable`, as its directory word names it.
@safe
struct Segment {
  let word: UInt64

  @inline(__always)
  init(word: UInt64) { self.word = word }

  @inline(__always) var isMissing: Bool { word == 0 }
  @inline(__always) var bucketCount: Int { Int(truncatingIfNeeded: word >> 48 & 0xFF) }
  @inline(__always) var depth: UInt64 { word >> 56 }

  @inline(__always)
  var base: UnsafeMutableRawPointer {
    unsafe UnsafeMutableRawPointer(
      bitPattern: UInt(truncatingIfNeeded: word & 0x0000_FFFF_FFFF_FFFF)
    ).unsafelyUnwrapped
  }

  @inline(__always)
  func bucket(_ index: Int) -> UnsafeMutableRawPointer { unsafe base + (64 &+ index &* 64) }

  var byteCount: Int { 64 + bucketCount * 64 }

  /// Entries held.
  @inline(__always)
  var count: Int {
    get { unsafe base.load(as: Int.self) }
    nonmutating set { unsafe base.storeBytes(of: newValue, as: Int.self) }
  }

  /// Beyond 7/8 of the slots, overflow chains grow quickly.
  @inline(__always)
  var countMax: Int { bucketCount &* DashTable.slotsPerBucket &* 7 / 8 }

  static func allocate(bucketCount: Int, depth: UInt64) -> Segment {
    let byteCount = 64 + bucketCount * 64
    guard let memory = unsafe aligned_alloc(64, byteCount) else {
      fatalError("out of memory: \(byteCount) bytes for a table segment")
    }
    unsafe memset(memory, 0, byteCount)
    return unsafe Segment(base: memory, bucketCount: bucketCount, depth: depth)
  }

  init(base: UnsafeMutableRawPointer, bucketCount: Int, depth: UInt64) {
    word = UInt64(UInt(bitPattern: base)) | UInt64(bucketCount) << 48 | depth << 56
  }

  func free() { unsafe Glibc.free(base) }

  /// The home bucket of a position: its offset in the segment's range, scaled.
  @inline(__always)
  func bucketIndex(_ position: UInt64) -> Int {
    let width = DashTable.positionBits &- depth
    let offset = position & ((UInt64(1) << width) &- 1)
    return Int(truncatingIfNeeded: (offset &* UInt64(bucketCount)) >> width)
  }

  /// The first position past bucket `index`.
  func bucketEnd(_ index: Int, segmentStart: UInt64) -> UInt64 {
    let width = DashTable.positionBits - depth
    let scaled = UInt64(index + 1) << width
    return segmentStart + (scaled + UInt64(bucketCount) - 1) / UInt64(bucketCount)
  }

  /// Puts a slot word into the first free slot from its home on. There must be room.
  @inline(__always)
  func place(_ slotWord: UInt64, _ hash: KeyHash) -> DashTable.Slot {
    var index = bucketIndex(hash.position)
    while true {
      let line = unsafe bucket(index)
      let tags = unsafe line.load(as: UInt64.self)
      let free = Bucket.free(tags)
      if free != 0 {
        let position = free.trailingZeroBitCount >> 3
        unsafe line.storeBytes(of: hash.fingerprint, toByteOffset: position, as: UInt8.self)
        let slot = unsafe Bucket.slot(line, position)
        unsafe slot.pointee = slotWord
        count &+= 1
        return unsafe slot
      }
      // Saturates: from 255 on the count only says "some", for the segment's life.
      let overflow = UInt8(truncatingIfNeeded: tags >> 56)
      if overflow != 255 {
        unsafe line.storeBytes(of: overflow &+ 1, toByteOffset: 7, as: UInt8.self)
      }
      index = index &+ 1 == bucketCount ? 0 : index &+ 1
    }
  }

  /// Frees a slot and takes its entry out of the overflow counts of the buckets before it.
  func clear(_ slot: DashTable.Slot, _ hash: KeyHash) {
    var index = bucketIndex(hash.position)
    while true {
      let line = unsafe bucket(index)
      let offset = unsafe UnsafeMutableRawPointer(slot) - line
      if offset >= 8 && offset < 64 {
        unsafe line.storeBytes(of: 0, toByteOffset: (offset - 8) >> 3, as: UInt8.self)
        unsafe slot.pointee = 0
        count -= 1
        return
      }
      let overflow = unsafe line.load(fromByteOffset: 7, as: UInt8.self)
      precondition(overflow > 0, "an entry lies beyond a bucket that says nothing overflowed")
      if overflow != 255 {
        unsafe line.storeBytes(of: overflow - 1, toByteOffset: 7, as: UInt8.self)
      }
      index = index + 1 == bucketCount ? 0 : index + 1
    }
  }

  @inline(__always)
  func forEachSlotPointer(_ body: (DashTable.Slot) -> Void) {
    unsafe forEachSlotPointer(in: 0..<bucketCount, body)
  }

  @inline(__always)
  func forEachSlotPointer(in buckets: Range<Int>, _ body: (DashTable.Slot) -> Void) {
    for index in buckets {
      let line = unsafe bucket(index)
      var tags = unsafe line.load(as: UInt64.self) & 0x00FF_FFFF_FFFF_FFFF
      while tags != 0 {
        let position = tags.trailingZeroBitCount >> 3
        unsafe body(Bucket.slot(line, position))
        tags &= ~(UInt64(0xFF) << UInt64(position << 3))
      }
    }
  }

  @inline(__always)
  func forEachSlot(_ body: (UInt64) -> Void) {
    unsafe forEachSlotPointer { unsafe body($0.pointee) }
  }

  /// A rebuild reads every entry's key; asking for all of them first overlaps the misses.
  func prefetchEntries() {
    forEachSlot { unsafe clinux_prefetch(DashTable.block($0).base) }
  }
}
