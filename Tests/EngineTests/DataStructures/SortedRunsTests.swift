import TestSupport
import Testing

@testable import Engine

/// Goal: the runs hold what a sorted array would. Method: random insertions and removals from a seed, more at the ends
/// than elsewhere, compared with an array; invariants checked after each.
@Suite struct SortedRunsTests {
  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `random operations leave what they leave in a sorted array`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var runs = SortedRuns<StreamID>()
    var model: [StreamID] = []
    for step in 0..<6000 {
      let id = StreamID(UInt64.random(in: 0..<900, using: &random), UInt64(step % 3))
      let grows = (step / 1500) % 2 == 0
      switch Int.random(in: 0..<10, using: &random) {
      case 0...2 where grows:
        let end = StreamID((model.last?.milliseconds ?? 0) + 1, 0)
        let isNew = runs.insert(end)
        #expect(isNew)
        model.append(end)
      case 0...6 where grows, 0...1:
        let index = model.firstIndex { $0 >= id } ?? model.count
        let isNew = index == model.count || model[index] != id
        let isInserted = runs.insert(id)
        #expect(isInserted == isNew)
        if isNew { model.insert(id, at: index) }
      case 2...4:
        guard let position = runs.firstPosition else { continue }
        let next = runs.remove(at: position).map { runs[$0] }
        model.removeFirst()
        #expect(next == model.first)
      default:
        guard let position = runs.ceiling(id) else { continue }
        let index = model.firstIndex { $0 >= id } ?? 0
        let next = runs.remove(at: position).map { runs[$0] }
        model.remove(at: index)
        #expect(next == (index < model.count ? model[index] : nil))
      }
      checkFinding(runs, model, id)
      if step % 16 == 0 { check(runs, model) }
    }
    check(runs, model)
  }

  private func checkFinding(
    _ runs: borrowing SortedRuns<StreamID>, _ model: [StreamID], _ id: StreamID
  ) {
    let ceiling = runs.ceiling(id).map { runs[$0] }
    let floor = runs.floor(id).map { runs[$0] }
    let found = runs.find(id) != nil
    #expect(ceiling == model.first { $0 >= id })
    #expect(floor == model.last { $0 <= id })
    #expect(found == model.contains(id))
  }

  private func check(_ runs: borrowing SortedRuns<StreamID>, _ model: [StreamID]) {
    runs.checkInvariants()
    var seen: [StreamID] = []
    runs.forEach { seen.append($0) }
    #expect(seen == model)
    var backwards: [StreamID] = []
    var position = runs.lastPosition
    while let current = position {
      backwards.append(runs[current])
      position = runs.position(before: current)
    }
    #expect(backwards == model.reversed())
    let (count, first, last) = (runs.count, runs.first, runs.last)
    #expect(count == model.count)
    #expect(first == model.first)
    #expect(last == model.last)
  }

  @Test func `what only grows at its end and shrinks at its front stays compact`() {
    var runs = SortedRuns<StreamID>()
    for id in 0..<10_000 { runs.insert(StreamID(UInt64(id), 0)) }
    let bytes = runs.heapByteCount
    #expect(bytes < 10_000 * 18)
    for id in 10_000..<100_000 {
      runs.insert(StreamID(UInt64(id), 0))
      if let first = runs.firstPosition { runs.remove(at: first) }
    }
    runs.checkInvariants()
    let later = runs.heapByteCount
    #expect(later < bytes * 5 / 4)
  }
}
