import CJemalloc
import CLinux
import Glibc
import RESP

/// A hash table that never rehashes as a whole: extendible hashing over small segments of one-cache-line
/// buckets.
///
/// ```
/// directory   2^depth words, indexed by the top bits of a key's position
///               segment pointer | bucket count << 48 | local depth << 56
/// segment     64-byte header, then buckets of 64 bytes
/// bucket      7 fingerprints, 1 overflow count, 7 slots of 8 bytes
/// slot        block pointer (16-aligned) | bit 0 has expiry | access clock: bits 1-3 and 48-63
///             | bit 47: as `savedMark` when a snapshot has the entry
/// ```
///
/// A look-up costs three cache lines: directory word (usually cached), bucket, entry. A bucket's place
/// follows from the position bits below the directory's, scaled to the bucket count, so a table's
/// order *is* the order of positions, whatever the sizes of its segments: SCAN's cursor is a position,
/// and neither splits nor growth move an entry across it.
///
/// A full bucket overflows into the next; its overflow count says how many entries passed it by, so
/// that a miss stops early (after Folly's F14). A segment grows through `bucketCounts` and splits in two from
/// the largest: it touches at most a few hundred entries, so there is no spike. Growing in smaller
/// steps than doubling keeps the fill between 0.6 and 0.87, 12 to 13 bytes a key of slot and
/// fingerprint.
///
/// - SeeAlso: B. Lu et al., "Dash: Scalable Hashing on Persistent Memory", VLDB 2020; Dragonfly's
///   docs/dashtable.md, whose segments hold 840 slots in 60 buckets of 14.
@safe
struct DashTable: ~Copyable {
  typealias Slot = UnsafeMutablePointer<UInt64>

  /// Header line plus buckets fill jemalloc's classes 128, 256 ... 4096, 6144 exactly.
  private static let bucketCounts: [Int] = [1, 3, 7, 15, 31, 63, 95]
  static let bucketCountMax = 95
  /// What both halves of a split start with.
  private static let bucketCountAfterSplit = 63
  static let slotsPerBucket = 7
  /// Positions are this wide; deeper directories would not leave bits for buckets.
  static let positionBits: UInt64 = 48
  private static let depthMax: UInt64 = 36

  var directory: UnsafeMutablePointer<UInt64>
  private(set) var depth: UInt64
  private(set) var count = 0
  /// Entries whose slot says that they expire.
  private(set) var expiringCount = 0
  private(set) var segmentCount = 0
  let seed: UInt64
  /// 0 or `savedBit`: what the slots of entries have that a snapshot needs not write (any more), new ones among them.
  /// It changes when a snapshot begins.
  var savedMark: UInt64 = 0

  /// An empty table. Allocates nothing but one directory word until the first insertion.
  init(seed: UInt64) {
    self.seed = seed
    depth = 0
    unsafe directory = .allocate(capacity: 1)
    unsafe directory[0] = 0
  }

  deinit {
    // Entries are freed by their owner, who knows what their values are: see `Database.drain`.
    var index = 0
    let size = 1 << depth
    while index < size {
      let segment = unsafe Segment(word: directory[index])
      if segment.isMissing { break }
      index += 1 << Int(depth - segment.depth)
      segment.free()
    }
    unsafe directory.deallocate()
  }

  // MARK: Look-up

  @inline(__always)
  private func segment(of hash: KeyHash) -> Segment {
    unsafe Segment(word: directory[directoryIndex(hash.position)])
  }

  @inline(__always)
  func directoryIndex(_ position: UInt64) -> Int {
    Int(truncatingIfNeeded: position >> (Self.positionBits &- depth))
  }

