import CJemalloc
import Glibc

/// Moves heap blocks so that jemalloc can give pages back.
///
/// jemalloc cuts some pages, a *slab*, into regions of one size, and gives them back once all regions are free. When
/// sizes change, or keys go here and there, many slabs are left with a few blocks each. A block is moved when its slab
/// has at least the average part of free regions of its size: the new one comes from the slab that is being filled
/// (not from the thread's cache, which would hand out what was freed just now), so fuller slabs fill up and
/// emptier ones empty. What is the only block of its pages is never moved.
///
/// Averages are those of the calling thread's arena, and are asked for anew by `begin`, and whenever another slab is
/// begun. Where jemalloc does not tell, nothing is moved.
///
/// - SeeAlso: jemalloc's `experimental.utilization.query` and `batch_query` (src/inspect.c).
@safe
struct BlockMover: ~Copyable {
  /// Which blocks go.
  enum Choice {
    /// Those of slabs that are emptier than the average.
    case fromEmptierSlabs
    /// Every one: for tests.
    case all
  }

  /// Blocks that are asked about at once: a bucket's seven slots, eight times; or a leaf's entries.
  static let batchMax = 64

  private let choice: Choice
  private var batchQuery = unsafe cjemalloc_find_control("experimental.utilization.batch_query")
  private var query = unsafe cjemalloc_find_control("experimental.utilization.query")
  /// By `sizeIndex`.
  private let sizes: UnsafeMutablePointer<SizeClass>
  private let blocks: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private let slabs: UnsafeMutablePointer<cjemalloc_slab_t>
  private var blockCount = 0

  /// Blocks moved, and looked at and left.
  private(set) var hits = 0
  private(set) var misses = 0

  /// What is known of the slabs of one size.
  private struct SizeClass {
    var isKnown = false
    /// Regions of all slabs, and how many of those are free.
    var regions = 0
    var freeRegions = 0
    /// The slab that new blocks come from.
    var current: UInt = 0
    var slabByteCount: UInt = 0

    /// Too few are free for anything to be won.
    var isDense: Bool { freeRegions * BlockMover.denseDivisor < regions }

    func isCurrent(_ block: UnsafeMutableRawPointer) -> Bool {
      UInt(bitPattern: block) &- current < slabByteCount
    }
  }

  /// Where no more than one region in so many is free, the pages are well used.
  private static let denseDivisor = 64
  private static let sizeClassCount = 48

  init(_ choice: Choice = .fromEmptierSlabs) {
    self.choice = choice
    unsafe sizes = .allocate(capacity: Self.sizeClassCount)
    unsafe sizes.initialize(repeating: SizeClass(), count: Self.sizeClassCount)
    unsafe blocks = .allocate(capacity: Self.batchMax)
    unsafe slabs = .allocate(capacity: Self.batchMax)
  }

  deinit {
    unsafe sizes.deallocate()
    unsafe blocks.deallocate()
    unsafe slabs.deallocate()
  }

  /// Some other work has been done since the last call of anything here.
  mutating func begin() {
    for index in 0..<Self.sizeClassCount { unsafe sizes[index].isKnown = false }
  }

  // MARK: Asking

  /// Asks about several blocks at once, at most `batchMax`: call `ask`, then `add` for each, then `find`.
  mutating func ask() { blockCount = 0 }

  @inline(__always)
  mutating func add(_ block: UnsafeMutableRawPointer) {
    unsafe blocks[blockCount] = block
    blockCount &+= 1
  }

  mutating func find() {
    precondition(blockCount <= Self.batchMax, "too many blocks are asked about at once")
    guard choice == .fromEmptierSlabs, blockCount > 0 else { return }
    if unsafe batchQuery.depth == 0 || cjemalloc_find_slabs(&batchQuery, blocks, blockCount, slabs) != 0 {
      // As if all were full.
      for index in 0..<blockCount { unsafe slabs[index] = cjemalloc_slab_t() }
    }
  }

  /// Whether the block that was added as number `index` should be moved.
  @inline(__always)
  mutating func pays(_ index: Int) -> Bool {
    let pays =
      switch choice {
      case .all: true
      case .fromEmptierSlabs:
        unsafe slabs[index].free_regions > 0 && isEmptier(blocks[index], slabs[index])
      }
    if pays { hits &+= 1 } else { misses &+= 1 }
    return pays
  }

