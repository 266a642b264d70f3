import TestSupport
import Testing

@testable import Engine

@Suite struct MergeSortTests {
  private struct Item: BitwiseCopyable {
    let key: Int
    let place: Int
  }

  /// Whatever the length and the size of the slices, the order is that of a stable sort.
  @Test(arguments: [1, 2, 63, 64, 65, 128, 1000, 4097])
  func sortsAndKeepsEqualOnesInTheirOrder(count: Int) {
    for moves in [1, 7, 64, 1000, Int.max] where count < 2000 || moves > 1 {
      var random = SeededGenerator(seed: UInt64(count))
      let keys = (0..<count).map { _ in Int.random(in: 0..<max(count / 3, 1), using: &random) }
      let sort = MergeSort<Item>(capacity: count)
      for (place, key) in keys.enumerated() { sort.append(Item(key: key, place: place)) }
      var slices = 1
      while !sort.advance(moves: moves, by: { $0.key < $1.key }) { slices += 1 }
      #expect(moves == .max || slices >= count / max(moves, 256))
      let expected = keys.enumerated().sorted { ($0.element, $0.offset) < ($1.element, $1.offset) }
      #expect((0..<count).map { sort[$0].place } == expected.map(\.offset))
    }
  }
}
