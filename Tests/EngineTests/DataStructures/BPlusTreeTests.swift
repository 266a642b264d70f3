import RESP
import TestSupport
import Testing

@testable import Engine

@Suite struct BPlusTreeTests {
  /// Members and scores, sorted as the tree should.
  private static func sorted(_ model: [[UInt8]: Double]) -> [(member: [UInt8], score: Double)] {
    model.map { (member: $0.key, score: $0.value) }.sorted {
      $0.score != $1.score
        ? $0.score < $1.score : $0.member.lexicographicallyPrecedes($1.member)
    }
  }

  private func expect(_ index: SortedSetIndex, equals model: [[UInt8]: Double]) {
    index.tree.checkInvariants()
    let expected = Self.sorted(model)
    #expect(index.tree.count == expected.count)
    var members: [[UInt8]] = []
    var scores: [Double] = []
    index.tree.forEach(from: 0, count: index.count) {
      members.append($0.bytes)
      scores.append($1)
    }
    #expect(members == expected.map(\.member))
    #expect(scores == expected.map(\.score))
    var backward: [[UInt8]] = []
    index.tree.forEach(from: index.count - 1, count: index.count, backward: true) { member, _ in
      backward.append(member.bytes)
    }
    #expect(backward == members.reversed())
  }

  @Test(arguments: 1...6) func randomOperationsAgreeWithAModel(seed: Int) {
    var random = SplitMix64(state: UInt64(seed))
    let index = SortedSetIndex.empty(seed: 7)
    var model: [[UInt8]: Double] = [:]
    // Phases that grow and phases that shrink, so that nodes split, join and lend.
    for step in 0..<24_000 {
      let shrinks = step / 6_000 % 2 == 1
      let member = Array("m\(random.next() % 5_000)".utf8)
      let score = Double(random.next() % (seed % 2 == 0 ? 50 : 1 << 30))
      ByteView.with(member) { view in
        if random.next() % 10 < (shrinks ? 7 : 2) {
          #expect(index.remove(view) == (model.removeValue(forKey: member) != nil))
        } else {
          _ = index.update(view) { _ in score }
          model[member] = score
        }
      }
      if step % 3_000 == 0 { expect(index, equals: model) }
    }
    expect(index, equals: model)
    for (rank, pair) in Self.sorted(model).enumerated() where rank % 7 == 0 {
      ByteView.with(pair.member) { #expect(index.tree.rank(pair.score, $0) == rank) }
      #expect(index.tree.cursor(at: rank).member.bytes == pair.member)
    }
    let copy = index.copy()
    expect(copy, equals: model)
    copy.free()
    index.remove(0..<index.count)
    expect(index, equals: [:])
    index.free()
  }

  @Test(arguments: [0, 1, 61, 62, 63, 124, 125, 1922, 1923, 1985, 5_000, 70_000])
  func builtFromSortedInput(count: Int) {
    let index = SortedSetIndex.empty(seed: 3)
    var builder = BPlusTree.Builder()
    for number in 0..<count {
      ByteView.with(Array("\(number)".utf8)) { member in
        let score = Double(number)
        builder.append(score, index.members.insert(member, word: score.word).address)
      }
    }
    index.take(builder.finish())
    index.tree.checkInvariants()
    #expect(index.tree.count == count)
    var progress: UInt64? = 0
    while let current = progress { progress = index.freeSlice(from: current) }
  }
}
