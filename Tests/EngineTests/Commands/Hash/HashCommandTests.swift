import RESP
import TestSupport
import Testing

@testable import Engine

@Suite struct HashCommandTests {
  let keyspace = TestKeyspace(CommandTable.hash + CommandTable.string + CommandTable.generic)

  /// Makes the hash large without changing its fields.
  func enlarge(_ key: String) {
    _ = keyspace.run("HSET", key, "long", String(repeating: "x", count: 65))
    _ = keyspace.run("HDEL", key, "long")
  }

  @Test(arguments: [false, true])
  func fieldsAreSetReadAndRemoved(large: Bool) {
    #expect(keyspace.run("HSET", "h", "a", "1", "b", "two") == .integer(2))
    if large { enlarge("h") }
    #expect(keyspace.encoding("h") == (large ? "hashtable" : "listpack"))
    #expect(keyspace.run("HSET", "h", "a", "3", "c", "x", "c", "y") == .integer(1))
    #expect(keyspace.run("HMGET", "h", "a", "b", "c", "d") == .texts("3", "two", "y", nil))
    #expect(keyspace.run("HGET", "h", "b") == .text("two"))
    #expect(keyspace.run("HLEN", "h") == .integer(3))
    #expect(keyspace.run("HSTRLEN", "h", "b") == .integer(3))
    #expect(keyspace.run("HEXISTS", "h", "d") == .integer(0))
    #expect(keyspace.run("HSETNX", "h", "b", "z") == .integer(0))
    #expect(keyspace.run("HSETNX", "h", "e", "z") == .integer(1))
    #expect(keyspace.run("HDEL", "h", "a", "nothing", "a") == .integer(1))
    let before = keyspace.changeCount
    #expect(keyspace.run("HDEL", "h", "a") == .integer(0))
    #expect(keyspace.changeCount == before)
    #expect(keyspace.run("HDEL", "h", "b", "c", "e") == .integer(3))
    #expect(keyspace.run("EXISTS", "h") == .integer(0))
  }

