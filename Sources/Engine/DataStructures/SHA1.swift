package import RESP

/// The SHA-1 of bytes. For content digests and names of scripts, which have to be those of Redis; not for security.
///
/// - SeeAlso: FIPS 180-4, section 6.1.
package struct SHA1: Sendable, Equatable {
  private var state: (UInt32, UInt32, UInt32, UInt32, UInt32) = (
    0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0
  )

  /// The hash of `bytes`. Allocates nothing.
  package init(_ bytes: ByteView) {
    var offset = 0
    while bytes.count - offset >= 64 {
      let start = offset
      update { index in bytes[start &+ index] }
      offset += 64
    }
    // What is left, a 1 bit, zeros, and the length in bits: one block or two.
    let rest = bytes.count - offset
    let blockCount = rest < 56 ? 1 : 2
    let bitCount = UInt64(bytes.count) << 3
    for block in 0..<blockCount {
      update { index in
        let position = block &* 64 &+ index
        if position < rest { return bytes[offset &+ position] }
        if position == rest { return 0x80 }
        let fromEnd = blockCount &* 64 &- 1 &- position
        return fromEnd < 8 ? UInt8(truncatingIfNeeded: bitCount >> UInt64(8 &* fromEnd)) : 0
      }
    }
  }

  private mutating func update(_ byte: (Int) -> UInt8) {
    var words = InlineArray<80, UInt32>(repeating: 0)
    for index in 0..<16 {
      var word: UInt32 = 0
      for part in 0..<4 { word = word << 8 | UInt32(byte(index &* 4 &+ part)) }
      words[index] = word
    }
    for index in 16..<80 {
      let mixed = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
      words[index] = mixed << 1 | mixed >> 31
    }
    var (a, b, c, d, e) = state
    for index in 0..<80 {
      let (choice, constant): (UInt32, UInt32) =
        switch index {
        case 0..<20: (b & c | ~b & d, 0x5A82_7999)
        case 20..<40: (b ^ c ^ d, 0x6ED9_EBA1)
        case 40..<60: (b & c | b & d | c & d, 0x8F1B_BCDC)
        default: (b ^ c ^ d, 0xCA62_C1D6)
        }
      let next = (a << 5 | a >> 27) &+ choice &+ e &+ constant &+ words[index]
      (e, d, c, b, a) = (d, c, b << 30 | b >> 2, a, next)
    }
    state = (state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d, state.4 &+ e)
  }

  /// Five words, the first of the hash first.
  package var words: (UInt32, UInt32, UInt32, UInt32, UInt32) { state }

  package static func == (left: SHA1, right: SHA1) -> Bool { left.state == right.state }
}
