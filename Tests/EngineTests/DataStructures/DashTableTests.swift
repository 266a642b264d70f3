import RESP
import TestSupport
import Testing

@testable import Engine

/// Goal: the table holds what a dictionary would, through growth and splits, and scans keep their
/// promise. Method: random operations from a seed, compared with a dictionary; invariants checked
/// on the way.
@Suite struct DashTableTests {
  /// A table that frees its entries.
  final class Owner {
    var table: DashTable
    init(seed: UInt64) { table = DashTable(seed: seed) }

    deinit {
      var position: UInt64? = 0
      while let current = position {
        position = unsafe table.visitSegment(from: current) { slot in
          unsafe DashTable.block(slot.pointee).dispose()
        }
      }
    }

    func value(_ key: String) -> Int? {
      ByteView.with(Array(key.utf8)) { key in
        guard let slot = unsafe table.find(key, KeyHash(key, seed: table.seed)) else { return nil }
        return unsafe DashTable.block(slot.pointee).word
      }
    }

    func set(_ key: String, _ value: Int, expires: Bool = false) {
      ByteView.with(Array(key.utf8)) { key in
        let hash = KeyHash(key, seed: table.seed)
        let block = EntryBlock.allocate(
          key: key, valueCount: 8, type: .string, encoding: .integer, expiry: expires ? 5 : nil)
        block.word = value
        if let slot = unsafe table.find(key, hash) {
          let old = unsafe DashTable.block(slot.pointee)
          unsafe table.replace(slot, with: block)
          old.free()
        } else {
          _ = unsafe table.insert(block, hash, clock: UInt32(value & 0x7FFFF))
        }
      }
    }

    func remove(_ key: String) -> Bool {
      ByteView.with(Array(key.utf8)) { key in
        let hash = KeyHash(key, seed: table.seed)
        guard let slot = unsafe table.find(key, hash) else { return false }
        unsafe table.remove(slot, hash).dispose()
        return true
      }
    }

    func scan(from position: UInt64, _ visit: (String) -> Void) -> UInt64? {
      unsafe table.visitBucket(from: position) { slot in
        visit(unsafe DashTable.block(slot.pointee).key.string)
      }
    }
  }

  @Test func `random changes leave what a dictionary would hold`() throws {
    try withEvery("seed", in: UInt64(1)...6) { seed in
      var random = SeededGenerator(seed: seed)
      let owner = Owner(seed: seed)
      var model: [String: Int] = [:]
      let keyCount = [20, 300, 2000, 6000][Int(seed % 4)]
      for step in 0..<20_000 {
        let key = "key:\(Int.random(in: 0..<keyCount, using: &random))"
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5:
          owner.set(key, step, expires: step % 3 == 0)
          model[key] = step
        case 5..<8: #expect(owner.remove(key) == (model.removeValue(forKey: key) != nil))
        default: #expect(owner.value(key) == model[key])
        }
        if step % 4000 == 0 { owner.table.checkInvariants() }
      }
      owner.table.checkInvariants()
      #expect(owner.table.count == model.count)
      for (key, value) in model { #expect(owner.value(key) == value) }
    }
  }

  @Test func `a scan meets every stable entry exactly once while others come and go`() throws {
    try withEvery("seed", in: UInt64(1)...4) { seed in
      var random = SeededGenerator(seed: seed)
      let owner = Owner(seed: seed)
      let stable = (0..<1500).map { "stable:\($0)" }
      for key in stable { owner.set(key, 1) }
      var seen: [String: Int] = [:]
      var position: UInt64? = 0
      var churn = 0
      while let current = position {
        position = owner.scan(from: current) { seen[$0, default: 0] += 1 }
        for _ in 0..<Int.random(in: 0..<60, using: &random) {
          owner.set("churn:\(churn)", churn)
          churn += 1
        }
        if churn > 0, Bool.random(using: &random) {
          _ = owner.remove("churn:\(Int.random(in: 0..<churn, using: &random))")
        }
      }
      for key in stable { #expect(seen[key] == 1, "\(key)") }
      owner.table.checkInvariants()
    }
  }

  @Test func `a missing key whose fingerprint is the lowest is not mistaken for a free slot`() {
    // Whatever the bucket holds, looking for keys that are not there reads no free slot as an
    // entry.
    let owner = Owner(seed: 3)
    for index in 0..<4000 { owner.set("present:\(index)", index) }
    for index in 0..<200_000 { #expect(owner.value("absent:\(index)") == nil) }
  }

  @Test func `fingerprints are never those that would flag a free slot`() {
    for low in UInt64(0)...255 {
      let fingerprint = KeyHash(rawValue: 0xABCD_EF00 | low).fingerprint
      #expect(fingerprint >= 2)
      let pattern = UInt64(fingerprint) &* 0x0001_0101_0101_0101
      for position in 0..<7 {
        let tags = UInt64(fingerprint) << UInt64(8 * position)
        #expect(Bucket.matches(tags, pattern) == UInt64(0x80) << UInt64(8 * position))
      }
    }
  }

  @Test func `an empty table has no entries, no segments and a scan of one step`() {
    let owner = Owner(seed: 1)
    #expect(owner.value("key") == nil)
    #expect(owner.scan(from: 0) { _ in Issue.record("an entry") } == nil)
    owner.table.checkInvariants()
  }
}