  private mutating func isEmptier(_ block: UnsafeMutableRawPointer, _ slab: cjemalloc_slab_t) -> Bool {
    let regionByteCount = slab.byte_count / slab.regions
    let index = Self.sizeIndex(regionByteCount)
    if unsafe !sizes[index].isKnown { learn(regionByteCount) }
    let size = unsafe sizes[index]
    if unsafe size.isDense || size.isCurrent(block) { return false }
    return Int(slab.free_regions) * size.regions >= size.freeRegions * Int(slab.regions)
  }

  /// Asks about the slabs that blocks of this size come from.
  private mutating func learn(_ byteCount: Int) {
    let block = unsafe Self.allocate(byteCount, alignment: 16)
    unsafe learn(byteCount, from: block)
    unsafe cjemalloc_free_uncached(block)
  }

  private mutating func learn(_ byteCount: Int, from block: UnsafeMutableRawPointer) {
    var answer = cjemalloc_slabs_t()
    var size = SizeClass(isKnown: true)
    if query.depth > 0, unsafe cjemalloc_find_like_slabs(&query, block, &answer) == 0 {
      size.regions = Int(answer.all_regions)
      size.freeRegions = Int(answer.all_free_regions)
      size.current = answer.current_slab
      size.slabByteCount = UInt(answer.slab.byte_count)
    }
    unsafe sizes[Self.sizeIndex(byteCount)] = size
  }

  /// jemalloc's classes: every 16 bytes up to 128, then four each time the size doubles, up to 14 KiB in slabs.
  private static func sizeIndex(_ byteCount: Int) -> Int {
    if byteCount <= 128 { return (byteCount &+ 15) >> 4 }
    let below = byteCount &- 1
    let doubling = Int.bitWidth &- 1 &- below.leadingZeroBitCount
    return Swift.min(9 &+ (doubling &- 7) &* 4 &+ (below >> (doubling &- 2)) & 3, sizeClassCount &- 1)
  }

  // MARK: Moving

  private static func allocate(_ byteCount: Int, alignment: Int) -> UnsafeMutableRawPointer {
    guard let block = unsafe cjemalloc_allocate_uncached(byteCount, alignment) else {
      fatalError("out of memory: \(byteCount) bytes")
    }
    return unsafe block
  }

  /// A block with the same content, in the place of this one, which is freed: whoever points to it is to point to the new one.
  mutating func move(
    _ block: UnsafeMutableRawPointer, _ byteCount: Int, alignment: Int = 16
  ) -> UnsafeMutableRawPointer {
    let moved = unsafe copy(block, byteCount, alignment: alignment)
    unsafe cjemalloc_free_uncached(block)
    return unsafe moved
  }

  /// As `move`, but the old block stays until `free`.
  mutating func copy(
    _ block: UnsafeMutableRawPointer, _ byteCount: Int, alignment: Int = 16
  ) -> UnsafeMutableRawPointer {
    // As `Heap.allocate` has it.
    let allocated = Swift.max(byteCount, 16)
    let moved = unsafe Self.allocate(allocated, alignment: alignment)
    unsafe memcpy(moved, block, byteCount)
    let index = Self.sizeIndex(allocated)
    if index < Self.sizeClassCount - 1, unsafe sizes[index].isKnown, unsafe !sizes[index].isCurrent(moved) {
      unsafe learn(allocated, from: moved)
    }
    return unsafe moved
  }

  func free(_ block: UnsafeMutableRawPointer) { unsafe cjemalloc_free_uncached(block) }

  /// Asks about one block, and moves it if that pays.
  ///
  /// - Returns: where it is now; nil if it stayed.
  mutating func moveIfItPays(
    _ block: UnsafeMutableRawPointer, _ byteCount: Int, alignment: Int = 16
  ) -> UnsafeMutableRawPointer? {
    ask()
    unsafe add(block)
    find()
    return unsafe pays(0) ? move(block, byteCount, alignment: alignment) : nil
  }

  /// As above, for a handle's word.
  mutating func moveIfItPays(bits: inout Int, _ byteCount: Int) {
    guard let block = unsafe UnsafeMutableRawPointer(bitPattern: bits),
      let moved = unsafe moveIfItPays(block, byteCount)
    else { return }
    bits = Int(bitPattern: moved)
  }
}
