import RESP

/// A command's name in whatever case: up to 32 bytes, lowered, in four words that are hashed and compared without
/// following a pointer.
struct PackedName: Equatable, Sendable {
  private let words: (UInt64, UInt64, UInt64, UInt64)
  private let count: Int

  /// The longest name that fits.
  static let bytesMax = 32

  /// - Parameter name: at most `bytesMax` bytes.
  @inline(__always)
  init(_ name: ByteView) {
    let count = name.count
    precondition(count <= Self.bytesMax, "a name too long to be packed")
    self.count = count
    if count <= 8 {
      words = (Self.lowered(Self.short(name)), 0, 0, 0)
    } else {
      words = Self.long(name)
    }
  }

  init(_ name: String) { self = ByteView.with(Array(name.utf8)) { PackedName($0) } }

  @inline(__always)
  var hash: UInt64 {
    let mixed = words.0 ^ words.1 &* 0x9E37_79B9_7F4A_7C15 ^ words.2 &+ words.3 ^ UInt64(count)
    return (mixed &* 0xD6E8_FEB8_6659_FD93) >> 32
  }

  @inline(__always)
  static func == (left: PackedName, right: PackedName) -> Bool {
    left.words.0 == right.words.0 && left.count == right.count && left.words.1 == right.words.1
      && left.words.2 == right.words.2 && left.words.3 == right.words.3
  }

  /// Up to eight bytes, by two loads that overlap rather than by a loop.
  @inline(__always)
  private static func short(_ name: ByteView) -> UInt64 {
    let count = name.count
    let base = unsafe name.unsafeBase
    if count == 8 { return load(name, 0) }
    if count >= 4 {
      let low = UInt32(littleEndian: unsafe base.loadUnaligned(as: UInt32.self))
      let high = UInt32(
        littleEndian: unsafe base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
      return UInt64(low) | UInt64(high) << UInt64(truncatingIfNeeded: (count &- 4) &* 8)
    }
    guard count > 0 else { return 0 }
    let middle = count / 2
    return UInt64(name[0]) | UInt64(name[middle]) << UInt64(middle &* 8)
      | UInt64(name[count &- 1]) << UInt64((count &- 1) &* 8)
  }

  /// From nine bytes on: whole words, and the last eight bytes moved to where they belong.
  @inline(never)
  private static func long(_ name: ByteView) -> (UInt64, UInt64, UInt64, UInt64) {
    let count = name.count
    let end = load(name, count &- 8)
    func word(_ index: Int) -> UInt64 {
      let start = index * 8
      if start >= count { return 0 }
      if start + 8 <= count { return lowered(load(name, start)) }
      return lowered(end >> UInt64((start + 8 - count) * 8))
    }
    return (word(0), word(1), word(2), word(3))
  }

  @inline(__always)
  private static func load(_ name: ByteView, _ offset: Int) -> UInt64 {
    UInt64(
      littleEndian: unsafe name.unsafeBase.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// Eight bytes at once: those from `A` to `Z` get the bit that makes them small.
  @inline(__always)
  private static func lowered(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = word & (ones &* 0x7F)
    let isFromA = low &+ ones &* (0x80 - 0x41)
    let isBeyondZ = low &+ ones &* (0x80 - 0x5B)
    let isCapital = (isFromA ^ isBeyondZ) & ~word & (ones &* 0x80)
    return word | isCapital >> 2
  }
}
