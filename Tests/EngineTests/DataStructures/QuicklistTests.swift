import RESP
import TestSupport
import Testing

@testable import Engine

/// Quicklists against an array, under limits small enough that nodes split, empty and merge all the time.
@Suite struct QuicklistTests {
  private static func bytes(_ list: Quicklist, backwards: Bool = false) -> [[UInt8]] {
    var elements: [[UInt8]] = []
    var cursor = backwards ? list.last : list.first
    while let current = cursor {
      elements.append(list.value(at: current).withBytes { $0.bytes })
      cursor = backwards ? list.previous(current) : list.next(current)
    }
    list.settle()
    return elements
  }

  private static func check(_ list: Quicklist, _ model: [[UInt8]]) {
    list.checkInvariants()
    #expect(list.count == model.count)
    #expect(bytes(list) == model)
    #expect(bytes(list, backwards: true) == model.reversed())
  }

  private static func element(_ random: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<10, using: &random) {
    case 0: random.bytes(90...200)
    case 1...4: Array(String(Int.random(in: -70_000...70_000, using: &random)).utf8)
    case 5: Array(repeating: 0x78, count: Int.random(in: 20...60, using: &random))
    default: random.bytes(0...12)
    }
  }

  @Test(arguments: [(2, 0), (7, 0), (7, 1), (3, 2), (64, 1), (-1, 0), (-1, 1)])
  func randomOperationsAgreeWithAnArray(size: Int, depth: Int) {
    for seed in UInt64(1)...12 {
      var random = SeededGenerator(seed: seed)
      let limits = Quicklist.Limits(listpackSize: size, plainBytesMin: size > 0 ? 100 : 0)
      var list = Quicklist.empty(compressDepth: depth)
      var model: [[UInt8]] = []
      for step in 0..<400 {
        let value = Self.element(&random)
        ByteView.with(value) { view in
          let grows = model.isEmpty || Int.random(in: 0..<3, using: &random) > 0
          let index = model.isEmpty ? 0 : Int.random(in: 0..<model.count, using: &random)
          switch Int.random(in: 0..<5, using: &random) {
          case 0 where grows:
            list.append(view, limits)
            model.append(value)
          case 1 where grows:
            list.prepend(view, limits)
            model.insert(value, at: 0)
          case 2 where grows && !model.isEmpty:
            let after = Bool.random(using: &random)
            list.insert(view, limits, at: list.cursor(at: index), after: after)
            model.insert(value, at: after ? index + 1 : index)
          case 3 where !model.isEmpty:
            list.replace(at: index, with: view, limits)
            model[index] = value
          case 4 where !grows:
            let count = Int.random(in: 0...min(model.count - index, 9), using: &random)
            list.removeRange(from: index, count: count, limits)
            model.removeSubrange(index..<index + count)
          default:
            guard !model.isEmpty else { return }
            let next = list.remove(list.cursor(at: index))
            model.remove(at: index)
            #expect((next != nil) == (index < model.count))
            if let next { #expect(list.value(at: next).withBytes { $0.bytes } == model[index]) }
          }
          list.settle()
        }
        if step % 20 == 0 { Self.check(list, model) }
      }
      Self.check(list, model)
      let copy = list.copy()
      list.free()
      list = copy
      Self.check(list, model)
      var start: Int? = 0
      while let current = start { start = list.freeSlice(from: current, count: 3) }
    }
  }

  /// The first node stays short, so that an element in front moves little, and the others fill up all the same.
  @Test func aListThatGrowsAtItsFrontHasFullNodesBehindAShortOne() {
    let limits = Quicklist.Limits(listpackSize: -2)
    let list = Quicklist.empty(compressDepth: 0)
    defer { list.free() }
    var model: [[UInt8]] = []
    for index in 0..<4000 {
      let value = Array("element:\(index)".utf8)
      ByteView.with(value) { list.prepend($0, limits) }
      model.append(value)
      #expect(list[0].listpack.byteCount < 8192 / 4 || list.nodeCount == 1)
    }
    Self.check(list, model.reversed())
    for index in 2..<list.nodeCount { #expect(list[index].listpack.byteCount > 8192 * 3 / 4) }
  }
}
