import RESP
import Testing

@testable import Engine

@Suite struct XXH3Tests {
  /// From the reference library, for bytes (7 i + n) mod 256 of each length n.
  static let digests: [(count: Int, hex: String)] = [
    (0, "2d06800538d394c2"),
    (1, "e12ef9d2eb86ceeb"),
    (2, "33b0814d4f061d86"),
    (3, "a9088dda485b481c"),
    (4, "57648c318a7a307e"),
    (7, "4f82be6987f5eea7"),
    (8, "b0fb3e3c3f94990a"),
    (9, "8aca5cb309437c2e"),
    (15, "c14e5d6729b9e68c"),
    (16, "2bd926d88792965a"),
    (17, "621f018aad19b14a"),
    (31, "1c80db9a3e8ba043"),
    (32, "8911535e799e4d99"),
    (33, "b6d8b523db9b284c"),
    (64, "1b1bf114c7371f1b"),
    (65, "f0037f8ac0441cc4"),
    (96, "cfb21e0d09d8ef29"),
    (97, "e1415ca7902a74da"),
    (127, "eece8f95570595f1"),
    (128, "e9549af9a74093e6"),
    (129, "b54ad1cd8a4c84b9"),
    (143, "ffbeca72453b86f9"),
    (144, "3f50ca07e0dcde52"),
    (200, "660156a92b43203f"),
    (239, "318817637cd16359"),
    (240, "3e136902ec966624"),
    (241, "bd7d29b6ba966d6a"),
    (256, "ff5a1cefade75bb9"),
    (500, "57fa1e96a14a714c"),
    (1023, "0805f138405a64a4"),
    (1024, "dc5acf0b043c445b"),
    (1025, "c856c953bbdbc807"),
    (2048, "848d24cc268f7498"),
    (4100, "baa034688640d150"),
  ]

  @Test func `digests of every length class are those of the reference`() {
    for (count, hex) in Self.digests {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + count) }
      let digest = ByteView.with(bytes) { XXH3.hash($0) }
      #expect(digest == UInt64(hex, radix: 16), "length \(count)")
    }
  }
}
