import RESP
import TestSupport
import Testing

@testable import Engine

/// Goal: the tree holds what a sorted array would, at every size and in every order of changes. Method: random
/// changes from a seed, compared with the array; invariants checked on the way.
@Suite struct BPlusTreeTests {
  /// A tree over a table, and beside it the array.
  final class Model {
    var tree: BPlusTree
    let members = ElementTable.empty(seed: 7)
    var entries: [(score: Double, name: [UInt8])] = []

    init() { tree = .empty() }

    deinit {
      tree.free()
      members.free()
    }

    private func index(_ score: Double, _ name: [UInt8]) -> Int {
      entries.firstIndex {
        $0.score > score || $0.score == score && !$0.name.lexicographicallyPrecedes(name)
      } ?? entries.count
    }

    func set(_ name: [UInt8], _ score: Double) {
      if let old = entries.firstIndex(where: { $0.name == name }) {
        let oldScore = entries[old].score
        let element = find(name)!
        entries.remove(at: old)
        element.word = score.word
        tree.update(oldScore, to: score, element.address)
      } else {
        let element = ByteView.with(name) { members.insert($0, word: score.word) }
        tree.insert(score, element.address)
      }
      entries.insert((score, name), at: index(score, name))
    }

    func remove(at rank: Int) {
      let (score, name) = entries.remove(at: rank)
      let element = find(name)!
      tree.remove(score, element.address)
      members.remove(element)
    }

    private func find(_ name: [UInt8]) -> ElementTable.Element? {
      ByteView.with(name) { members.find($0) }
    }

    func check() {
      tree.checkInvariants()
      #expect(tree.count == entries.count)
      for backward in [false, true] {
        var seen: [[UInt8]] = []
        let start = backward ? entries.count - 1 : 0
        tree.forEach(from: start, count: entries.count, backward: backward) { name, _ in
          seen.append(name.bytes)
        }
        #expect(seen == (backward ? entries.reversed() : entries).map(\.name))
      }
      for rank in stride(from: 0, to: entries.count, by: 7) {
        let (score, name) = entries[rank]
        #expect(ByteView.with(name) { tree.rank(score, $0) } == rank)
        let cursor = tree.cursor(at: rank)
        #expect(cursor.score == score && cursor.member.bytes == name)
      }
    }
  }

  private func name(_ number: UInt64) -> [UInt8] { Array("member\(number)".utf8) }

  @Test(arguments: [UInt64(1), 2, 3])
  func randomChangesAgreeWithASortedArray(seed: UInt64) {
    var random = SplitMix64(state: seed)
    let model = Model()
    for step in 0..<6000 {
      // Grows to some hundreds, shrinks to none, and again.
      let isGrowing = step / 1500 % 2 == 0
      if random.next() % 10 < (isGrowing ? 8 : 2) || model.entries.isEmpty {
        model.set(name(random.next() % 2000), Double(random.next() % 50) - 25)
      } else {
        model.remove(at: Int(random.next() % UInt64(model.entries.count)))
      }
      if step % 250 == 0 { model.check() }
    }
    model.check()
  }

  @Test(arguments: [1, 61, 62, 63, 124, 125, 1922, 1923, 2500])
  func everyOrderOfInsertionAndRemoval(count: Int) {
    for descending in [false, true] {
      let model = Model()
      for index in 0..<count {
        model.set(name(UInt64(index)), Double(descending ? -index : index))
      }
      model.check()
      while model.entries.count > 0 {
        model.remove(at: descending ? 0 : model.entries.count - 1)
        if model.entries.count % 97 == 0 { model.tree.checkInvariants() }
      }
      model.check()
    }
  }

  @Test(arguments: [0, 1, 62, 63, 64, 1922, 1923, 1953, 60_000])
  func builtAtOnce(count: Int) {
    let members = ElementTable.empty(seed: 1)
    for index in 0..<count {
      ByteView.with(name(UInt64(index))) { _ = members.insert($0, word: Double(index % 1000).word) }
    }
    let index = SortedSetIndex(sorting: members)
    index.tree.checkInvariants()
    #expect(index.count == count && index.tree.count == count)
    var last = -Double.infinity
    index.tree.forEach(from: 0, count: count) { _, score in
      #expect(score >= last)
      last = score
    }
    let copy = index.copy()
    copy.tree.checkInvariants()
    var progress: UInt64? = 0
    var slices = 0
    while let current = progress {
      progress = copy.freeSlice(from: current)
      slices += 1
    }
    #expect(count < 60_000 || slices > 20)
    index.free()
  }
}
