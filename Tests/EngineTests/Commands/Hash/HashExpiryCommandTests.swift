import RESP
import TestSupport
import Testing

@testable import Engine

/// Fields of hashes that expire, over each encoding.
@Suite struct HashExpiryCommandTests {
  let keyspace = TestKeyspace(CommandTable.hash + CommandTable.string + CommandTable.generic)

  /// A hash of the fields a, b, c and d with the values 1 to 4.
  func makeHash(_ key: String = "h", large: Bool) {
    _ = keyspace.run("HSET", key, "a", "1", "b", "2", "c", "3", "d", "4")
    guard large else { return }
    _ = keyspace.run("HSET", key, "long", String(repeating: "x", count: 65))
    _ = keyspace.run("HDEL", key, "long")
  }

  func fields(_ key: String = "h") -> [String: String] {
    guard case .array(let elements) = keyspace.run("HGETALL", key) else { return [:] }
    var fields: [String: String] = [:]
    for index in stride(from: 0, to: elements.count, by: 2) {
      fields[elements[index].string] = elements[index + 1].string
    }
    return fields
  }

  /// What the active expire cycle does in the end.
  func expireActively() {
    for _ in 0..<10_000 where keyspace.keyspace.expireFieldsSlice(steps: 16) {}
  }

  @Test(arguments: [false, true])
  func fieldsGetTimesAndLoseThem(large: Bool) {
    makeHash(large: large)
    #expect(keyspace.run("HEXPIRE", "h", "100", "FIELDS", "2", "a", "x") == .integers(1, -2))
    #expect(keyspace.encoding("h") == (large ? "hashtable" : "listpackex"))
    #expect(keyspace.run("HTTL", "h", "FIELDS", "3", "a", "b", "x") == .integers(100, -1, -2))
    #expect(keyspace.run("HPTTL", "h", "FIELDS", "1", "a") == .integers(100_000))
    #expect(keyspace.run("HEXPIRETIME", "h", "FIELDS", "1", "a") == .integers(1100))
    #expect(keyspace.run("HPEXPIREAT", "h", "2000001", "FIELDS", "1", "b") == .integers(1))
    #expect(keyspace.run("HPEXPIRETIME", "h", "FIELDS", "1", "b") == .integers(2_000_001))
    #expect(keyspace.run("HEXPIRETIME", "h", "FIELDS", "1", "b") == .integers(2001))
    #expect(keyspace.keyspace.expiringHashCount(inDatabase: 0) == 1)
    #expect(keyspace.run("HPERSIST", "h", "FIELDS", "3", "a", "c", "x") == .integers(1, -1, -2))
    #expect(keyspace.run("HSET", "h", "b", "5") == .integer(0))
    #expect(keyspace.run("HTTL", "h", "FIELDS", "2", "a", "b") == .integers(-1, -1))
    #expect(keyspace.keyspace.expiringHashCount(inDatabase: 0) == 0)
    #expect(fields() == ["a": "1", "b": "5", "c": "3", "d": "4"])
  }

