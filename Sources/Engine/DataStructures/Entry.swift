import CJemalloc
import Glibc
import RESP

/// One key with its value: a single heap block, reached through the 8-byte word of a table's slot.
///
/// ```
/// narrow  meta:1 keyCount:1 valueCount:1                      [expiry:8] key value
/// wide    meta:1 unused:3 keyCount:4 valueCount:4             [expiry:8] key value
///
/// meta    bits 0-2 type, 3-5 encoding, 6 has expiry, 7 wide
/// ```
///
/// An 11-byte key with a 32-byte string is 46 bytes, so it fits jemalloc's 48-byte class; with
/// an expiry 54, the 64-byte class. The value part holds the string itself, an 8-byte integer, or an 8-byte
/// pointer to a structure.
///
/// The block's allocated size is always the size class of its content (`byteCount`), never larger:
/// so freeing knows the size, and overwriting in place is possible exactly when the class stays.
///
/// `EntryBlock` is the raw block; who owns it (a table's slot, or code between two tables) frees it.
@safe
struct EntryBlock {
  let base: UnsafeMutableRawPointer

  @inline(__always)
  init(base: UnsafeMutableRawPointer) { unsafe self.base = base }

  // MARK: Header

  @inline(__always)
  var meta: UInt8 {
    get { unsafe base.load(as: UInt8.self) }
    nonmutating set { unsafe base.storeBytes(of: newValue, as: UInt8.self) }
  }

  @inline(__always) var isWide: Bool { meta & 0x80 != 0 }
  @inline(__always) var hasExpiry: Bool { meta & 0x40 != 0 }
  @inline(__always) var type: ValueType { unsafe ValueType(rawValue: meta & 7).unsafelyUnwrapped }
  @inline(__always)
  var encoding: ValueEncoding { unsafe ValueEncoding(rawValue: meta >> 3 & 7).unsafelyUnwrapped }

  @inline(__always)
  var keyCount: Int {
    isWide
      ? Int(unsafe base.load(fromByteOffset: 4, as: UInt32.self))
      : Int(unsafe base.load(fromByteOffset: 1, as: UInt8.self))
  }

  /// The bytes of the value part: a string's length, 8 for an integer or a pointer.
  @inline(__always)
  var valueCount: Int {
    isWide
      ? Int(unsafe base.load(fromByteOffset: 8, as: UInt32.self))
      : Int(unsafe base.load(fromByteOffset: 2, as: UInt8.self))
  }

  @inline(__always)
  var keyOffset: Int {
    let meta = self.meta
    return (meta & 0x80 != 0 ? 12 : 3) &+ (meta & 0x40 != 0 ? 8 : 0)
  }

  @inline(__always)
  var key: ByteView { unsafe ByteView(unsafeBase: UnsafeRawPointer(base + keyOffset), count: keyCount) }

  @inline(__always)
  var valueBase: UnsafeMutableRawPointer { unsafe base + (keyOffset &+ keyCount) }

  @inline(__always)
  var value: ByteView {
    unsafe ByteView(unsafeBase: UnsafeRawPointer(valueBase), count: valueCount)
  }

  /// Milliseconds since 1970. Only where `hasExpiry`.
  @inline(__always)
  var expiry: Int64 {
    get {
      unsafe base.loadUnaligned(fromByteOffset: isWide ? 12 : 3, as: Int64.self)
    }
    nonmutating set {
      unsafe base.storeBytes(of: newValue, toByteOffset: isWide ? 12 : 3, as: Int64.self)
    }
  }

  /// The value part as one 8-byte word (an integer, or a pointer's bits).
  @inline(__always)
  var word: Int {
    get { unsafe valueBase.loadUnaligned(as: Int.self) }
    nonmutating set { unsafe valueBase.storeBytes(of: newValue, as: Int.self) }
  }

  @inline(__always)
  var byteCount: Int { keyOffset &+ keyCount &+ valueCount }

