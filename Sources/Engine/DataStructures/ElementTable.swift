import Glibc
import RESP

/// The named elements of one large collection: a set's members, a hash's fields with their values,
/// a sorted set's members with their scores.
///
/// The same table and the same blocks that hold a database's keys, so an element costs what a key costs:
/// 12 bytes of slot and one block; and walking it with a cursor, growing without spikes and
/// elements that expire come with it.
///
/// A handle of one word; whoever keeps the word owns the table.
@safe
struct ElementTable {
  let table: UnsafeMutablePointer<DashTable>

  /// - Parameter bits: what `bits` of another instance gave.
  @inline(__always)
  init(bits: Int) {
    unsafe table = UnsafeMutablePointer(bitPattern: bits).unsafelyUnwrapped
  }

  @inline(__always) var bits: Int { unsafe Int(bitPattern: table) }

  /// A new table without elements.
  ///
  /// - Parameter seed: of the hash, drawn at start: nobody outside can choose elements that collide.
  static func empty(seed: UInt64) -> ElementTable {
    let table = UnsafeMutablePointer<DashTable>.allocate(capacity: 1)
    unsafe table.initialize(to: DashTable(seed: seed))
    return ElementTable(bits: Int(bitPattern: table))
  }

  var count: Int { unsafe table.pointee.count }
  /// Elements that have an expiry.
  var expiringCount: Int { unsafe table.pointee.expiringCount }
  var seed: UInt64 { unsafe table.pointee.seed }

  // MARK: Elements

  /// One element. Valid until the table changes.
  @safe struct Element {
    let slot: DashTable.Slot

    @inline(__always) private var block: EntryBlock { unsafe DashTable.block(slot.pointee) }
    @inline(__always) var name: ByteView { block.key }
    @inline(__always) var value: ByteView { block.value }
    /// Milliseconds since 1970, nil if the element stays.
    @inline(__always)
    var expiry: Int64? { unsafe slot.pointee & DashTable.expiryFlag != 0 ? block.expiry : nil }
    /// Whether its expiry is at `time` or before.
    @inline(__always)
    func isOver(at time: Int64) -> Bool {
      unsafe slot.pointee & DashTable.expiryFlag != 0 && block.expiry <= time
    }
    /// The value as one 8-byte word, where it was stored as one. Writing changes it in place.
    @inline(__always)
    var word: Int {
      get { block.word }
      nonmutating set { block.word = newValue }
    }

    /// What identifies the element as long as it is neither removed nor given another value or expiry by
    /// `ElementTable`; survives growth of the table.
    var address: UInt { unsafe UInt(bitPattern: block.base) }
  }

  @inline(__always)
  func find(_ name: ByteView) -> Element? {
    guard let slot = unsafe table.pointee.find(name, KeyHash(name, seed: table.pointee.seed)) else {
      return nil
    }
    return unsafe Element(slot: slot)
  }

  /// What `find` and `insert` look a name up by, for callers that do both.
  @inline(__always)
  func hash(_ name: ByteView) -> KeyHash { unsafe KeyHash(name, seed: table.pointee.seed) }

  @inline(__always)
  func prefetchBucket(_ hash: KeyHash) { unsafe table.pointee.prefetchBucket(hash) }

  @inline(__always)
  func prefetchEntry(_ hash: KeyHash) { unsafe table.pointee.prefetchEntry(hash) }

  /// As `find(_:)`, with the hash of the name.
  @inline(__always)
  func find(_ name: ByteView, _ hash: KeyHash) -> Element? {
    guard let slot = unsafe table.pointee.find(name, hash) else { return nil }
    return unsafe Element(slot: slot)
  }

  /// As `insert(_:word:)`, with the hash of the name.
  func insert(_ name: ByteView, word: Int, _ hash: KeyHash) -> Element {
    let block = EntryBlock.allocate(
      key: name, valueCount: 8, type: .string, encoding: .embedded, expiry: nil)
    block.word = word
    return unsafe Element(slot: table.pointee.insert(block, hash, clock: 0))
  }

  /// The name of the element with this `Element.address`.
  @inline(__always)
  static func name(at address: UInt) -> ByteView {
    unsafe EntryBlock(base: UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped).key
  }

  @inline(__always)
  func contains(_ name: ByteView) -> Bool { find(name) != nil }

  /// Adds an element whose name is not there yet.
  ///
  /// - Parameters:
  ///   - name: must not point into the table, nor must `value`.
  @discardableResult
  func insert(_ name: ByteView, value: ByteView = .empty, expiry: Int64? = nil) -> Element {
    let block = EntryBlock.allocate(
      key: name, valueCount: value.count, type: .string, encoding: .embedded, expiry: expiry)
    unsafe memcpy(block.valueBase, value.unsafeBase, value.count)
    let hash = unsafe KeyHash(name, seed: table.pointee.seed)
    return unsafe Element(slot: table.pointee.insert(block, hash, clock: 0))
  }

  /// Adds an element without a value, unless its name is there; false if it is.
  @inline(__always)
  func insertIfMissing(_ name: ByteView) -> Bool {
    let hash = hash(name)
    if unsafe table.pointee.find(name, hash) != nil { return false }
    let block = EntryBlock.allocate(
      key: name, valueCount: 0, type: .string, encoding: .embedded, expiry: nil)
    _ = unsafe table.pointee.insert(block, hash, clock: 0)
    return true
  }

  /// As `insert(_:value:expiry:)`, with the hash of the name.
  @inline(__always)
  func insert(_ name: ByteView, value: ByteView, _ hash: KeyHash) {
    let block = EntryBlock.allocate(
      key: name, valueCount: value.count, type: .string, encoding: .embedded, expiry: nil)
    unsafe memcpy(block.valueBase, value.unsafeBase, value.count)
    _ = unsafe table.pointee.insert(block, hash, clock: 0)
  }

