import RESP
import Testing

@testable import Engine

@Suite struct ScanTests {
  /// Keys that stay all the while must come exactly once, others at most once a life, while the
  /// table grows from nothing through several splits and shrinks again.
  @Test(arguments: 1...8)
  func everyKeyThatStaysIsVisitedOnce(seed: UInt64) {
    var session = KeyspaceSession(seed: seed)
    var random = SplitMix64(state: seed)
    let stable = Int(random.next() % 3000) + 1
    for index in 0..<stable { session.set("stable\(index)", "v") }
    var seen: [String: Int] = [:]
    var position: UInt64? = 0
    var round = 0
    while let current = position {
      position = session.keyspace.scan(from: current, count: Int(random.next() % 20) + 1) { key in
        seen[key.string, default: 0] += 1
      }
      for _ in 0..<(random.next() % 60) {
        session.set("extra\(round)", "v")
        round += 1
      }
      for _ in 0..<(random.next() % 30) where round > 0 {
        _ = session.run("DEL", "extra\(random.next() % UInt64(round))")
      }
    }
    for index in 0..<stable {
      #expect(seen["stable\(index)"] == 1, "seed \(seed), key \(index) of \(stable)")
    }
    #expect(seen.values.allSatisfy { $0 == 1 })
  }

  @Test func filters() {
    var session = KeyspaceSession()
    for index in 0..<100 { session.set("k\(index)", "v") }
    func count(_ filter: Keyspace.ScanFilter, _ session: inout KeyspaceSession) -> Int {
      var found = 0
      let next = session.keyspace.scan(from: 0, count: 1_000_000, filter: filter) { _ in found += 1
      }
      #expect(next == nil)
      return found
    }
    #expect(count(.init(), &session) == 100)
    #expect(count(.init(pattern: Array("k?".utf8)), &session) == 10)
    #expect(count(.init(pattern: Array("*".utf8)), &session) == 100)
    #expect(count(.init(type: .known(.string)), &session) == 100)
    #expect(count(.init(type: .known(.hash)), &session) == 0)
    #expect(count(.init(type: .unknown), &session) == 0)
  }

  @Test func expiredKeysAreDeletedNotVisited() {
    var session = KeyspaceSession()
    for index in 0..<500 {
      session.set("k\(index)", "v", expiry: index % 2 == 0 ? KeyspaceSession.start : nil)
    }
    var found = 0
    var position: UInt64? = 0
    while let current = position {
      position = session.keyspace.scan(from: current, count: 10) { _ in found += 1 }
    }
    #expect(found == 250)
    #expect(session.keyspace.count == 250)
    #expect(session.keyspace.statistics.expiredKeys == 250)
  }

  @Test func aSliceInAThinTableIsBounded() {
    var session = KeyspaceSession()
    for index in 0..<50_000 { session.set("k\(index)", "v") }
    for index in 0..<50_000 { _ = session.run("DEL", "k\(index)") }
    var slices = 0
    var position: UInt64? = 0
    while let current = position {
      position = session.keyspace.scan(from: current, count: 10) { _ in }
      slices += 1
    }
    #expect(slices > 50)
  }

  @Test func aFilterLetsThroughWhatMatchesAndLives() {
    var session = KeyspaceSession()
    func matching(_ pattern: String) -> Set<String> {
      var found: Set<String> = []
      let filter = Keyspace.ScanFilter(pattern: Array(pattern.utf8))
      _ = session.keyspace.scan(from: 0, count: 100, filter: filter) { found.insert($0.string) }
      return found
    }
    #expect(matching("*") == [])
    session.set("one", "1")
    session.set("two", "2")
    session.set("gone", "2", expiry: KeyspaceSession.start)
    #expect(matching("t*") == ["two"])
    #expect(matching("*") == ["one", "two"])
  }

  @Test func cursorsRunThroughAllShards() throws {
    var cursor = try ByteView.with(Array("0".utf8)) { view throws(CommandError) in
      try ScanCursor(view)
    }
    #expect(cursor == ScanCursor(shard: 0, position: 0))
    cursor = try #require(cursor.advanced(to: 12345, shardCount: 2))
    #expect(cursor.rawValue == 12345)
    cursor = try #require(cursor.advanced(to: nil, shardCount: 2))
    #expect(cursor.rawValue == 1 << 48)
    #expect(cursor.advanced(to: nil, shardCount: 2) == nil)
    let last = ScanCursor(shard: 32767, position: 1 << 48 - 1)
    #expect(last.rawValue == UInt64(Int64.max))
    #expect(ScanCursor(rawValue: last.rawValue) == last)
  }

  @Test(arguments: [
    "abc", "", "-1", "+1", "18446744073709551616", "99999999999999999999", "1x", " 1",
  ])
  func cursorsThatAreNoNumbersAreErrors(text: String) {
    #expect(throws: CommandError.self) {
      try ByteView.with(Array(text.utf8)) { view throws(CommandError) in _ = try ScanCursor(view) }
    }
  }

  @Test(arguments: [
    ("SCAN 0 COUNT 0", "ERR syntax error"), ("SCAN 0 COUNT", "ERR syntax error"),
    ("SCAN 0 COUNT x", "ERR value is not an integer or out of range"),
    ("SCAN 0 MATCH", "ERR syntax error"), ("SCAN 0 bogus 1", "ERR syntax error"),
    ("SCAN 0 COUNT 7 MATCH a* TYPE String", "7 a* known(Engine.ValueType.string)"),
    ("SCAN 0 TYPE foo", "10 - unknown"),
  ])
  func options(line: String, expected: String) {
    let result = Arguments.with(line.split(separator: " ").map { Array($0.utf8) }) { arguments in
      do throws(CommandError) {
        let options = try ScanOptions(arguments)
        let pattern = options.filter.pattern.map { String(decoding: $0, as: UTF8.self) } ?? "-"
        return "\(options.count) \(pattern) \(options.filter.type.map { "\($0)" } ?? "-")"
      } catch {
        return String(decoding: error.message, as: UTF8.self)
      }
    }
    #expect(result == expected)
  }
}