  /// The slot of the entry called `key`, nil if there is none. Valid until the table changes.
  @inline(__always)
  func find(_ key: ByteView, _ hash: KeyHash) -> Slot? {
    let segment = segment(of: hash)
    if segment.isMissing { return nil }
    let bucketCount = segment.bucketCount
    var bucket = segment.bucketIndex(hash.position)
    let pattern = UInt64(hash.fingerprint) &* 0x0001_0101_0101_0101
    var probes = 0
    while probes < bucketCount {
      let line = unsafe segment.bucket(bucket)
      let tags = unsafe line.load(as: UInt64.self)
      var matches = Bucket.matches(tags, pattern)
      while matches != 0 {
        let slot = unsafe Bucket.slot(line, matches.trailingZeroBitCount >> 3)
        if Self.block(unsafe slot.pointee).key == key { return unsafe slot }
        matches &= matches &- 1
      }
      if tags >> 56 == 0 { return nil }
      bucket = bucket &+ 1 == bucketCount ? 0 : bucket &+ 1
      probes &+= 1
    }
    return nil
  }

  /// As `find`, for an entry known only by its whole hash. Of two that share it, one is found.
  func find(hash: KeyHash) -> Slot? {
    let segment = segment(of: hash)
    if segment.isMissing { return nil }
    var bucket = segment.bucketIndex(hash.position)
    for _ in 0..<segment.bucketCount {
      let line = unsafe segment.bucket(bucket)
      let tags = unsafe line.load(as: UInt64.self)
      for index in 0..<Self.slotsPerBucket
      where tags >> UInt64(index * 8) & 0xFF == UInt64(hash.fingerprint) {
        let slot = unsafe Bucket.slot(line, index)
        if KeyHash(Self.block(unsafe slot.pointee).key, seed: seed).rawValue == hash.rawValue {
          return unsafe slot
        }
      }
      if tags >> 56 == 0 { return nil }
      bucket = bucket &+ 1 == segment.bucketCount ? 0 : bucket &+ 1
    }
    return nil
  }

  /// Asks the processor for the bucket a later `find` will read.
  @inline(__always)
  func prefetchBucket(_ hash: KeyHash) {
    let segment = segment(of: hash)
    if segment.isMissing { return }
    unsafe clinux_prefetch(segment.bucket(segment.bucketIndex(hash.position)))
  }

  /// Asks for the entry that a later `find` will most likely read; the bucket should be cached by now.
  @inline(__always)
  func prefetchEntry(_ hash: KeyHash) {
    let segment = segment(of: hash)
    if segment.isMissing { return }
    let line = unsafe segment.bucket(segment.bucketIndex(hash.position))
    let tags = unsafe line.load(as: UInt64.self)
    let matches = Bucket.matches(tags, UInt64(hash.fingerprint) &* 0x0001_0101_0101_0101)
    if matches == 0 { return }
    let word = unsafe Bucket.slot(line, matches.trailingZeroBitCount >> 3).pointee
    let base = unsafe Self.block(word).base
    unsafe clinux_prefetch(base)
    // Entries of the usual sizes often lie across two lines.
    unsafe clinux_prefetch(base + 64)
  }

  // MARK: Slot words

  /// Addresses of processes have 47 bits.
  private static let pointerMask: UInt64 = 0x0000_7FFF_FFFF_FFF0
  static let savedBit: UInt64 = 1 << 47
  static let expiryFlag: UInt64 = 1
  private static let clockMask: UInt64 = 0xFFFF_0000_0000_000E

  @inline(__always)
  static func block(_ word: UInt64) -> EntryBlock {
    unsafe EntryBlock(
      base: UnsafeMutableRawPointer(
        bitPattern: UInt(truncatingIfNeeded: word & pointerMask)
      ).unsafelyUnwrapped)
  }

