import Testing

@testable import Engine

@Suite struct FingerprintTests {
  /// A free slot has no entry to compare with, so it must not even look like a match.
  @Test func noFingerprintFindsAFreeSlot() {
    for low in 0...UInt64(255) {
      let fingerprint = UInt64(KeyHash(rawValue: low).fingerprint)
      let pattern = fingerprint &* 0x0001_0101_0101_0101
      for occupied in 0..<128 as Range<UInt64> {
        var tags: UInt64 = 0
        var slots: UInt64 = 0
        for slot in 0..<7 as Range<UInt64> where occupied >> slot & 1 != 0 {
          tags |= fingerprint << (slot * 8)
          slots |= 0x80 << (slot * 8)
        }
        #expect(Bucket.matches(tags, pattern) == slots)
      }
    }
  }
}
