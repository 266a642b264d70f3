import RESP
import TestSupport
import Testing

@testable import Engine

@Suite struct ByteArenaTests {
  @Test func keepsStringsOfAllLengths() {
    var random = SeededGenerator(seed: 1)
    let arena = ByteArena()
    var kept: [(ByteArena.Reference, [UInt8])] = []
    for index in 0..<3000 {
      // Now and then one that is larger than a block.
      let length = index % 1000 == 999 ? 300_000 : Int.random(in: 0...400, using: &random)
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &+ index) }
      kept.append((ByteView.with(bytes) { arena.append($0) }, bytes))
    }
    for (reference, bytes) in kept { #expect(arena[reference].bytes == bytes) }
  }
}
