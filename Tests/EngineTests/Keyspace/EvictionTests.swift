import RESP
import Testing

@testable import Engine

@Suite struct EvictionTests {
  private static let policies = [
    "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random",
    "volatile-ttl",
  ]

  private func session(_ policy: String, seed: UInt64 = 1) -> KeyspaceSession {
    var options = Keyspace.Options()
    options.evictionPolicy = EvictionPolicy(named: policy)
    options.countsFrequency = policy.hasSuffix("lfu")
    return KeyspaceSession(options, seed: seed)
  }

  /// Evicts until nothing may go.
  private func evictAll(_ session: inout KeyspaceSession) -> Int {
    var count = 0
    while true {
      switch session.keyspace.evictOne({ _ in true }) {
      case .evicted: count += 1
      case .nothing: return count
      case .notFoundYet: break
      }
    }
  }

  @Test func allThatMayGoGoesAndNothingElse() {
    for policy in Self.policies {
      var session = session(policy)
      for index in 0..<3000 {
        session.set("kept\(index)", "x")
        session.set("mortal\(index)", "x", expiry: KeyspaceSession.start + 60_000 + Int64(index))
      }
      let isVolatile = policy.hasPrefix("volatile")
      #expect(session.keyspace.evictableKeyCount == (isVolatile ? 3000 : 6000))
      #expect(evictAll(&session) == (isVolatile ? 3000 : 6000), "\(policy)")
      #expect(session.keyspace.count == (isVolatile ? 3000 : 0), "\(policy)")
      #expect(session.keyspace.statistics.evictedKeys == (isVolatile ? 3000 : 6000))
      unsafe session.keyspace.database.pointee.table.checkInvariants()
    }
  }

  @Test func nothingGoesWithoutAPolicy() {
    var session = session("noeviction")
    session.set("k", "x", expiry: KeyspaceSession.start + 1000)
    #expect(session.keyspace.evictableKeyCount == 0)
    #expect(evictAll(&session) == 0)
  }

  @Test func theLongestUnusedGoFirst() {
    var session = session("allkeys-lru")
    for index in 0..<2000 { session.set("old\(index)", "x") }
    session.keyspace.now += 100_000
    for index in 0..<2000 { session.set("new\(index)", "x") }
    // Used again, so they are new.
    for index in 0..<500 { _ = session.run("TOUCH", "old\(index)") }
    for _ in 0..<1400 { #expect(session.keyspace.evictOne { _ in true } == .evicted) }
    let left = (500..<2000).count { session.text("old\($0)") != nil }
    #expect(left < 150)
    #expect((0..<500).count { session.text("old\($0)") != nil } > 480)
    #expect((0..<2000).count { session.text("new\($0)") != nil } > 1940)
  }

  @Test func theLeastUsedGoFirst() {
    var session = session("allkeys-lfu")
    for index in 0..<2000 { session.set("k\(index)", "x") }
    for _ in 0..<20 { for index in 0..<500 { _ = session.run("TOUCH", "k\(index)") } }
    for _ in 0..<1400 { #expect(session.keyspace.evictOne { _ in true } == .evicted) }
    #expect((0..<500).count { session.text("k\($0)") != nil } == 500)
  }

  @Test func thoseThatExpireFirstGoFirst() {
    var session = session("volatile-ttl")
    for index in 0..<2000 {
      session.set("k\(index)", "x", expiry: KeyspaceSession.start + 10_000 + Int64(index))
    }
    for _ in 0..<1000 { #expect(session.keyspace.evictOne { _ in true } == .evicted) }
    #expect((0..<1000).count { session.text("k\($0)") != nil } < 100)
  }

  @Test func claimedKeysStayUntilTheyAreFree() {
    for policy in Self.policies {
      var session = session(policy)
      for index in 0..<20 { session.set("k\(index)", "x", expiry: KeyspaceSession.start + 60_000) }
      #expect(session.keyspace.evictOne { _ in false } == .notFoundYet, "\(policy)")
      #expect(session.keyspace.count == 20)
      #expect(evictAll(&session) == 20, "\(policy)")
    }
  }

  @Test func aChosenKeyThatChangedIsPassedOver() {
    var session = session("volatile-ttl")
    for index in 0..<40 {
      session.set("k\(index)", "x", expiry: KeyspaceSession.start + 10_000 + Int64(index))
    }
    #expect(session.keyspace.evictOne { _ in true } == .evicted)
    for index in 0..<20 { _ = session.run("PERSIST", "k\(index)") }
    #expect(evictAll(&session) == 20)
    #expect(session.keyspace.count == 19)
  }

  @Test func everyDatabaseTakesPart() {
    var session = session("allkeys-lru")
    for database in 0..<4 {
      session.keyspace.select(database)
      for index in 0..<50 { session.set("k\(index)", "x") }
    }
    #expect(evictAll(&session) == 200)
    #expect(session.keyspace.selected == 3)
  }

  @Test func anEvictionIsARecordOfItsOwnAnEventAndAChange() {
    var options = Keyspace.Options()
    options.evictionPolicy = EvictionPolicy(named: "allkeys-random")
    options.events = [.evicted, .keyeventChannel]
    var session = KeyspaceSession(options)
    session.set("k", "x")
    session.keyspace.observe(DatabaseKey(database: 0, name: Array("k".utf8)))
    session.keyspace.effects.isRecorded = true
    #expect(session.keyspace.evictOne { _ in true } == .evicted)
    var records: [UInt8] = []
    session.keyspace.effects.drain(into: &records)
    #expect(
      String(decoding: records, as: UTF8.self)
        == "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n")
    let events = session.keyspace.events.take()
    #expect(events.map { "\($0.name)" } == ["evicted"])
    #expect(session.keyspace.observed.takeChanges().count == 1)
    session.keyspace.stopObserving(DatabaseKey(database: 0, name: Array("k".utf8)))
  }

  @Test func anEntryIsFoundByItsHash() {
    var session = session("allkeys-lru")
    for index in 0..<5000 { session.set("k\(index)", "x") }
    let seed = session.keyspace.seed
    for index in 0..<5000 {
      let hash = ByteView.with(Array("k\(index)".utf8)) { KeyHash($0, seed: seed) }
      let slot = unsafe session.keyspace.database.pointee.table.find(hash: hash)
      let name = unsafe slot.map { unsafe Entry(slot: $0).key.string }
      #expect(name == "k\(index)")
    }
    let absent = ByteView.with(Array("absent".utf8)) { KeyHash($0, seed: seed) }
    let isThere = unsafe session.keyspace.database.pointee.table.find(hash: absent) != nil
    #expect(!isThere)
  }
}