  /// 19 bits of access clock: what they mean is the eviction policy's.
  @inline(__always)
  static func clock(_ word: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: word >> 48) << 3 | UInt32(truncatingIfNeeded: word >> 1 & 7)
  }

  @inline(__always)
  static func setClock(_ slot: Slot, _ clock: UInt32) {
    let bits = UInt64(clock >> 3 & 0xFFFF) << 48 | UInt64(clock & 7) << 1
    unsafe slot.pointee = slot.pointee & ~clockMask | bits
  }

  /// Puts another block in a slot whose key stays the same; keeps the access clock.
  @inline(__always)
  mutating func replace(_ slot: Slot, with block: EntryBlock) {
    let hadExpiry = unsafe slot.pointee & Self.expiryFlag
    let hasExpiry = block.hasExpiry ? Self.expiryFlag : 0
    unsafe slot.pointee =
      slot.pointee & (Self.clockMask | Self.savedBit) | UInt64(UInt(bitPattern: block.base)) | hasExpiry
    expiringCount &+= Int(hasExpiry) &- Int(hadExpiry)
  }

  // MARK: Change

  /// Adds an entry whose key is not in the table, and returns its slot.
  @inline(__always)
  mutating func insert(_ block: EntryBlock, _ hash: KeyHash, clock: UInt32) -> Slot {
    var segment = segment(of: hash)
    while segment.isMissing || segment.count >= segment.countMax {
      makeRoom(hash)
      segment = self.segment(of: hash)
    }
    let slot = unsafe segment.place(
      UInt64(UInt(bitPattern: block.base)) | (block.hasExpiry ? Self.expiryFlag : 0) | savedMark, hash)
    unsafe Self.setClock(slot, clock)
    count &+= 1
    if block.hasExpiry { expiringCount &+= 1 }
    return unsafe slot
  }

  /// Takes an entry out. The block is the caller's from here.
  mutating func remove(_ slot: Slot, _ hash: KeyHash) -> EntryBlock {
    let word = unsafe slot.pointee
    let segment = segment(of: hash)
    unsafe segment.clear(slot, hash)
    count -= 1
    if word & Self.expiryFlag != 0 { expiringCount -= 1 }
    return Self.block(word)
  }

  // MARK: Growth

  @inline(never)
  private mutating func makeRoom(_ hash: KeyHash) {
    let index = directoryIndex(hash.position)
    let old = unsafe Segment(word: directory[index])
    if old.isMissing {
      let fresh = Segment.allocate(bucketCount: Self.bucketCounts[0], depth: 0)
      unsafe directory[0] = fresh.word
      segmentCount = 1
      return
    }
    if let larger = Self.bucketCounts.first(where: { $0 > old.bucketCount }) {
      let grown = Segment.allocate(bucketCount: larger, depth: old.depth)
      old.prefetchEntries()
      old.forEachSlot { word in
        _ = unsafe grown.place(word, KeyHash(Self.block(word).key, seed: seed))
      }
      point(from: index, segment: grown)
      old.free()
      return
    }
    split(old, at: index)
  }

  private mutating func split(_ old: Segment, at index: Int) {
    let childDepth = old.depth + 1
    precondition(childDepth <= Self.depthMax, "hash table split too deep: keys hash alike")
    if childDepth > depth { doubleDirectory() }
    let splitBit = UInt64(1) << (Self.positionBits - childDepth)
    old.prefetchEntries()
    var anyPosition: UInt64 = 0
    var highCount = 0
    old.forEachSlot { word in
      if KeyHash(Self.block(word).key, seed: seed).position & splitBit != 0 { highCount += 1 }
    }
    let low = Self.half(holding: old.count - highCount, depth: childDepth)
    let high = Self.half(holding: highCount, depth: childDepth)
    old.forEachSlot { word in
      let hash = KeyHash(Self.block(word).key, seed: seed)
      anyPosition = hash.position
      _ = unsafe (hash.position & splitBit == 0 ? low : high).place(word, hash)
    }
    point(from: directoryIndex(anyPosition & ~splitBit), segment: low)
    point(from: directoryIndex(anyPosition | splitBit), segment: high)
    segmentCount += 1
    old.free()
  }

  /// A segment for one half of a split; a lopsided half gets the largest.
  private static func half(holding count: Int, depth: UInt64) -> Segment {
    let fits = count < bucketCountAfterSplit * slotsPerBucket * 7 / 8
    return Segment.allocate(
      bucketCount: fits ? bucketCountAfterSplit : bucketCountMax, depth: depth)
  }

  private mutating func doubleDirectory() {
    let size = 1 << Int(depth)
    let doubled = UnsafeMutablePointer<UInt64>.allocate(capacity: size * 2)
    for index in 0..<size {
      unsafe doubled[index * 2] = directory[index]
      unsafe doubled[index * 2 + 1] = directory[index]
    }
    unsafe directory.deallocate()
    unsafe directory = doubled
    depth += 1
  }

  /// Writes `segment` into all directory words it covers, one of which is `index`.
  mutating func point(from index: Int, segment: Segment) {
    let span = 1 << Int(depth - segment.depth)
    let start = index & ~(span - 1)
    for position in start..<start + span { unsafe directory[position] = segment.word }
  }

  // MARK: Traversal

  /// Visits every entry whose position lies in the bucket that `position` falls in, at or after
  /// `position`, and returns where the next bucket starts; nil after the last.
  ///
  /// The visitor must not change the table. Entries present from the first call (position 0) to the
  /// last are visited exactly once, whatever is inserted or removed between calls.
  func visitBucket(from position: UInt64, _ visit: (Slot) -> Void) -> UInt64? {
    let segment = unsafe Segment(word: directory[directoryIndex(position)])
    let end = UInt64(1) << Self.positionBits
    if segment.isMissing { return nil }
    let home = segment.bucketIndex(position)
    var bucket = home
    var probes = 0
    while probes < segment.bucketCount {
      let line = unsafe segment.bucket(bucket)
      let tags = unsafe line.load(as: UInt64.self)
      for index in 0..<Self.slotsPerBucket where tags >> UInt64(index * 8) & 0xFF != 0 {
        let slot = unsafe Bucket.slot(line, index)
        let owner = KeyHash(Self.block(unsafe slot.pointee).key, seed: seed).position
        if owner >= position && segment.bucketIndex(owner) == home { unsafe visit(slot) }
      }
      if tags >> 56 == 0 { break }
      bucket = bucket + 1 == segment.bucketCount ? 0 : bucket + 1
      probes += 1
    }
    let next = segment.bucketEnd(home, segmentStart: segmentStart(position, segment))
    return next >= end ? nil : next
  }

  /// Visits all slots of the segment that `position` falls in, without reading the entries, and
  /// returns where the next segment starts; nil after the last.
  func visitSegment(from position: UInt64, _ visit: (Slot) -> Void) -> UInt64? {
    let segment = unsafe Segment(word: directory[directoryIndex(position)])
    if segment.isMissing { return nil }
    unsafe segment.forEachSlotPointer(visit)
    let next = segmentStart(position, segment) + UInt64(1) << (Self.positionBits - segment.depth)
    return next >= UInt64(1) << Self.positionBits ? nil : next
  }

  /// Asks the processor for the entries of the segment at `position`.
  func prefetchSegment(at position: UInt64) {
    let segment = unsafe Segment(word: directory[directoryIndex(position)])
    if !segment.isMissing { segment.prefetchEntries() }
  }

  /// How many entries the segment at `position` holds.
  func segmentEntryCount(at position: UInt64) -> Int {
    let segment = unsafe Segment(word: directory[directoryIndex(position)])
    return segment.isMissing ? 0 : segment.count
  }

  func segmentStart(_ position: UInt64, _ segment: Segment) -> UInt64 {
    position & ~(UInt64(1) << (Self.positionBits - segment.depth) - 1)
  }

  #if DEBUG || INTERNAL_CHECKS
    /// Traps unless the overflow counts of the segment at `position` are how many entries passed each
    /// bucket by; a saturated count may be anything.
    func checkOverflows(at position: UInt64) {
      let segment = unsafe Segment(word: directory[directoryIndex(position)])
      if segment.isMissing { return }
      var passed = [Int](repeating: 0, count: segment.bucketCount)
      for bucket in 0..<segment.bucketCount {
        let line = unsafe segment.bucket(bucket)
        let tags = unsafe line.load(as: UInt64.self)
        for index in 0..<Self.slotsPerBucket where tags >> UInt64(index * 8) & 0xFF != 0 {
          let word = unsafe Bucket.slot(line, index).pointee
          let hash = KeyHash(Self.block(word).key, seed: seed)
          precondition(
            tags >> UInt64(index * 8) & 0xFF == UInt64(hash.fingerprint), "a wrong fingerprint")
          var home = segment.bucketIndex(hash.position)
          while home != bucket {
            passed[home] += 1
            home = home + 1 == segment.bucketCount ? 0 : home + 1
          }
        }
      }
      for bucket in 0..<segment.bucketCount {
        let overflow = Int(unsafe segment.bucket(bucket).load(fromByteOffset: 7, as: UInt8.self))
        precondition(overflow == 255 || overflow == passed[bucket], "a wrong overflow count")
      }
    }
  #endif

  /// A slot near a random position: every entry has a fair chance, up to the unevenness of buckets.
  ///
  /// A table does not shrink, so it may be all but empty: after `randomTriesMax` slots that are free, the next entry
  /// in the table's order is taken, which favours entries behind large gaps.
  ///
  /// - Parameter random: returns 64 random bits.
  /// - Returns: nil when the table is empty.
  func randomSlot(_ random: () -> UInt64) -> Slot? {
    guard count > 0 else { return nil }
    var tries = 0
    while tries < Self.randomTriesMax {
      let bits = random()
      let segment = unsafe Segment(word: directory[directoryIndex(bits >> 16)])
      let bucket = Int(random() % UInt64(segment.bucketCount))
      let line = unsafe segment.bucket(bucket)
      let tags = unsafe line.load(as: UInt64.self)
      let index = Int(bits & 0xFFFF) % Self.slotsPerBucket
      if tags >> UInt64(index * 8) & 0xFF != 0 { return unsafe Bucket.slot(line, index) }
      tries += 1
    }
    return unsafe anySlot(from: random() >> 16)
  }

  private static let randomTriesMax = 128

  /// A slot drawn so that every entry has the same chance, however unevenly segments are filled.
  ///
  /// A directory word is drawn, then a slot of its segment: the chance of a slot is the segment's part of the
  /// directory over its number of slots, so a draw is accepted in proportion to the inverse.
  ///
  /// - Complexity: O(1) where the table is as full as growth leaves it; after `randomTriesMax` misses
  ///   as `randomSlot`.
  func fairRandomSlot(_ random: () -> UInt64) -> Slot? {
    guard count > 0 else { return nil }
    let slotsMax = Self.bucketCountMax * Self.slotsPerBucket
    for _ in 0..<Self.randomTriesMax * 8 {
      let bits = random()
      let segment = unsafe Segment(word: directory[directoryIndex(bits >> 16)])
      let slots = segment.bucketCount * Self.slotsPerBucket
      // With one segment there is nothing to even out.
      if segmentCount > 1 {
        let scale = UInt64(slotsMax) << (depth - segment.depth)
        if random() % scale >= UInt64(slots) { continue }
      }
      let choice = Int(random() % UInt64(slots))
      let line = unsafe segment.bucket(choice / Self.slotsPerBucket)
      let index = choice % Self.slotsPerBucket
      if unsafe line.load(fromByteOffset: index, as: UInt8.self) != 0 {
        return unsafe Bucket.slot(line, index)
      }
    }
    return unsafe randomSlot(random)
  }

  /// The first slot in use in the first segment from `position` on, around the end, that has one.
  private func anySlot(from position: UInt64) -> Slot? {
    var position = position
    for _ in 0...segmentCount {
      if segmentEntryCount(at: position) > 0 {
        var found: Slot?
        _ = unsafe visitSegment(from: position) { slot in unsafe found = slot }
        return unsafe found
      }
      let segment = unsafe Segment(word: directory[directoryIndex(position)])
      let next = segmentStart(position, segment) + UInt64(1) << (Self.positionBits - segment.depth)
      position = next >= UInt64(1) << Self.positionBits ? 0 : next
    }
    return nil
  }

  /// What one entry takes of the table on average where it is well filled: its part of a bucket.
  static let bytesPerSlot = 64 / (slotsPerBucket - 1)

  /// The bytes of directory and segments, entries not included.
  var overheadByteCount: Int {
    var bytes = 8 << Int(depth)
    var index = 0
    while index < 1 << Int(depth) {
      let segment = unsafe Segment(word: directory[index])
      if segment.isMissing { break }
      bytes += segment.byteCount
      index += 1 << Int(depth - segment.depth)
    }
    return bytes
  }
}
