import RESP

/// XXH3, the 64-bit variant with seed 0: what DIGEST shows and IFDEQ compares.
///
/// Five ways by length: 0, 1-16, 17-128 and 129-240 bytes are folded from both ends by 128-bit
/// products; from 241 bytes on, 64-byte stripes are accumulated in eight lanes, scrambled every 16
/// stripes, and merged at the end.
///
/// - SeeAlso: <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>
enum XXH3 {
  /// The digest of `bytes`.
  ///
  /// - Complexity: O(*n*). Does not allocate.
  static func hash(_ bytes: ByteView) -> UInt64 {
    unsafe secret.withUnsafeBytes { secret in
      let key = unsafe Reader(base: secret.baseAddress.unsafelyUnwrapped)
      let input = unsafe Reader(base: bytes.unsafeBase)
      switch bytes.count {
      case 0...16: return short(input, bytes.count, key)
      case 17...128: return medium(input, bytes.count, key)
      case 129...240: return large(input, bytes.count, key)
      default: return huge(input, bytes.count, key)
      }
    }
  }

  @safe private struct Reader {
    let base: UnsafeRawPointer

    @inline(__always)
    func word(_ offset: Int) -> UInt64 {
      unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    func half(_ offset: Int) -> UInt64 {
      UInt64(unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    @inline(__always)
    func byte(_ offset: Int) -> UInt64 {
      UInt64(unsafe base.load(fromByteOffset: offset, as: UInt8.self))
    }
  }

  private static func short(_ input: Reader, _ count: Int, _ key: Reader) -> UInt64 {
    let length = UInt64(count)
    if count > 8 {
      let low = input.word(0) ^ key.word(24) ^ key.word(32)
      let high = input.word(count - 8) ^ key.word(40) ^ key.word(48)
      return avalanche(length &+ low.byteSwapped &+ high &+ fold(low, high))
    }
    if count >= 4 {
      let joined = input.half(count - 4) &+ input.half(0) << 32
      var hash = joined ^ key.word(8) ^ key.word(16)
      hash ^= rotated(hash, 49) ^ rotated(hash, 24)
      hash &*= 0x9FB2_1C65_1E98_DF25
      hash ^= (hash >> 35) &+ length
      hash &*= 0x9FB2_1C65_1E98_DF25
      return hash ^ hash >> 28
    }
    if count > 0 {
      let joined =
        input.byte(0) << 16 | input.byte(count >> 1) << 24 | input.byte(count - 1) | length << 8
      return oldAvalanche(joined ^ key.half(0) ^ key.half(4))
    }
    return oldAvalanche(key.word(56) ^ key.word(64))
  }

  private static func medium(_ input: Reader, _ count: Int, _ key: Reader) -> UInt64 {
    var sum = UInt64(count) &* prime64s.0
    var step = (count - 1) / 32
    while step >= 0 {
      sum &+= mix(input, 16 * step, key, 32 * step)
      sum &+= mix(input, count - 16 * (step + 1), key, 32 * step + 16)
      step -= 1
    }
    return avalanche(sum)
  }

  private static func large(_ input: Reader, _ count: Int, _ key: Reader) -> UInt64 {
    var sum = UInt64(count) &* prime64s.0
    for round in 0..<8 { sum &+= mix(input, 16 * round, key, 16 * round) }
    sum = avalanche(sum)
    for round in 8..<count / 16 { sum &+= mix(input, 16 * round, key, 16 * (round - 8) + 3) }
    return avalanche(sum &+ mix(input, count - 16, key, 136 - 17))
  }

  private static func huge(_ input: Reader, _ count: Int, _ key: Reader) -> UInt64 {
    let low = SIMD8<UInt64>(repeating: 0xFFFF_FFFF)
    var lanes = SIMD8<UInt64>(
      prime32s.2, prime64s.0, prime64s.1, prime64s.2, prime64s.3, prime32s.1, prime64s.4,
      prime32s.0)
    func accumulate(_ offset: Int, _ keyOffset: Int) {
      var data = SIMD8<UInt64>()
      var keyed = SIMD8<UInt64>()
      for lane in 0..<8 {
        let word = input.word(offset + 8 * lane)
        data[lane ^ 1] = word
        keyed[lane] = word ^ key.word(keyOffset + 8 * lane)
      }
      lanes &+= data &+ (keyed & low) &* (keyed &>> 32)
    }
    let blocks = (count - 1) / 1024
    for block in 0..<blocks {
      for stripe in 0..<16 { accumulate(block * 1024 + stripe * 64, stripe * 8) }
      for lane in 0..<8 {
        let value = lanes[lane]
        lanes[lane] = (value ^ value >> 47 ^ key.word(128 + 8 * lane)) &* prime32s.0
      }
    }
    for stripe in 0..<(count - 1 - blocks * 1024) / 64 {
      accumulate(blocks * 1024 + stripe * 64, stripe * 8)
    }
    accumulate(count - 64, 192 - 64 - 7)
    var sum = UInt64(count) &* prime64s.0
    for pair in 0..<4 {
      sum &+= fold(
        lanes[2 * pair] ^ key.word(11 + 16 * pair), lanes[2 * pair + 1] ^ key.word(19 + 16 * pair))
    }
    return avalanche(sum)
  }

  @inline(__always)
  private static func mix(_ input: Reader, _ at: Int, _ key: Reader, _ keyAt: Int) -> UInt64 {
    fold(input.word(at) ^ key.word(keyAt), input.word(at + 8) ^ key.word(keyAt + 8))
  }

  @inline(__always)
  private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low
  }

  @inline(__always)
  private static func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 {
    value << count | value >> (64 - count)
  }

  private static func avalanche(_ value: UInt64) -> UInt64 {
    let mixed = (value ^ value >> 37) &* 0x1656_6791_9E37_79F9
    return mixed ^ mixed >> 32
  }

  /// That of XXH64, which the shortest inputs kept.
  private static func oldAvalanche(_ value: UInt64) -> UInt64 {
    var mixed = (value ^ value >> 33) &* prime64s.1
    mixed = (mixed ^ mixed >> 29) &* prime64s.2
    return mixed ^ mixed >> 32
  }

  private static let prime32s: (UInt64, UInt64, UInt64) = (0x9E37_79B1, 0x85EB_CA77, 0xC2B2_AE3D)
  private static let prime64s: (UInt64, UInt64, UInt64, UInt64, UInt64) = (
    0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
    0x27D4_EB2F_1656_67C5
  )

  /// The algorithm's default secret, 192 bytes.
  private static let secret: [UInt8] = [
    0xB8, 0xFE, 0x6C, 0x39, 0x23, 0xA4, 0x4B, 0xBE, 0x7C, 0x01, 0x81, 0x2C, 0xF7, 0x21, 0xAD, 0x1C,
    0xDE, 0xD4, 0x6D, 0xE9, 0x83, 0x90, 0x97, 0xDB, 0x72, 0x40, 0xA4, 0xA4, 0xB7, 0xB3, 0x67, 0x1F,
    0xCB, 0x79, 0xE6, 0x4E, 0xCC, 0xC0, 0xE5, 0x78, 0x82, 0x5A, 0xD0, 0x7D, 0xCC, 0xFF, 0x72, 0x21,
    0xB8, 0x08, 0x46, 0x74, 0xF7, 0x43, 0x24, 0x8E, 0xE0, 0x35, 0x90, 0xE6, 0x81, 0x3A, 0x26, 0x4C,
    0x3C, 0x28, 0x52, 0xBB, 0x91, 0xC3, 0x00, 0xCB, 0x88, 0xD0, 0x65, 0x8B, 0x1B, 0x53, 0x2E, 0xA3,
    0x71, 0x64, 0x48, 0x97, 0xA2, 0x0D, 0xF9, 0x4E, 0x38, 0x19, 0xEF, 0x46, 0xA9, 0xDE, 0xAC, 0xD8,
    0xA8, 0xFA, 0x76, 0x3F, 0xE3, 0x9C, 0x34, 0x3F, 0xF9, 0xDC, 0xBB, 0xC7, 0xC7, 0x0B, 0x4F, 0x1D,
    0x8A, 0x51, 0xE0, 0x4B, 0xCD, 0xB4, 0x59, 0x31, 0xC8, 0x9F, 0x7E, 0xC9, 0xD9, 0x78, 0x73, 0x64,
    0xEA, 0xC5, 0xAC, 0x83, 0x34, 0xD3, 0xEB, 0xC3, 0xC5, 0x81, 0xA0, 0xFF, 0xFA, 0x13, 0x63, 0xEB,
    0x17, 0x0D, 0xDD, 0x51, 0xB7, 0xF0, 0xDA, 0x49, 0xD3, 0x16, 0x55, 0x26, 0x29, 0xD4, 0x68, 0x9E,
    0x2B, 0x16, 0xBE, 0x58, 0x7D, 0x47, 0xA1, 0xFC, 0x8F, 0xF8, 0xB8, 0xD1, 0x7A, 0xD0, 0x31, 0xCE,
    0x45, 0xCB, 0x3A, 0x8F, 0x95, 0x16, 0x04, 0x28, 0xAF, 0xD7, 0xFB, 0xCA, 0xBB, 0x4B, 0x40, 0x7E,
  ]
}
