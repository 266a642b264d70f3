import Engine
import RESP
import Testing

@Suite struct LZFTests {
  @Test func whatIsCompressedDecompresses() {
    var compressor = LZFCompressor()
    var random = SplitMix64(state: 42)
    for count in [1, 2, 3, 4, 5, 31, 32, 33, 100, 263, 264, 265, 8192, 8300, 30_000] {
      for letters: UInt64 in [1, 2, 4, 16, 256] {
        let source = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() % letters) }
        let limit = count + count / 16 + 8
        let compressed = ByteView.with(source) { compressor.compress($0, limit: limit) }
        guard let compressed else {
          Issue.record("\(count) bytes of \(letters) letters did not fit \(limit)")
          continue
        }
        #expect(ByteView.with(compressed) { LZF.decompress($0, count: count) } == source)
        #expect(ByteView.with(compressed) { LZF.decompress($0, count: count + 1) } == nil)
        #expect(ByteView.with(compressed) { LZF.decompress($0, count: count - 1) } == nil)
      }
    }
  }

  @Test func aUsedCompressorWritesWhatAFreshOneWrites() {
    var used = LZFCompressor()
    var random = SplitMix64(state: 7)
    for _ in 0..<200 {
      let source = (0..<Int(random.next() % 500) + 1).map { _ in
        UInt8(truncatingIfNeeded: random.next() % 3)
      }
      var fresh = LZFCompressor()
      ByteView.with(source) { view in
        #expect(used.compress(view, limit: 600) == fresh.compress(view, limit: 600))
      }
    }
  }

  @Test func theLimitIsKept() {
    var compressor = LZFCompressor()
    let source = (0..<64).map { UInt8($0) }
    ByteView.with(source) { view in
      #expect(compressor.compress(view, limit: 60) == nil)
      #expect(compressor.compress(view, limit: 0) == nil)
    }
    #expect(compressor.compress(.empty, limit: 10) == nil)
  }

  @Test func nonsenseIsRefusedAndNeverTraps() {
    var random = SplitMix64(state: 99)
    for _ in 0..<20_000 {
      let source = (0..<Int(random.next() % 12)).map { _ in
        UInt8(truncatingIfNeeded: random.next())
      }
      let count = Int(random.next() % 400)
      let result = ByteView.with(source) { LZF.decompress($0, count: count) }
      #expect(result == nil || result?.count == count)
    }
    #expect(ByteView.with([0x20, 0x00]) { LZF.decompress($0, count: .max) } == nil)
    #expect(ByteView.with([0x00, 0x61]) { LZF.decompress($0, count: -1) } == nil)
  }
}
