import RESP
import TestSupport
import Testing

@testable import Engine

/// Listpacks against an array, and against bytes that are none.
@Suite struct ListpackTests {
  private static func elements(_ listpack: Listpack, backwards: Bool = false) -> [[UInt8]] {
    var elements: [[UInt8]] = []
    var position = backwards ? listpack.last : listpack.first
    while let current = position {
      elements.append(listpack.value(at: current).withBytes { $0.bytes })
      position = backwards ? listpack.previous(current) : listpack.next(current)
    }
    return elements
  }

  private static func check(_ listpack: Listpack, _ model: [[UInt8]]) {
    #expect(Listpack.isValid(listpack.bytes))
    #expect(listpack.count == model.count)
    #expect(elements(listpack) == model)
    #expect(elements(listpack, backwards: true) == model.reversed())
  }

  private static func value(_ random: inout SeededGenerator) -> [UInt8] {
    switch Int.random(in: 0..<12, using: &random) {
    case 0: random.bytes(60...70)
    case 1: random.bytes(120...135)
    case 2: random.bytes(4090...4100)
    case 3...6:
      Array(String(Int(truncatingIfNeeded: random.next()) >> Int.random(in: 0..<64, using: &random)).utf8)
    default: random.bytes(0...9)
    }
  }

  @Test func randomChangesAgreeWithAnArray() {
    for seed in UInt64(1)...20 {
      var random = SeededGenerator(seed: seed)
      var listpack = Listpack.empty()
      var model: [[UInt8]] = []
      for step in 0..<150 {
        let value = Self.value(&random)
        let index = Int.random(in: 0...model.count, using: &random)
        ByteView.with(value) { view in
          let position = listpack.position(at: index)
          switch (Int.random(in: 0..<4, using: &random), position) {
          case (0, let position?):
            listpack.replace(at: position, with: view)
            model[index] = value
          case (1, let position?):
            let count = Int.random(in: 1...3, using: &random)
            listpack.remove(at: position, count: count)
            model.removeSubrange(index..<min(index + count, model.count))
          default:
            listpack.insert(view, at: position)
            model.insert(value, at: index)
          }
        }
        if step % 10 == 0 { Self.check(listpack, model) }
      }
      Self.check(listpack, model)
      let border = Int.random(in: 0..<max(model.count, 1), using: &random)
      if let position = listpack.position(at: border) {
        let tail = listpack.split(at: position)
        Self.check(listpack, Array(model[..<border]))
        Self.check(tail, Array(model[border...]))
        listpack.append(contentsOf: tail)
        Self.check(listpack, model)
        tail.free()
      }
      listpack.free()
    }
  }

  /// The bytes Redis writes for these elements.
  @Test(arguments: [
    (["1", "abc"], "0e000000020001018361626304ff"), (["-1"], "0a0000000100dfff02ff"),
    (["4096"], "0b0000000100f1001003ff"), (["-2147483649"], "110000000100f4ffffff7fffffffff09ff"),
  ])
  func bytesAreThoseOfRedis(elements: [String], hex: String) {
    var listpack = Listpack.empty()
    for element in elements { ByteView.with(Array(element.utf8)) { listpack.append($0) } }
    #expect(hexText(listpack.bytes.bytes) == hex)
    listpack.free()
  }

  /// Every byte of a valid one set to other values: refused or walked to its end, never beyond.
  @Test func damagedBytesAreRefusedOrHarmless() {
    var listpack = Listpack.empty()
    var random = SeededGenerator(seed: 3)
    for _ in 0..<12 { ByteView.with(random.bytes(0...80)) { listpack.append($0) } }
    for number in [0, 5, -7, 300, 70_000, -(1 << 40)] { listpack.append(number) }
    let sound = listpack.bytes.bytes
    listpack.free()
    for offset in sound.indices {
      for value in [UInt8(0), 1, 0x7F, 0x80, 0xBF, 0xC0, 0xE0, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF] {
        var damaged = sound
        damaged[offset] = value
        ByteView.with(damaged) { view in
          guard Listpack.isValid(view) else { return }
          let copy = Listpack(copying: view)
          #expect(Self.elements(copy).count == copy.count)
          copy.free()
        }
      }
      ByteView.with(Array(sound[..<offset])) { #expect(!Listpack.isValid($0)) }
    }
  }
}
