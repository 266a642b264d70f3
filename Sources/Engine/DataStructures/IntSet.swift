import CJemalloc
import Glibc
import RESP

/// A sorted set of integers in one heap block, in Redis' own byte format.
///
/// ```
/// width:4 count:4 integers...        little endian; every integer has `width` bytes: 2, 4 or 8
/// ```
///
/// Membership is a binary search. A handle of one word; whoever keeps the word owns the block, whose allocated size is
/// always the size class of its content. Changing operations may move the block.
@safe
struct IntSet {
  static let headerByteCount = 8
  private(set) var base: UnsafeMutableRawPointer

  /// - Parameter bits: what `bits` of another instance gave.
  init(bits: Int) { unsafe base = UnsafeMutableRawPointer(bitPattern: bits).unsafelyUnwrapped }
  var bits: Int { unsafe Int(bitPattern: base) }

  static func empty() -> IntSet {
    let set = IntSet(bits: Int(bitPattern: unsafe Heap.allocate(headerByteCount)))
    set.width = 2
    set.count = 0
    return set
  }

  /// A copy of bytes that have been checked by `isValid`.
  init(copying bytes: ByteView) {
    unsafe base = Heap.allocate(bytes.count)
    unsafe memcpy(base, bytes.unsafeBase, bytes.count)
  }

  func copy() -> IntSet { IntSet(copying: bytes) }
  func free() { unsafe Heap.free(base, byteCount) }

  var bytes: ByteView { unsafe ByteView(unsafeBase: UnsafeRawPointer(base), count: byteCount) }
  var heapByteCount: Int { Heap.sizeClass(byteCount) }
  var byteCount: Int { Self.headerByteCount + width * count }

  private var width: Int {
    get { Int(unsafe base.loadUnaligned(as: UInt32.self)) }
    nonmutating set { unsafe base.storeBytes(of: UInt32(newValue), as: UInt32.self) }
  }

  private(set) var count: Int {
    get { Int(unsafe base.loadUnaligned(fromByteOffset: 4, as: UInt32.self)) }
    nonmutating set { unsafe base.storeBytes(of: UInt32(newValue), toByteOffset: 4, as: UInt32.self) }
  }

  /// The integers in ascending order.
  subscript(index: Int) -> Int {
    get {
      precondition(index >= 0 && index < count, "no such integer")
      return load(index, width)
    }
  }

  private func load(_ index: Int, _ width: Int) -> Int {
    let address = unsafe base + Self.headerByteCount + index * width
    switch width {
    case 2: return Int(unsafe address.loadUnaligned(as: Int16.self))
    case 4: return Int(unsafe address.loadUnaligned(as: Int32.self))
    default: return unsafe address.loadUnaligned(as: Int.self)
    }
  }

  private func store(_ value: Int, at index: Int) {
    let width = self.width
    let address = unsafe base + Self.headerByteCount + index * width
    switch width {
    case 2: unsafe address.storeBytes(of: Int16(value), as: Int16.self)
    case 4: unsafe address.storeBytes(of: Int32(value), as: Int32.self)
    default: unsafe address.storeBytes(of: value, as: Int.self)
    }
  }

  private static func width(of value: Int) -> Int {
    if Int16(exactly: value) != nil { return 2 }
    return Int32(exactly: value) != nil ? 4 : 8
  }

  /// Where `value` is, or where it would be.
  private func search(_ value: Int) -> (index: Int, isThere: Bool) {
    let width = self.width
    var low = 0
    var high = count
    while low < high {
      let middle = (low &+ high) >> 1
      let candidate = load(middle, width)
      if candidate == value { return (middle, true) }
      if candidate < value { low = middle &+ 1 } else { high = middle }
    }
    return (low, false)
  }

  func contains(_ value: Int) -> Bool { search(value).isThere }

  /// Adds an integer; false if it was there.
  mutating func insert(_ value: Int) -> Bool {
    let wide = Self.width(of: value)
    if wide > width { widen(to: wide) }
    let (index, isThere) = search(value)
    if isThere { return false }
    let count = self.count
    resize(to: count + 1)
    let width = self.width
    let address = unsafe base + Self.headerByteCount + index * width
    unsafe memmove(address + width, address, (count - index) * width)
    self.count = count + 1
    store(value, at: index)
    return true
  }

  /// Removes an integer; false if it was not there.
  mutating func remove(_ value: Int) -> Bool {
    let (index, isThere) = search(value)
    guard isThere else { return false }
    let count = self.count
    let width = self.width
    let address = unsafe base + Self.headerByteCount + index * width
    unsafe memmove(address, address + width, (count - index - 1) * width)
    resize(to: count - 1)
    self.count = count - 1
    return true
  }

  private mutating func resize(to newCount: Int) {
    reallocate(to: Self.headerByteCount + newCount * width)
  }

  private mutating func reallocate(to newByteCount: Int) {
    guard Heap.sizeClass(byteCount) != Heap.sizeClass(newByteCount) else { return }
    guard let moved = unsafe realloc(base, Swift.max(newByteCount, 16)) else {
      fatalError("out of memory: a set of integers of \(newByteCount) bytes")
    }
    unsafe base = moved
  }

  private mutating func widen(to newWidth: Int) {
    let count = self.count
    let old = width
    reallocate(to: Self.headerByteCount + count * newWidth)
    width = newWidth
    // From the back, so that nothing is overwritten before it is read.
    for index in (0..<count).reversed() { store(load(index, old), at: index) }
  }

  /// Whether `bytes` are a set: a known width, the right length, ascending.
  static func isValid(_ bytes: ByteView) -> Bool {
    guard bytes.count > headerByteCount else { return false }
    // A handle onto foreign memory, for reading only.
    let set = unsafe IntSet(bits: Int(bitPattern: bytes.unsafeBase))
    let (width, count) = (set.width, set.count)
    guard width == 2 || width == 4 || width == 8 else { return false }
    guard count > 0, bytes.count - headerByteCount == count * width else { return false }
    return (1..<Swift.max(count, 1)).allSatisfy { set.load($0 - 1, width) < set.load($0, width) }
  }
}
