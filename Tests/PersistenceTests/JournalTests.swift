import Engine
import EventLoop
import Persistence
import RESP
import TestSupport
import Testing

/// Several shards' journals on a simulated disk: whatever happens to it, what was promised is there, and nothing is there that was not
/// written.
struct JournalTests {
  private static let write: UInt64 = 1
  private static let sync: UInt64 = 2

  private struct Promise {
    let shard: Int
    let record: Int
  }

  /// One shard: its journal, its disk, and what it has written.
  private final class Log {
    var journal = Journal()
    let disk: SimulatedDisk
    var lastFile: Int32 = 0
    /// Each record's end as a position, in order.
    var ends: [UInt64] = []
    var isDead = false
    var hasFailedSync = false

    init(_ policy: Journal.Policy, _ disk: SimulatedDisk) {
      self.disk = disk
      journal.policy = policy
      switchFile()
    }

    func switchFile() {
      lastFile += 1
      journal.switchTo(lastFile, at: 0)
    }

    func append(_ bytes: [UInt8]) {
      journal.append { $0 += bytes }
      ends.append(journal.appended)
    }

    func advance(wantsSync: Bool) {
      journal.advance(disk, wantsSync: wantsSync, write: JournalTests.write, sync: JournalTests.sync)
    }

    func finishOne() {
      guard let (data, result) = disk.finishOne() else { return }
      let completion = data == JournalTests.write ? journal.wrote(result) : journal.synced(result)
      if case .failed = completion {
        if data == JournalTests.sync { hasFailedSync = true }
        // As the server does: it can't promise any more.
        if journal.policy == .always { isDead = true }
      }
    }

    /// How many of its records are whole after a crash, and that they are its first ones.
    func survivors(_ records: [[UInt8]]) throws -> Int {
      let files = disk.crash()
      var found: [[UInt8]] = []
      for name in files.keys.sorted() {
        let isTorn = try ByteView.with(files[name] ?? []) { bytes throws(AppendOnlyScan.Failure) in
          let scan = try AppendOnlyScan(bytes)
          var reader = AppendOnlyReader(bytes[0..<scan.validByteCount])
          while reader.offset < scan.validByteCount {
            let start = reader.offset
            if case .record = try reader.next() { found.append(bytes[start..<reader.offset].bytes) }
          }
          return scan.isTorn
        }
        // Only what is behind everything else may be torn.
        if isTorn { break }
      }
      #expect(found.elementsEqual(records.prefix(found.count)), "records that nobody has written")
      return found.count
    }
  }

  private static func record(_ number: Int, _ random: inout SeededGenerator) -> [UInt8] {
    let value = [UInt8](repeating: UInt8(ascii: "v"), count: Int.random(in: 0...2000, using: &random))
    return Array("*3\r\n$3\r\nSET\r\n$\(String(number).count)\r\n\(number)\r\n$\(value.count)\r\n".utf8) + value + Array("\r\n".utf8)
  }

