package import RESP

/// 160 bits that depend on content only: equal data gives equal digests, on whatever machine, shard
/// or seed.
///
/// Parts whose order matters are mixed in one after the other; parts without an order get a digest
/// each, combined by `^`. For comparing data sets in tests and after migrations; not a
/// cryptographic hash.
package struct ContentDigest: Sendable, Equatable {
  private var first: UInt64 = 0
  private var second: UInt64 = 0
  private var third: UInt32 = 0

  package init() {}

  /// Mixes in bytes, and their number, so that where one part ends and the next begins counts.
  package mutating func mix(_ bytes: ByteView) {
    first = KeyHash(bytes, seed: first ^ 0x243F_6A88_85A3_08D3).rawValue
    second = KeyHash(bytes, seed: second ^ 0x1319_8A2E_0370_7344).rawValue
    let last = KeyHash(bytes, seed: UInt64(third) ^ 0xA409_3822_299F_31D0).rawValue
    third = UInt32(truncatingIfNeeded: last ^ last >> 32)
  }

  package mutating func mix(_ text: StaticString) { mix(ByteView(text)) }

  package static func ^ (left: Self, right: Self) -> Self {
    var both = left
    both.first ^= right.first
    both.second ^= right.second
    both.third ^= right.third
    return both
  }

  /// 40 lower-case hexadecimal digits.
  package var hex: String {
    Self.hex(first, 16) + Self.hex(second, 16) + Self.hex(UInt64(third), 8)
  }

  private static func hex(_ value: UInt64, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: digits - text.utf8.count) + text
  }
}
