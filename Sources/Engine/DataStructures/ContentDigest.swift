package import RESP

/// 160 bits that depend on content only: equal data gives equal digests, on whatever machine, shard or seed, and the
/// same as in Redis, so that data sets of both can be compared.
///
/// Parts whose order matters are mixed in one after the other; parts without an order get a digest each, combined by `^`.
package struct ContentDigest: Sendable, Equatable {
  private var words: (UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0)

  package init() {}

  /// The SHA-1 of bytes.
  private init(_ bytes: ByteView) { words = SHA1(bytes).words }

  /// Mixes in bytes behind what was mixed in before.
  package mutating func mix(_ bytes: ByteView) {
    combine(bytes)
    self = Self.withBytes(of: self) { ContentDigest($0) }
  }

  package mutating func mix(_ text: StaticString) { mix(ByteView(text)) }

  /// Mixes in a number, as four bytes, the highest first.
  package mutating func mix(_ number: UInt32) {
    var bytes = number.bigEndian
    unsafe withUnsafeBytes(of: &bytes) { buffer in
      unsafe mix(ByteView(unsafeBase: buffer.baseAddress.unsafelyUnwrapped, count: 4))
    }
  }

  /// Combines with bytes, in whatever order those come.
  package mutating func combine(_ bytes: ByteView) { self = self ^ ContentDigest(bytes) }

  package mutating func combine(_ text: StaticString) { combine(ByteView(text)) }

  /// Combines with a digest's bytes, as if they were data.
  package mutating func combine(bytesOf other: ContentDigest) {
    self = Self.withBytes(of: other) { self ^ ContentDigest($0) }
  }

  private static func withBytes<Result>(
    of digest: ContentDigest, _ body: (ByteView) -> Result
  ) -> Result {
    var bytes = (
      digest.words.0.bigEndian, digest.words.1.bigEndian, digest.words.2.bigEndian,
      digest.words.3.bigEndian, digest.words.4.bigEndian
    )
    return unsafe withUnsafeBytes(of: &bytes) { buffer in
      unsafe body(ByteView(unsafeBase: buffer.baseAddress.unsafelyUnwrapped, count: 20))
    }
  }

  package static func ^ (left: Self, right: Self) -> Self {
    var both = left
    both.words.0 ^= right.words.0
    both.words.1 ^= right.words.1
    both.words.2 ^= right.words.2
    both.words.3 ^= right.words.3
    both.words.4 ^= right.words.4
    return both
  }

  package static func == (left: Self, right: Self) -> Bool { left.words == right.words }

  /// 40 lower-case hexadecimal digits.
  package var hex: String {
    [words.0, words.1, words.2, words.3, words.4].map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 8 - text.utf8.count) + text
    }.joined()
  }
}