  private func run(
    _ seed: UInt64, _ policy: Journal.Policy, _ faults: SimulatedDisk.Faults, switches: Bool = false, makesRoom: Bool = false
  ) throws {
    var random = SeededGenerator(seed: seed)
    let log = Log(policy, SimulatedDisk(seed: seed &+ 1, faults: faults))
    log.journal.roomByteCount = 4096 * Int.random(in: 1...4, using: &random)
    var records: [[UInt8]] = []
    var promised = 0
    for _ in 0..<Int.random(in: 1...120, using: &random) where !log.isDead {
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        records.append(Self.record(records.count, &random))
        log.append(records[records.count - 1])
      }
      if switches, Int.random(in: 0..<20, using: &random) == 0 { log.switchFile() }
      if makesRoom { log.journal.makesRoom = Int.random(in: 0..<5, using: &random) > 0 }
      if makesRoom, Int.random(in: 0..<40, using: &random) == 0 { log.journal.policy = log.journal.policy == .always ? .everysec : .always }
      log.advance(wantsSync: Int.random(in: 0..<10, using: &random) == 0)
      for _ in 0..<Int.random(in: 0...2, using: &random) where !log.isDead { log.finishOne() }
      promised = log.ends.count { $0 <= log.journal.durable }
    }
    #expect(log.journal.durable <= log.journal.written && log.journal.written <= log.journal.appended)
    let count = try log.survivors(records)
    #expect(count >= promised, "\(promised) were promised, \(count) are there")
  }

  @Test(arguments: [Journal.Policy.always, .everysec, .no])
  func whatWasPromisedSurvives(_ policy: Journal.Policy) throws {
    try withEvery("seed", in: UInt64(0)..<400) { seed in
      try run(seed, policy, .init(), switches: seed % 2 == 0)
    }
  }

  @Test(arguments: [Journal.Policy.always, .everysec])
  func shortAndFailedWritesLoseNothing(_ policy: Journal.Policy) throws {
    try withEvery("seed", in: UInt64(0)..<400) { seed in
      try run(seed, policy, .init(shortWrites: 3, failedWrites: policy == .always ? 40 : 6), switches: seed % 2 == 0)
    }
  }

  @Test(arguments: [Journal.Policy.always, .everysec])
  func failedSyncsPromiseNothing(_ policy: Journal.Policy) throws {
    try withEvery("seed", in: UInt64(0)..<400) { seed in
      try run(seed, policy, .init(shortWrites: 5, failedSyncs: 4))
    }
  }

  @Test(arguments: [Journal.Policy.always, .everysec])
  func aFullDiskPromisesNothing(_ policy: Journal.Policy) throws {
    try withEvery("seed", in: UInt64(0)..<200) { seed in
      try run(seed, policy, .init(shortWrites: 4, capacity: Int(seed) * 300))
    }
  }

  /// Writes replace what room was made of; a crash leaves any of their sectors out.
  @Test(arguments: [true, false])
  func roomMadeAheadHidesNothing(isFaulty: Bool) throws {
    try withEvery("seed", in: UInt64(0)..<1000) { seed in
      try run(
        seed, .always, isFaulty ? .init(failedWrites: 60, failedSyncs: 60) : .init(), switches: seed % 3 == 0,
        makesRoom: true)
    }
  }

  @Test func aDiskTooFullForRoomStillTakesRecords() throws {
    try withEvery("seed", in: UInt64(0)..<200) { seed in
      let disk = SimulatedDisk(seed: seed, faults: .init(capacity: 20_000))
      let log = Log(.always, disk)
      log.journal.makesRoom = true
      var random = SeededGenerator(seed: seed)
      var records: [[UInt8]] = []
      var byteCount = 0
      while byteCount < 16_000 {
        records.append(Self.record(records.count, &random))
        byteCount += records[records.count - 1].count + 128
        log.append(records[records.count - 1])
        while log.journal.durable < log.journal.appended, !log.isDead {
          log.advance(wantsSync: false)
          log.finishOne()
        }
      }
      #expect(!log.isDead)
      let count = try log.survivors(records)
      #expect(count == records.count)
    }
  }

  /// Nothing is left of it in a file that is complete.
  @Test func aFinishedFileHasNoRoom() throws {
    let disk = SimulatedDisk(seed: 1, faults: .init())
    let log = Log(.always, disk)
    log.journal.makesRoom = true
    var random = SeededGenerator(seed: 2)
    let records = (0..<2).map { Self.record($0, &random) }
    log.append(records[0])
    log.advance(wantsSync: false)
    log.finishOne()
    #expect(disk.byteCount(of: 1) >= log.journal.roomByteCount)
    log.switchFile()
    log.append(records[1])
    for _ in 0..<4 {
      log.advance(wantsSync: false)
      log.finishOne()
    }
    #expect(disk.closed == [1] && disk.byteCount(of: 1) < 2 * records[0].count + 256)
    #expect(try log.survivors(records) == 2)
  }

  @Test func aFullDiskThatGetsRoomGoesOn() throws {
    let disk = SimulatedDisk(seed: 5, faults: .init(capacity: 1000))
    let log = Log(.everysec, disk)
    var random = SeededGenerator(seed: 6)
    let records = (0..<20).map { Self.record($0, &random) }
    for record in records { log.append(record) }
    for _ in 0..<10 {
      log.advance(wantsSync: true)
      log.finishOne()
    }
    #expect(log.journal.failure != nil && log.journal.durable < log.journal.appended)
    disk.faults.capacity = .max
    for _ in 0..<20 {
      log.advance(wantsSync: true)
      log.finishOne()
    }
    #expect(log.journal.failure == nil && log.journal.durable == log.journal.appended)
    #expect(try log.survivors(records) == records.count)
  }

  /// Transactions over several shards' disks, which crash together.
  @Test(arguments: [true, false])
  func transactionsOverShardsAreWholeOrAbsent(wasHeld: Bool) throws {
    try withEvery("seed", in: UInt64(0)..<300) { seed in
      var random = SeededGenerator(seed: seed)
      let logs = (0..<3).map { Log(wasHeld ? .always : .everysec, SimulatedDisk(seed: seed &* 3 &+ UInt64($0), faults: .init())) }
      var acknowledged: Set<UInt64> = []
      var open: [(id: UInt64, shards: [Int], positions: [UInt64])] = []
      var next: UInt64 = 0
      for _ in 0..<80 {
        if Bool.random(using: &random), !wasHeld || open.isEmpty {
          next += 1
          let shards = Array([0, 1, 2].shuffled(using: &random).prefix(Int.random(in: 2...3, using: &random))).sorted()
          for shard in shards {
            var effects = Effects()
            effects.append(transaction: next, of: shards, wasHeld: wasHeld, Self.record(Int(next), &random))
            var bytes: [UInt8] = []
            effects.drain(into: &bytes)
            logs[shard].append(bytes)
          }
          open.append((next, shards, shards.map { logs[$0].journal.appended }))
        }
        for log in logs {
          log.advance(wantsSync: Int.random(in: 0..<8, using: &random) == 0)
          if Bool.random(using: &random) { log.finishOne() }
        }
        open.removeAll { transaction in
          guard zip(transaction.shards, transaction.positions).allSatisfy({ logs[$0].journal.durable >= $1 }) else { return false }
          acknowledged.insert(transaction.id)
          return true
        }
      }
      let contents = logs.map { $0.disk.crash()[1] ?? [] }
      let scans = try contents.map { content in
        try ByteView.with(content) { bytes throws(AppendOnlyScan.Failure) in try AppendOnlyScan(bytes) }
      }
      let recovery = Recovery(scans.map { ($0.validByteCount, $0.parts) })
      var seen: [UInt64: Set<Int>] = [:]
      var shards: [UInt64: [Int]] = [:]
      for (shard, scan) in scans.enumerated() {
        for part in scan.parts where part.range.upperBound <= recovery.ends[shard] {
          if recovery.skipped[shard].contains(part.range) { continue }
          seen[part.line.id, default: []].insert(shard)
          shards[part.line.id] = part.line.shards
        }
      }
      for (id, found) in seen { #expect(found == Set(shards[id] ?? []), "transaction \(id) is there in part") }
      // Where it is not held, what is acknowledged on disk may end behind another that is not.
      if wasHeld { #expect(acknowledged.isSubset(of: Set(seen.keys)), "\(acknowledged) of \(seen.keys)") }
    }
  }
}