  @Test(arguments: [false, true])
  func conditionsAreObserved(large: Bool) {
    makeHash(large: large)
    func expire(_ seconds: String, _ condition: String, _ field: String = "a") -> Reply {
      keyspace.run("HEXPIRE", "h", seconds, condition, "FIELDS", "1", field)
    }
    #expect(expire("100", "XX") == .integers(0))
    #expect(expire("100", "GT") == .integers(0))
    #expect(expire("100", "NX") == .integers(1))
    #expect(expire("200", "NX") == .integers(0))
    #expect(expire("100", "GT") == .integers(0))
    #expect(expire("200", "GT") == .integers(1))
    #expect(expire("200", "LT") == .integers(0))
    #expect(expire("50", "LT") == .integers(1))
    #expect(expire("100", "LT", "b") == .integers(1))
    #expect(expire("0", "GT") == .integers(0))
    #expect(expire("0", "XX") == .integers(2))
    #expect(keyspace.run("HLEN", "h") == .integer(3))
    #expect(
      keyspace.run("HPEXPIREAT", "h", "0", "FIELDS", "3", "b", "c", "d") == .integers(2, 2, 2))
    #expect(keyspace.run("EXISTS", "h") == .integer(0))
  }

  @Test(arguments: [false, true])
  func fieldsThatAreOverAreNotSeen(large: Bool) {
    makeHash(large: large)
    _ = keyspace.run("HPEXPIRE", "h", "10", "FIELDS", "2", "b", "c")
    keyspace.now += 10
    #expect(keyspace.run("HGET", "h", "b") == .null)
    #expect(keyspace.run("HMGET", "h", "a", "b", "c") == .texts("1", nil, nil))
    #expect(keyspace.run("HEXISTS", "h", "b") == .integer(0))
    #expect(keyspace.run("HSTRLEN", "h", "b") == .integer(0))
    #expect(keyspace.run("HTTL", "h", "FIELDS", "1", "b") == .integers(-2))
    #expect(fields() == ["a": "1", "d": "4"])
    #expect(keyspace.run("HKEYS", "h").count == 2)
    #expect(keyspace.run("HVALS", "h").count == 2)
    #expect(keyspace.run("HRANDFIELD", "h", "10").count == 2)
    #expect(keyspace.run("HRANDFIELD", "h", "1").count == 1)
    #expect(keyspace.run("HRANDFIELD", "h", "-50").count == 50)
    guard case .array(let scan) = keyspace.run("HSCAN", "h", "0", "NOVALUES") else {
      Issue.record("no array")
      return
    }
    #expect(scan[1].count == 2)
    // They are there until somebody deletes them.
    #expect(keyspace.run("HLEN", "h") == .integer(4))
    expireActively()
    #expect(keyspace.run("HLEN", "h") == .integer(2))
    #expect(keyspace.keyspace.statistics.expiredFields == 2)
    #expect(keyspace.keyspace.expiringHashCount(inDatabase: 0) == 0)
  }

  @Test(arguments: [false, true])
  func fieldsThatAreOverAreWrittenAnew(large: Bool) {
    for command in [
      ["HSET", "h", "a", "9"], ["HSETNX", "h", "a", "9"], ["HINCRBY", "h", "a", "9"],
      ["HINCRBYFLOAT", "h", "a", "9"], ["HSETEX", "h", "FNX", "FIELDS", "1", "a", "9"],
    ] {
      _ = keyspace.run("DEL", "h")
      makeHash(large: large)
      _ = keyspace.run("HPEXPIRE", "h", "10", "FIELDS", "1", "a")
      keyspace.now += 10
      _ = keyspace.run(command)
      #expect(keyspace.run("HGET", "h", "a") == .text("9"), "\(command)")
      #expect(keyspace.run("HTTL", "h", "FIELDS", "1", "a") == .integers(-1))
      #expect(keyspace.run("HLEN", "h") == .integer(4))
    }
    for (command, reply) in [
      (["HDEL", "h", "a"], Reply.integer(0)),
      (["HEXPIRE", "h", "1", "FIELDS", "1", "a"], .integers(-2)),
      (["HPERSIST", "h", "FIELDS", "1", "a"], .integers(-2)),
      (["HGETDEL", "h", "FIELDS", "1", "a"], .texts(nil)),
      (["HGETEX", "h", "EX", "5", "FIELDS", "1", "a"], .texts(nil)),
      (["HSETEX", "h", "FXX", "FIELDS", "1", "a", "1"], .integer(0)),
    ] {
      _ = keyspace.run("DEL", "h")
      makeHash(large: large)
      _ = keyspace.run("HPEXPIRE", "h", "10", "FIELDS", "1", "a")
      keyspace.now += 10
      #expect(keyspace.run(command) == reply, "\(command)")
      #expect(keyspace.run("HLEN", "h") == .integer(3))
    }
  }

  @Test(arguments: [false, true])
  func theKeyGoesWithItsLastField(large: Bool) {
    makeHash(large: large)
    _ = keyspace.run("HPEXPIRE", "h", "10", "FIELDS", "4", "a", "b", "c", "d")
    keyspace.now += 10
    #expect(keyspace.run("HRANDFIELD", "h") == .null)
    #expect(keyspace.run("HRANDFIELD", "h", "-5") == .array([]))
    #expect(fields() == [:])
    #expect(keyspace.run("EXISTS", "h") == .integer(1))
    expireActively()
    #expect(keyspace.run("EXISTS", "h") == .integer(0))
    makeHash(large: large)
    _ = keyspace.run("HPEXPIRE", "h", "10", "FIELDS", "4", "a", "b", "c", "d")
    keyspace.now += 10
    #expect(keyspace.run("HDEL", "h", "a", "b", "c", "d") == .integer(0))
    #expect(keyspace.run("EXISTS", "h") == .integer(0))
  }

  @Test(arguments: [false, true])
  func incrementsKeepTimesAndTimesTravel(large: Bool) {
    makeHash(large: large)
    _ = keyspace.run("HPEXPIREAT", "h", "2000000", "FIELDS", "2", "a", "c")
    _ = keyspace.run("HINCRBY", "h", "a", "5")
    _ = keyspace.run("HINCRBYFLOAT", "h", "c", "0.5")
    #expect(keyspace.run("COPY", "h", "copy") == .integer(1))
    #expect(keyspace.run("RENAME", "h", "new") == .ok)
    #expect(keyspace.run("MOVE", "copy", "1") == .integer(1))
    #expect(keyspace.keyspace.expiringHashCount(inDatabase: 0) == 1)
    #expect(keyspace.keyspace.expiringHashCount(inDatabase: 1) == 1)
    guard case .bulk(let payload) = keyspace.run("DUMP", "new") else {
      Issue.record("no payload")
      return
    }
    let restore = ["RESTORE", "restored", "0"].map { Array($0.utf8) } + [payload]
    #expect(keyspace.run(restore) == .ok)
    for key in ["new", "restored"] {
      #expect(
        keyspace.run("HPEXPIRETIME", key, "FIELDS", "3", "a", "b", "c")
          == .integers(2_000_000, -1, 2_000_000))
      #expect(fields(key) == ["a": "6", "b": "2", "c": "3.5", "d": "4"])
    }
    keyspace.now = 2_000_000
    expireActively()
    #expect(keyspace.run("HLEN", "new") == .integer(2))
    #expect(keyspace.keyspace.expiringHashCount(inDatabase: 1) == 0)
    #expect(keyspace.keyspace.statistics.expiredFields == 6)
    _ = keyspace.run("DEL", "new", "restored")
    _ = keyspace.run("HSET", "new", "f", "v")
    expireActively()
    #expect(keyspace.run("HLEN", "new") == .integer(1))
  }

  @Test(arguments: [false, true])
  func fieldsAreReadWithTheirTimesAndRemoved(large: Bool) {
    makeHash(large: large)
    #expect(keyspace.run("HGETEX", "h", "EX", "10", "FIELDS", "2", "a", "x") == .texts("1", nil))
    #expect(keyspace.run("HTTL", "h", "FIELDS", "1", "a") == .integers(10))
    let before = keyspace.changeCount
    #expect(keyspace.run("HGETEX", "h", "FIELDS", "1", "a") == .texts("1"))
    #expect(keyspace.run("HGETEX", "h", "PERSIST", "FIELDS", "1", "b") == .texts("2"))
    #expect(keyspace.changeCount == before)
    #expect(keyspace.run("HGETEX", "h", "PERSIST", "FIELDS", "1", "a") == .texts("1"))
    #expect(keyspace.run("HTTL", "h", "FIELDS", "1", "a") == .integers(-1))
    #expect(keyspace.run("HGETEX", "h", "PXAT", "1", "FIELDS", "1", "a") == .texts("1"))
    #expect(keyspace.run("HGETDEL", "h", "FIELDS", "2", "a", "b") == .texts(nil, "2"))
    #expect(keyspace.run("HGETDEL", "h", "FIELDS", "3", "c", "c", "d") == .texts("3", nil, "4"))
    #expect(keyspace.run("EXISTS", "h") == .integer(0))
  }

  @Test(arguments: [false, true])
  func fieldsAreSetWithTheirTimes(large: Bool) {
    makeHash(large: large)
    #expect(
      keyspace.run("HSETEX", "h", "FNX", "EX", "10", "FIELDS", "2", "x", "1", "y", "2")
        == .integer(1))
    #expect(keyspace.run("HTTL", "h", "FIELDS", "2", "x", "y") == .integers(10, 10))
    #expect(keyspace.run("HSETEX", "h", "FNX", "FIELDS", "2", "z", "1", "y", "2") == .integer(0))
    #expect(keyspace.run("HSETEX", "h", "FXX", "FIELDS", "2", "z", "1", "y", "2") == .integer(0))
    #expect(
      keyspace.run("HSETEX", "h", "FXX", "KEEPTTL", "FIELDS", "1", "x", "7") == .integer(1))
    #expect(keyspace.run("HTTL", "h", "FIELDS", "1", "x") == .integers(10))
    #expect(keyspace.run("HSETEX", "h", "FIELDS", "1", "x", "8") == .integer(1))
    #expect(keyspace.run("HTTL", "h", "FIELDS", "1", "x") == .integers(-1))
    #expect(keyspace.run("HSETEX", "h", "PXAT", "1", "FIELDS", "1", "x", "8") == .integer(1))
    #expect(keyspace.run("HEXISTS", "h", "x") == .integer(0))
    #expect(keyspace.run("HSETEX", "new", "PXAT", "1", "FIELDS", "1", "x", "8") == .integer(1))
    #expect(keyspace.run("EXISTS", "new") == .integer(0))
  }

  /// A listpack with times becomes a table at the limits, and keeps the times.
  @Test func timesSurviveTheConversion() {
    keyspace.keyspace.options.hashListpackLimits.entriesMax = 4
    makeHash(large: false)
    _ = keyspace.run("HEXPIRE", "h", "10", "FIELDS", "2", "b", "d")
    #expect(keyspace.encoding("h") == "listpackex")
    _ = keyspace.run("HSET", "h", "e", "5")
    #expect(keyspace.encoding("h") == "hashtable")
    #expect(
      keyspace.run("HTTL", "h", "FIELDS", "5", "a", "b", "c", "d", "e")
        == .integers(-1, 10, -1, 10, -1))
    keyspace.now += 10_000
    expireActively()
    #expect(fields() == ["a": "1", "c": "3", "e": "5"])
  }

  /// Fields lie in the order of their times, the newest of one time first, those that stay last.
  @Test func aListpackIsOrderedByTime() {
    makeHash(large: false)
    func order() -> [String] {
      guard case .array(let names) = keyspace.run("HKEYS", "h") else { return [] }
      return names.map(\.string)
    }
    _ = keyspace.run("HPEXPIREAT", "h", "2000000", "FIELDS", "1", "c")
    _ = keyspace.run("HPEXPIREAT", "h", "1900000", "FIELDS", "1", "b")
    _ = keyspace.run("HPEXPIREAT", "h", "1900000", "FIELDS", "1", "a")
    #expect(order() == ["a", "b", "c", "d"])
    _ = keyspace.run("HSET", "h", "e", "5", "b", "22")
    #expect(order() == ["a", "c", "d", "e", "b"])
    _ = keyspace.run("HPERSIST", "h", "FIELDS", "1", "a")
    #expect(order() == ["c", "d", "e", "b", "a"])
    _ = keyspace.run("HPEXPIREAT", "h", "2000000", "FIELDS", "2", "d", "a")
    #expect(order() == ["a", "d", "c", "e", "b"])
  }

  /// The index knows every hash with times, whatever happens to its key.
  @Test(arguments: [false, true])
  func keysThatGoAreForgotten(large: Bool) {
    for command in [
      ["DEL", "h"], ["UNLINK", "h"], ["SET", "h", "x"], ["RENAME", "other", "h"],
      ["PEXPIRE", "h", "0"], ["FLUSHDB"], ["HGETDEL", "h", "FIELDS", "4", "a", "b", "c", "d"],
    ] {
      makeHash(large: large)
      _ = keyspace.run("SET", "other", "x")
      _ = keyspace.run("HEXPIRE", "h", "100", "FIELDS", "1", "a")
      #expect(keyspace.keyspace.expiringHashCount(inDatabase: 0) == 1)
      _ = keyspace.run(command)
      #expect(keyspace.keyspace.expiringHashCount(inDatabase: 0) == 0, "\(command)")
      _ = keyspace.run("DEL", "h")
    }
  }

  /// Many fields, times and clocks against a simple model.
  @Test(arguments: [1, 2, 3])
  func aModelAgrees(seed: UInt64) {
    var random = SplitMix64(state: seed)
    func draw(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
    var model: [String: (value: String, time: Int64?)] = [:]
    keyspace.keyspace.options.hashListpackLimits.entriesMax = seed == 1 ? 512 : 20
    for step in 0..<4000 {
      let field = "f\(draw(seed == 3 ? 2000 : 40))"
      if model.values.allSatisfy({ $0.time.map { $0 <= keyspace.now } ?? false }) { model = [:] }
      switch draw(8) {
      case 0, 1:
        _ = keyspace.run("HSET", "h", field, "\(step)")
        model[field] = ("\(step)", nil)
      case 2:
        let time = keyspace.now + Int64(draw(400)) + 1
        _ = keyspace.run("HSETEX", "h", "PXAT", "\(time)", "FIELDS", "1", field, "\(step)")
        model[field] = ("\(step)", time)
      case 3:
        let time = keyspace.now + Int64(draw(400)) + 1
        let reply = keyspace.run("HPEXPIREAT", "h", "\(time)", "FIELDS", "1", field)
        #expect(reply == .integers(model[field] == nil ? -2 : 1))
        if model[field] != nil { model[field]?.time = time }
      case 4:
        _ = keyspace.run("HPERSIST", "h", "FIELDS", "1", field)
        model[field]?.time = nil
      case 5:
        #expect(keyspace.run("HDEL", "h", field) == .integer(model[field] == nil ? 0 : 1))
        model[field] = nil
      case 6: keyspace.now += Int64(draw(30))
      default: _ = keyspace.keyspace.expireFieldsSlice(steps: draw(3))
      }
      model = model.filter { _, entry in entry.time.map { $0 > keyspace.now } ?? true }
      if step % 50 == 0 { #expect(fields() == model.mapValues(\.value)) }
    }
    keyspace.now += 1_000_000
    expireActively()
    #expect(
      keyspace.run("HLEN", "h") == .integer(model.values.count { $0.time == nil }))
  }
}

extension Reply {
  fileprivate var string: String {
    guard case .bulk(let bytes) = self else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  fileprivate var count: Int {
    guard case .array(let elements) = self else { return -1 }
    return elements.count
  }
}