  @Test(arguments: [false, true])
  func numbersAreIncremented(large: Bool) {
    _ = keyspace.run("HSET", "h", "n", "9223372036854775806", "t", "text", "f", "10.50")
    if large { enlarge("h") }
    #expect(keyspace.run("HINCRBY", "h", "n", "1") == .integer(.max))
    #expect(
      keyspace.run("HINCRBY", "h", "n", "1") == .error("ERR increment or decrement would overflow"))
    #expect(keyspace.run("HINCRBY", "h", "t", "1") == .error("ERR hash value is not an integer"))
    #expect(keyspace.run("HINCRBY", "h", "new", "-5") == .integer(-5))
    #expect(keyspace.run("HINCRBYFLOAT", "h", "f", "0.1") == .text("10.6"))
    #expect(
      keyspace.run("HINCRBYFLOAT", "h", "t", "1") == .error("ERR hash value is not a float"))
    #expect(
      keyspace.run("HINCRBYFLOAT", "h", "f", "inf") == .error("ERR value is NaN or Infinity"))
    #expect(
      keyspace.run("HINCRBYFLOAT", "h", "f", "x") == .error("ERR value is not a valid float"))
  }

  @Test func aFailedIncrementMakesNoKey() {
    #expect(keyspace.run("HINCRBY", "h", "f", "x") == .notAnInteger)
    #expect(keyspace.run("EXISTS", "h") == .integer(0))
  }

  @Test func otherTypesAreRefused() {
    _ = keyspace.run("SET", "s", "v")
    for words in [
      ["HSET", "s", "a", "b"], ["HSETNX", "s", "a", "b"], ["HGET", "s", "a"], ["HGETALL", "s"],
      ["HDEL", "s", "a"], ["HINCRBY", "s", "a", "1"], ["HRANDFIELD", "s"], ["HSCAN", "s", "0"],
    ] {
      #expect(keyspace.run(words) == .wrongType)
    }
  }

  @Test func aListpackGrowsIntoATableAtTheLimits() {
    for index in 0..<512 { _ = keyspace.run("HSET", "h", "\(index)", "v") }
    #expect(keyspace.encoding("h") == "listpack")
    _ = keyspace.run("HSET", "h", "512", "v")
    #expect(keyspace.encoding("h") == "hashtable")
    #expect(keyspace.run("HLEN", "h") == .integer(513))
    _ = keyspace.run("HSET", "i", "f", String(repeating: "v", count: 64))
    #expect(keyspace.encoding("i") == "listpack")
    _ = keyspace.run("HSET", "i", String(repeating: "f", count: 65), "v")
    #expect(keyspace.encoding("i") == "hashtable")
  }

  @Test(arguments: [20, 3000])
  func aScanVisitsEachFieldOnce(count: Int) {
    for index in 0..<count { _ = keyspace.run("HSET", "h", "f\(index)", "\(index)") }
    var seen: [Reply] = []
    var cursor = "0"
    repeat {
      guard case .array(let parts) = keyspace.run("HSCAN", "h", cursor, "NOVALUES"),
        case .bulk(let next) = parts[0], case .array(let fields) = parts[1]
      else {
        Issue.record("no cursor and fields")
        return
      }
      seen += fields
      cursor = String(decoding: next, as: UTF8.self)
    } while cursor != "0"
    #expect(seen.count == count)
    #expect(Set(seen.map { "\($0)" }).count == count)
  }

  @Test(arguments: [20, 3000])
  func randomFieldsDifferUnlessTheCountIsNegative(count: Int) {
    for index in 0..<count { _ = keyspace.run("HSET", "h", "f\(index)", "\(index)") }
    for wanted in [1, 7, count - 1, count, count + 5] {
      guard case .array(let fields) = keyspace.run("HRANDFIELD", "h", "\(wanted)") else {
        Issue.record("no array")
        return
      }
      #expect(fields.count == min(wanted, count))
      #expect(Set(fields.map { "\($0)" }).count == fields.count)
    }
    guard case .array(let pairs) = keyspace.run("HRANDFIELD", "h", "-50", "WITHVALUES") else {
      Issue.record("no array")
      return
    }
    #expect(pairs.count == 100)
    #expect(keyspace.run("HRANDFIELD", "nothing") == .null)
    #expect(keyspace.run("HRANDFIELD", "nothing", "3") == .array([]))
  }

  /// Random changes against a dictionary, across the limit to the table; then through DUMP and RESTORE.
  @Test(arguments: [UInt64(1), 2, 3])
  func aHashBehavesAsADictionary(seed: UInt64) {
    var random = SplitMix64(state: seed)
    var model: [String: String] = [:]
    for _ in 0..<3000 {
      let field = "\(random.next() % 900)"
      if random.next() % 3 == 0 {
        let removed = model.removeValue(forKey: field) != nil
        #expect(keyspace.run("HDEL", "h", field) == .integer(removed ? 1 : 0))
      } else {
        let value = String(repeating: "v", count: Int(random.next() % 40))
        let isNew = model.updateValue(value, forKey: field) == nil
        #expect(keyspace.run("HSET", "h", field, value) == .integer(isNew ? 1 : 0))
      }
      #expect(keyspace.run("HLEN", "h") == .integer(model.count))
    }
    guard case .bulk(let payload) = keyspace.run("DUMP", "h") else {
      Issue.record("no payload")
      return
    }
    let restore = ["RESTORE", "copy", "0"].map { Array($0.utf8) }
    #expect(keyspace.run(restore + [payload]) == .ok)
    for (field, value) in model {
      #expect(keyspace.run("HGET", "h", field) == .text(value))
      #expect(keyspace.run("HGET", "copy", field) == .text(value))
    }
    #expect(keyspace.run("HLEN", "copy") == .integer(model.count))
  }
}
