import Glibc
import RESP

/// Strings as arrays of bits, the first bit being the highest of the first byte.
///
/// Loops run over 64-bit words: counting and combining do not care about the order of the bytes
/// within a word; searching and bit fields read words big-endian, so that bit order is value order.
enum Bits {
  // MARK: Counting

  /// How many bits are set in `bytes`.
  static func count(_ bytes: ByteView) -> Int {
    let base = unsafe bytes.unsafeBase
    var sum = 0
    var offset = 0
    while offset &+ 32 <= bytes.count {
      for lane in 0..<4 {
        sum &+=
          unsafe base.loadUnaligned(fromByteOffset: offset &+ 8 &* lane, as: UInt64.self)
          .nonzeroBitCount
      }
      offset &+= 32
    }
    while offset < bytes.count {
      sum &+= unsafe base.load(fromByteOffset: offset, as: UInt8.self).nonzeroBitCount
      offset &+= 1
    }
    return sum
  }

  /// How many bits are set among the bits of `range`, which lies within `bytes`.
  static func count(_ bytes: ByteView, bits range: Range<Int>) -> Int {
    guard !range.isEmpty else { return 0 }
    let first = range.lowerBound >> 3
    let last = (range.upperBound - 1) >> 3
    let whole = count(bytes[first..<last + 1])
    let before = bytes[first] & ~headMask(range.lowerBound & 7)
    let after = bytes[last] & ~tailMask(range.upperBound & 7)
    return whole - before.nonzeroBitCount - after.nonzeroBitCount
  }

  /// The bits from `position` of a byte on.
  private static func headMask(_ position: Int) -> UInt8 { 0xFF >> UInt8(position) }
  /// The bits before `position` of a byte, all of them for 0.
  private static func tailMask(_ position: Int) -> UInt8 {
    position == 0 ? 0xFF : ~(0xFF >> UInt8(position))
  }

  // MARK: Searching

  /// The first bit that equals `value` among the bits of `range`, which lies within `bytes`.
  static func first(_ value: Bool, in bytes: ByteView, bits range: Range<Int>) -> Int? {
    var bit = range.lowerBound
    let flip: UInt64 = value ? 0 : ~0
    while bit < range.upperBound {
      let offset = bit >> 3
      if offset &+ 8 <= bytes.count {
        let word =
          UInt64(
            bigEndian: unsafe bytes.unsafeBase.loadUnaligned(
              fromByteOffset: offset, as: UInt64.self)) ^ flip
        let candidates = word & (~0 >> UInt64(bit & 7))
        if candidates != 0 {
          let found = offset * 8 + candidates.leadingZeroBitCount
          return found < range.upperBound ? found : nil
        }
        bit = (offset &+ 8) &* 8
      } else {
        let byte = (bytes[offset] ^ UInt8(truncatingIfNeeded: flip)) & headMask(bit & 7)
        if byte != 0 {
          let found = offset * 8 + byte.leadingZeroBitCount
          return found < range.upperBound ? found : nil
        }
        bit = (offset &+ 1) &* 8
      }
    }
    return nil
  }

  // MARK: Fields

  /// The `width` bits (1 to 64) from bit `offset` on, bits behind the end of `bytes` read as 0.
  static func field(_ bytes: ByteView, at offset: Int, width: Int) -> UInt64 {
    let first = offset >> 3
    let shift = offset & 7
    guard first < bytes.count else { return 0 }
    var high: UInt64 = 0
    if first &+ 8 <= bytes.count {
      high = UInt64(
        bigEndian: unsafe bytes.unsafeBase.loadUnaligned(fromByteOffset: first, as: UInt64.self))
    } else {
      for index in 0..<bytes.count - first {
        high |= UInt64(bytes[first + index]) << UInt64(56 - 8 * index)
      }
    }
    let ninth = first &+ 8 < bytes.count ? UInt64(bytes[first + 8]) : 0
    let aligned = shift == 0 ? high : high << UInt64(shift) | ninth >> UInt64(8 - shift)
    return aligned >> UInt64(64 - width)
  }

