import Glibc
import RESP

/// A growable run of bytes with its length and capacity in front: strings too large for their entry, or
/// that APPEND, SETRANGE and SETBIT keep changing.
///
/// Growth is by a quarter (at least to the next size class), so that appending is O(1) amortised.
@safe
struct StringBuffer {
  private static let headerByteCount = 16
  let base: UnsafeMutableRawPointer

  /// - Parameter bits: what `bits` of another instance gave.
  init(bits: Int) { unsafe base = UnsafeMutableRawPointer(bitPattern: bits).unsafelyUnwrapped }

  /// Room for `capacity` bytes, none of them used.
  static func allocate(capacity: Int) -> StringBuffer {
    let memory = unsafe Heap.allocate(headerByteCount + capacity)
    let buffer = StringBuffer(bits: Int(bitPattern: memory))
    buffer.count = 0
    buffer.capacity = capacity
    return buffer
  }

  var bits: Int { unsafe Int(bitPattern: base) }

  var count: Int {
    get { unsafe base.load(as: Int.self) }
    nonmutating set { unsafe base.storeBytes(of: newValue, as: Int.self) }
  }

  private(set) var capacity: Int {
    get { unsafe base.load(fromByteOffset: 8, as: Int.self) }
    nonmutating set { unsafe base.storeBytes(of: newValue, toByteOffset: 8, as: Int.self) }
  }

  var byteCount: Int { Self.headerByteCount + capacity }

  var bytes: UnsafeMutableRawPointer { unsafe base + Self.headerByteCount }
  var view: ByteView { unsafe ByteView(unsafeBase: UnsafeRawPointer(bytes), count: count) }

  /// Grows to `newCount` bytes, zeros where there were none, and returns the buffer, which may have
  /// moved. Does nothing if it is that long already.
  func grown(to newCount: Int) -> StringBuffer {
    let oldCount = count
    guard newCount > oldCount else { return self }
    var result = self
    if newCount > capacity {
      let wanted = Swift.max(newCount, capacity + capacity / 4)
      let rounded = Heap.sizeClass(Self.headerByteCount + wanted) - Self.headerByteCount
      guard let moved = unsafe realloc(base, Self.headerByteCount + rounded) else {
        fatalError("out of memory: a string of \(newCount) bytes")
      }
      result = StringBuffer(bits: Int(bitPattern: moved))
      result.capacity = rounded
    }
    unsafe memset(result.bytes + oldCount, 0, newCount - oldCount)
    result.count = newCount
    return result
  }

  func free() { unsafe Glibc.free(base) }
}