  /// As above, with a value of one 8-byte word.
  @discardableResult
  func insert(_ name: ByteView, word: Int) -> Element {
    let block = EntryBlock.allocate(
      key: name, valueCount: 8, type: .string, encoding: .embedded, expiry: nil)
    block.word = word
    let hash = unsafe KeyHash(name, seed: table.pointee.seed)
    return unsafe Element(slot: table.pointee.insert(block, hash, clock: 0))
  }

  /// Gives an element another value and expiry; in place where the size class stays.
  ///
  /// - Parameter value: must not point into the table.
  func update(_ element: Element, value: ByteView, expiry: Int64?) {
    let old = unsafe DashTable.block(element.slot.pointee)
    let name = old.key
    let newCount = EntryBlock.byteCount(
      keyCount: name.count, valueCount: value.count, hasExpiry: expiry != nil)
    let isSameForm =
      (expiry != nil) == old.hasExpiry && old.isWide == !EntryBlock.isNarrow(name.count, value.count)
    if isSameForm, Heap.sizeClass(newCount) == Heap.sizeClass(old.byteCount) {
      // The name stays where it is; the rest of the header is written anew.
      old.setValueCount(value.count)
      if let expiry { old.expiry = expiry }
      unsafe memcpy(old.valueBase, value.unsafeBase, value.count)
      return
    }
    let block = EntryBlock.allocate(
      key: name, valueCount: value.count, type: .string, encoding: .embedded, expiry: expiry)
    unsafe memcpy(block.valueBase, value.unsafeBase, value.count)
    unsafe table.pointee.replace(element.slot, with: block)
    old.free()
  }

  /// Gives an element an expiry, or takes it away.
  func setExpiry(_ element: Element, _ expiry: Int64?) {
    let old = unsafe DashTable.block(element.slot.pointee)
    if let expiry, old.hasExpiry {
      old.expiry = expiry
      return
    }
    guard (expiry != nil) != old.hasExpiry else { return }
    let block = EntryBlock.allocate(
      key: old.key, valueCount: old.valueCount, type: .string, encoding: .embedded, expiry: expiry)
    unsafe memcpy(block.valueBase, old.valueBase, old.valueCount)
    unsafe table.pointee.replace(element.slot, with: block)
    old.free()
  }

  func remove(_ element: Element) {
    let hash = unsafe KeyHash(element.name, seed: table.pointee.seed)
    unsafe table.pointee.remove(element.slot, hash).free()
  }

  /// Removes the element called `name`; false if there was none.
  func remove(_ name: ByteView) -> Bool {
    guard let element = find(name) else { return false }
    remove(element)
    return true
  }

  // MARK: Walking

  /// Visits every element. The visitor must not change the table.
  func forEach(_ visit: (Element) -> Void) {
    var position: UInt64? = 0
    while let current = position {
      position = unsafe table.pointee.visitSegment(from: current) { slot in
        unsafe visit(Element(slot: slot))
      }
    }
  }

  /// Visits the elements of the segment at `position`, some hundred, and returns where to go on; nil after the last.
  func visitSegment(from position: UInt64, _ visit: (Element) -> Void) -> UInt64? {
    unsafe table.pointee.visitSegment(from: position) { slot in
      unsafe visit(Element(slot: slot))
    }
  }

  /// Visits the elements of the bucket at `position` and returns where to go on; nil after the last. With a
  /// position of 0 to start with, elements present throughout are visited exactly once.
  func visitBucket(from position: UInt64, _ visit: (Element) -> Void) -> UInt64? {
    unsafe table.pointee.visitBucket(from: position) { slot in
      unsafe visit(Element(slot: slot))
    }
  }

  /// An element drawn at random, each with the same chance; nil if there are none.
  func randomElement(_ random: inout SplitMix64) -> Element? {
    var generator = random
    defer { random = generator }
    guard let slot = unsafe table.pointee.fairRandomSlot({ generator.next() }) else { return nil }
    return unsafe Element(slot: slot)
  }

  // MARK: Memory

  /// What the table and its elements take of the heap; elements are extrapolated from the first `samples`.
  ///
  /// - Parameter samples: 0 for all of them.
  func heapByteCount(samples: Int) -> Int {
    var bytes = unsafe MemoryLayout<DashTable>.size + table.pointee.overheadByteCount
    var sampled = 0
    var sampledBytes = 0
    var position: UInt64? = 0
    while let current = position, samples == 0 || sampled < samples {
      position = unsafe table.pointee.visitBucket(from: current) { slot in
        sampled += 1
        sampledBytes += unsafe Heap.sizeClass(DashTable.block(slot.pointee).byteCount)
      }
    }
    if sampled > 0 { bytes += sampledBytes * count / sampled }
    return bytes
  }

  /// A table of the same elements.
  func copy() -> ElementTable {
    let copy = ElementTable.empty(seed: seed)
    forEach { element in
      copy.insert(element.name, value: element.value, expiry: element.expiry)
    }
    return copy
  }

  /// Frees one segment's elements, from `position` on, and returns where the next starts; nil when
  /// the last is freed, and the table with it. Nothing but this may be called in between.
  func freeSlice(from position: UInt64) -> UInt64? {
    let next = unsafe table.pointee.visitSegment(from: position) { slot in
      unsafe DashTable.block(slot.pointee).free()
    }
    if next == nil {
      unsafe table.deinitialize(count: 1)
      unsafe table.deallocate()
    }
    return next
  }

  func free() {
    var position: UInt64? = 0
    while let current = position { position = freeSlice(from: current) }
  }
}