  /// Writes the low `width` bits of `value` from bit `offset` on, which lie within the string.
  static func setField(_ bytes: MutableBytes, at offset: Int, width: Int, to value: UInt64) {
    var written = 0
    while written < width {
      let bit = offset + written
      let room = Swift.min(8 - (bit & 7), width - written)
      let part = UInt8(truncatingIfNeeded: value >> UInt64(width - written - room))
      let low = 8 - (bit & 7) - room
      let mask = UInt8(truncatingIfNeeded: (1 << room) - 1) << UInt8(low)
      bytes[bit >> 3] = bytes[bit >> 3] & ~mask | part << UInt8(low) & mask
      written += room
    }
  }

  // MARK: Combining

  /// `target` op= `source`, where `source` counts as zeros behind its end and is no longer than
  /// `target`.
  static func and(_ target: StringBuffer, _ source: ByteView) {
    combine(target, source, words: { $0 & $1 }, bytes: { $0 & $1 })
    unsafe memset(target.bytes + source.count, 0, target.count - source.count)
  }

  static func or(_ target: StringBuffer, _ source: ByteView) {
    combine(target, source, words: { $0 | $1 }, bytes: { $0 | $1 })
  }

  static func xor(_ target: StringBuffer, _ source: ByteView) {
    combine(target, source, words: { $0 ^ $1 }, bytes: { $0 ^ $1 })
  }

  /// Clears the bits that `source` has set.
  static func subtract(_ target: StringBuffer, _ source: ByteView) {
    combine(target, source, words: { $0 & ~$1 }, bytes: { $0 & ~$1 })
  }

  /// Sets the bits that `source` has clear, within its length, and clears the others.
  static func complement(_ target: StringBuffer, _ source: ByteView) {
    combine(target, source, words: { _, new in ~new }, bytes: { _, new in ~new })
  }

  @inline(__always)
  private static func combine(
    _ target: StringBuffer, _ source: ByteView, words: (UInt64, UInt64) -> UInt64,
    bytes: (UInt8, UInt8) -> UInt8
  ) {
    precondition(source.count <= target.count, "combining bits beyond the target")
    let to = unsafe target.bytes
    let from = unsafe source.unsafeBase
    var offset = 0
    while offset &+ 8 <= source.count {
      let result = unsafe words(
        to.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
        from.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      unsafe to.storeBytes(of: result, toByteOffset: offset, as: UInt64.self)
      offset &+= 8
    }
    while offset < source.count {
      let result = unsafe bytes(
        to.load(fromByteOffset: offset, as: UInt8.self),
        from.load(fromByteOffset: offset, as: UInt8.self))
      unsafe to.storeBytes(of: result, toByteOffset: offset, as: UInt8.self)
      offset &+= 1
    }
  }

  /// Collects the bits that are set in more than one of several sources.
  ///
  /// - Parameter once: the bits set in any source so far; gains those of `source`.
  /// - Parameter often: gains the bits that both have.
  static func collect(_ once: StringBuffer, _ often: StringBuffer, _ source: ByteView) {
    precondition(source.count <= once.count, "combining bits beyond the target")
    precondition(source.count <= often.count, "combining bits beyond the target")
    var offset = 0
    while offset &+ 8 <= source.count {
      let new = unsafe source.unsafeBase.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let seen = unsafe once.bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let both = unsafe often.bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      unsafe often.bytes.storeBytes(of: both | seen & new, toByteOffset: offset, as: UInt64.self)
      unsafe once.bytes.storeBytes(of: seen | new, toByteOffset: offset, as: UInt64.self)
      offset &+= 8
    }
    while offset < source.count {
      let new = source[offset]
      let seen = unsafe once.bytes.load(fromByteOffset: offset, as: UInt8.self)
      let both = unsafe often.bytes.load(fromByteOffset: offset, as: UInt8.self)
      unsafe often.bytes.storeBytes(of: both | seen & new, toByteOffset: offset, as: UInt8.self)
      unsafe once.bytes.storeBytes(of: seen | new, toByteOffset: offset, as: UInt8.self)
      offset &+= 1
    }
  }
}
