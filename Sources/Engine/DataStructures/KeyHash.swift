package import RESP

/// The seeded 64-bit hash of a key.
///
/// The multiply-and-fold family of wyhash: 128-bit products folded to 64, 16 bytes a step. The seed is
/// drawn at start, so that nobody outside can choose keys that collide.
///
/// How its bits are spent: the low 8 are a slot's fingerprint; the high 48 (`position`) place the key in
/// its table, in order, which is what lets SCAN survive splits; the shard is chosen from a remix of all.
@usableFromInline
package struct KeyHash: Sendable {
  package let rawValue: UInt64

  @inline(__always)
  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// 2 ... 255: 0 marks a free slot, and 1 would let `Bucket.matches` flag a free slot that lies above
  /// a true match (it may flag a byte that differs from the pattern in the lowest bit only).
  @inline(__always)
  var fingerprint: UInt8 {
    let low = UInt8(truncatingIfNeeded: rawValue)
    return low < 2 ? low | 2 : low
  }

  /// The key's place in the order of its table: 48 bits.
  @inline(__always)
  package var position: UInt64 { rawValue >> 16 }

  @inline(__always)
  package init(_ key: ByteView, seed: UInt64) {
    let base = unsafe key.unsafeBase
    let count = key.count
    var state = seed ^ 0xA076_1D64_78BD_642F
    var a: UInt64
    var b: UInt64
    if count <= 16 {
      if count >= 8 {
        a = unsafe base.loadUnaligned(as: UInt64.self)
        b = unsafe base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      } else if count >= 4 {
        a = UInt64(unsafe base.loadUnaligned(as: UInt32.self))
        b = UInt64(unsafe base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
      } else if count > 0 {
        a = UInt64(unsafe base.load(as: UInt8.self)) << 16
        a |= UInt64(unsafe base.load(fromByteOffset: count >> 1, as: UInt8.self)) << 8
        a |= UInt64(unsafe base.load(fromByteOffset: count &- 1, as: UInt8.self))
        b = 0
      } else {
        a = 0
        b = 0
      }
    } else {
      var offset = 0
      while offset &+ 16 < count {
        let low = unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let high = unsafe base.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self)
        state = Self.fold(low ^ 0xE703_7ED1_A0B4_28DB, high ^ state)
        offset &+= 16
      }
      a = unsafe base.loadUnaligned(fromByteOffset: count &- 16, as: UInt64.self)
      b = unsafe base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    }
    a ^= 0xE703_7ED1_A0B4_28DB
    b ^= state
    let folded = Self.fold(a, b)
    rawValue = Self.fold(
      folded ^ 0x8EBC_6AF0_9C88_C6E3, UInt64(count) ^ 0x5899_65CC_7537_4CC3 ^ seed)
  }

  @inline(__always)
  private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  /// Which of `count` shards a hash belongs to.
  @inline(__always)
  package func shard(of count: Int) -> Int {
    // Position bits must stay independent of the shard, or each table would fill only a part of its range.
    let mixed = (rawValue ^ (rawValue >> 32)) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: ((mixed >> 32) &* UInt64(truncatingIfNeeded: count)) >> 32)
  }
}

/// The part of a key that decides its shard: what stands between the first `{` and the next `}`, if that
/// is not empty, else the whole key.
///
/// - SeeAlso: <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags>
package enum HashTag {
  @inline(__always)
  package static func of(_ key: ByteView) -> ByteView {
    guard let open = key.firstIndex(of: 0x7B) else { return key }
    guard let close = key.firstIndex(of: 0x7D, from: open + 1), close > open + 1 else { return key }
    return key[open + 1..<close]
  }
}
