public import Glibc

/// A view of bytes that somebody else owns: an argument inside a receive buffer, a value inside an entry.
///
/// It is two words, copied freely, and never retains. Whoever hands one out says how long it stays
/// valid; for everything a command body sees (arguments, values read from the keyspace) that is until
/// the body returns or, for values, until it changes the key they came from.
///
/// Why not `RawSpan`: a span cannot be stored in the argument table of a batch, nor returned from
/// a function without lifetime annotations, which 6.3 still calls experimental.
///
/// `@safe` because every access is bounds-checked and the pointer does not leave the type except in
/// `unsafeBase`, whose name says so.
@safe
@usableFromInline
package struct ByteView: @unchecked Sendable {
  // Sendable: immutable, and its owner guarantees the memory outlives it, on whichever thread.
  @usableFromInline package let unsafeBase: UnsafeRawPointer
  @usableFromInline package let count: Int

  @inlinable @inline(__always)
  package init(unsafeBase: UnsafeRawPointer, count: Int) {
    unsafe self.unsafeBase = unsafeBase
    self.count = count
  }

  /// A string literal's bytes: valid for ever.
  @inlinable @inline(__always)
  package init(_ literal: StaticString) {
    unsafe self.init(
      unsafeBase: UnsafeRawPointer(literal.utf8Start), count: literal.utf8CodeUnitCount)
  }

  /// No bytes, at an address that may be read zero times.
  @inlinable
  package static var empty: ByteView { ByteView("") }

  @inlinable package var isEmpty: Bool { count == 0 }

  @inlinable @inline(__always)
  package subscript(index: Int) -> UInt8 {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "byte index out of range")
    return unsafe unsafeBase.load(fromByteOffset: index, as: UInt8.self)
  }

  /// The bytes of `range`, sharing this view's memory.
  @inlinable @inline(__always)
  package subscript(range: Range<Int>) -> ByteView {
    precondition(range.lowerBound >= 0, "range starts before the bytes")
    precondition(range.upperBound <= count, "range ends after the bytes")
    return unsafe ByteView(unsafeBase: unsafeBase + range.lowerBound, count: range.count)
  }

  /// Whether both hold the same bytes.
  @inlinable
  package static func == (left: ByteView, right: ByteView) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe memcmp(left.unsafeBase, right.unsafeBase, left.count) == 0
  }

  @inlinable
  package static func == (left: ByteView, right: StaticString) -> Bool { left == ByteView(right) }

  @inlinable
  package static func == (left: ByteView, right: [UInt8]) -> Bool { ByteView.with(right) { left == $0 } }

  /// Byte-wise order, the shorter first where one is the other's prefix (memcmp's).
  @inlinable
  package static func < (left: ByteView, right: ByteView) -> Bool {
    let order = unsafe memcmp(
      left.unsafeBase, right.unsafeBase, Swift.min(left.count, right.count))
    return order != 0 ? order < 0 : left.count < right.count
  }

  /// Whether these are `word`'s letters, in whatever case (ASCII).
  ///
  /// - Parameter word: lower case.
  @inlinable
  package func matches(_ word: StaticString) -> Bool {
    guard count == word.utf8CodeUnitCount else { return false }
    for index in 0..<count {
      let byte = unsafe unsafeBase.load(fromByteOffset: index, as: UInt8.self)
      let lowered = byte &- 65 < 26 ? byte | 0x20 : byte
      if unsafe lowered != word.utf8Start[index] { return false }
    }
    return true
  }

  /// The position of the first `byte` at or after `start`, nil if there is none.
  @inlinable
  package func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
    guard start < count else { return nil }
    guard let found = unsafe memchr(unsafeBase + start, Int32(byte), count - start) else {
      return nil
    }
    return unsafe UnsafeRawPointer(found) - unsafeBase
  }

  /// Copies the bytes, 8 to 64 of them, to `target` without calling anything: by two overlapping halves.
  @inlinable @inline(__always)
  package func copyShort(to target: UnsafeMutableRawPointer) {
    assert(8...64 ~= count)
    if count <= 16 { return unsafe copyHalves(as: UInt64.self, to: target) }
    if count <= 32 { return unsafe copyHalves(as: SIMD16<UInt8>.self, to: target) }
    unsafe copyHalves(as: SIMD32<UInt8>.self, to: target)
  }

  @inlinable @inline(__always)
  func copyHalves<Half: BitwiseCopyable>(as _: Half.Type, to target: UnsafeMutableRawPointer) {
    let last = count &- MemoryLayout<Half>.size
    let first = unsafe unsafeBase.loadUnaligned(as: Half.self)
    let second = unsafe unsafeBase.loadUnaligned(fromByteOffset: last, as: Half.self)
    unsafe target.storeBytes(of: first, as: Half.self)
    unsafe target.storeBytes(of: second, toByteOffset: last, as: Half.self)
  }

  /// A copy. Allocates.
  @inlinable
  package var bytes: [UInt8] {
    unsafe [UInt8](UnsafeRawBufferPointer(start: unsafeBase, count: count))
  }

  /// A copy as text, bytes that are not UTF-8 replaced. Allocates; for messages, not for data.
  @inlinable
  package var string: String {
    unsafe String(decoding: UnsafeRawBufferPointer(start: unsafeBase, count: count), as: UTF8.self)
  }

  /// Runs `body` with these bytes as a buffer, valid only inside.
  @inlinable
  package func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(UnsafeRawBufferPointer(start: unsafeBase, count: count))
  }

  /// Runs `body` with a view of `bytes`, valid only inside.
  @inlinable
  package static func with<Result, Failure: Error>(
    _ bytes: [UInt8], _ body: (ByteView) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let count = bytes.count
    guard count > 0 else { return try body(.empty) }
    return unsafe try bytes.withUnsafeBufferPointer { (buffer) throws(Failure) -> Result in
      let base = unsafe UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped)
      return try unsafe body(ByteView(unsafeBase: base, count: count))
    }
  }
}