  /// Changes how the value part is to be read; its length stays 8.
  func setEncoding(_ encoding: ValueEncoding) { meta = meta & 0xC7 | encoding.rawValue << 3 }

  /// Rewrites the length of the value part. The width of the header stays, so the caller has seen to it that
  /// it may.
  @inline(__always)
  func setValueCount(_ count: Int) {
    if isWide {
      unsafe base.storeBytes(of: UInt32(count), toByteOffset: 8, as: UInt32.self)
    } else {
      unsafe base.storeBytes(of: UInt8(truncatingIfNeeded: count), toByteOffset: 2, as: UInt8.self)
    }
  }

  // MARK: Allocation

  /// Whether key and value lengths fit one byte each.
  @inline(__always)
  static func isNarrow(_ keyCount: Int, _ valueCount: Int) -> Bool {
    keyCount < 256 && valueCount < 256
  }

  @inline(__always)
  static func byteCount(keyCount: Int, valueCount: Int, hasExpiry: Bool) -> Int {
    (isNarrow(keyCount, valueCount) ? 3 : 12) &+ (hasExpiry ? 8 : 0) &+ keyCount &+ valueCount
  }

  /// A block with header and key filled in, the value part not.
  @inline(__always)
  static func allocate(
    key: ByteView, valueCount: Int, type: ValueType, encoding: ValueEncoding, expiry: Int64?
  ) -> EntryBlock {
    let count = byteCount(keyCount: key.count, valueCount: valueCount, hasExpiry: expiry != nil)
    let block = unsafe EntryBlock(base: Heap.allocate(count))
    block.writeHeader(
      key: key, valueCount: valueCount, type: type, encoding: encoding, expiry: expiry)
    return block
  }

  @inline(__always)
  func writeHeader(
    key: ByteView, valueCount: Int, type: ValueType, encoding: ValueEncoding, expiry: Int64?
  ) {
    let narrow = Self.isNarrow(key.count, valueCount)
    var meta = type.rawValue | encoding.rawValue << 3
    if expiry != nil { meta |= 0x40 }
    if !narrow { meta |= 0x80 }
    unsafe base.storeBytes(of: meta, as: UInt8.self)
    if narrow {
      unsafe base.storeBytes(
        of: UInt8(truncatingIfNeeded: key.count), toByteOffset: 1, as: UInt8.self)
      unsafe base.storeBytes(
        of: UInt8(truncatingIfNeeded: valueCount), toByteOffset: 2, as: UInt8.self)
    } else {
      unsafe base.storeBytes(of: UInt32(key.count), toByteOffset: 4, as: UInt32.self)
      unsafe base.storeBytes(of: UInt32(valueCount), toByteOffset: 8, as: UInt32.self)
    }
    if let expiry { self.expiry = expiry }
    unsafe memcpy(base + keyOffset, key.unsafeBase, key.count)
  }

  /// Frees the block, not what its value part points to.
  @inline(__always)
  func free() { unsafe Heap.free(base, byteCount) }
}

/// jemalloc with the sizes that both sides know.
enum Heap {
  /// The size class that `count` bytes occupy.
  @inline(__always)
  static func sizeClass(_ count: Int) -> Int {
    count <= 128 ? (count &+ 15) & ~15 : nallocx(count, 0)
  }

  /// At least `count` bytes, 16-byte aligned. Traps when memory is out: a server that goes on without
  /// the memory for a write it accepted would be wrong, not merely stopped.
  @inline(__always)
  static func allocate(_ count: Int) -> UnsafeMutableRawPointer {
    // Classes below 16 are only 8-aligned; slots keep flags in the four low bits.
    guard let pointer = unsafe malloc(count < 16 ? 16 : count) else {
      fatalError("out of memory: \(count) bytes")
    }
    return unsafe pointer
  }

  @inline(__always)
  static func free(_ pointer: UnsafeMutableRawPointer, _ count: Int) {
    unsafe cjemalloc_free_sized(pointer, count < 16 ? 16 : count)
  }
}
