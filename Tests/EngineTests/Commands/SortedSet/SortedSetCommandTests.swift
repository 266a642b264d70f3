import RESP
import TestSupport
import Testing

@testable import Engine

/// Goal: every command does the same to a listpack and to a tree, with Redis' replies and errors. Method: each test
/// runs over both encodings.
@Suite struct SortedSetCommandTests {
  static let encodings = ["listpack", "skiplist"]

  private let wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"

  private func keyspace(_ encoding: String, limits: Keyspace.ListpackLimits? = nil) -> TestKeyspace {
    var options = Keyspace.Options()
    if encoding == "skiplist" { options.sortedSetListpackLimits.entriesMax = 0 }
    if let limits { options.sortedSetListpackLimits = limits }
    return TestKeyspace(CommandTable.engine, options: options)
  }

  private func filled(_ encoding: String) -> TestKeyspace {
    let keyspace = keyspace(encoding)
    #expect(keyspace.run("ZADD", "k", "1", "a", "2", "b", "2", "c", "3.5", "d") == .integer(4))
    #expect(keyspace.encoding("k") == encoding)
    return keyspace
  }

  @Test(arguments: encodings)
  func addingFollowsTheOptions(encoding: String) {
    let keyspace = filled(encoding)
    #expect(keyspace.run("ZADD", "k", "NX", "9", "a", "1", "e") == .integer(1))
    #expect(keyspace.run("ZADD", "k", "XX", "CH", "9", "a", "1", "f") == .integer(1))
    #expect(keyspace.run("ZADD", "k", "GT", "CH", "8", "a", "7", "b") == .integer(1))
    #expect(keyspace.run("ZADD", "k", "LT", "CH", "8", "a", "9", "b") == .integer(1))
    #expect(keyspace.run("ZMSCORE", "k", "a", "b", "e", "f") == .texts("8", "7", "1", nil))
    #expect(keyspace.run("ZADD", "k", "INCR", "0.5", "a") == .text("8.5"))
    #expect(keyspace.run("ZADD", "k", "GT", "INCR", "-1", "a") == .null)
    #expect(keyspace.run("ZADD", "k", "XX", "INCR", "1", "none") == .null)
    let before = keyspace.changeCount
    #expect(keyspace.run("ZADD", "k", "8.5", "a") == .integer(0))
    #expect(keyspace.changeCount == before)
  }

  @Test(arguments: encodings)
  func errorsLeaveEverythingAsItWas(encoding: String) {
    let keyspace = filled(encoding)
    let cases: [([String], String)] = [
      (["ZADD", "k", "x", "a"], "ERR value is not a valid float"),
      (["ZADD", "k", "1", "new", "nan", "b"], "ERR value is not a valid float"),
      (["ZADD", "k", "1", "a", "2"], "ERR syntax error"),
      (["ZADD", "k", "NX", "XX", "1", "a"], "ERR XX and NX options at the same time are not compatible"),
      (
        ["ZADD", "k", "GT", "LT", "1", "a"],
        "ERR GT, LT, and/or NX options at the same time are not compatible"
      ),
      (["ZADD", "k", "INCR", "1", "a", "2", "b"], "ERR INCR option supports a single increment-element pair"),
      (["ZRANGE", "k", "a", "b", "BYLEX"], "ERR min or max not valid string range item"),
      (["ZRANGE", "k", "a", "b", "BYSCORE"], "ERR min or max is not a float"),
      (["ZPOPMIN", "k", "-1"], "ERR value is out of range, must be positive"),
      (["ZMPOP", "0", "k", "MIN"], "ERR numkeys should be greater than 0"),
      (["ZUNION", "0", "k"], "ERR at least 1 input key is needed for 'zunion' command"),
      (["ZUNION", "1", "k", "WEIGHTS", "x"], "ERR weight value is not a float"),
      (["ZINTERCARD", "1", "k", "LIMIT", "-1"], "ERR LIMIT can't be negative"),
      (["ZRANK", "k", "a", "x"], "ERR syntax error"),
      (["ZRANK", "k", "a", "WITHSCORE", "x"], "ERR wrong number of arguments for 'zrank' command"),
    ]
    for (words, text) in cases { #expect(keyspace.run(words) == .error(text)) }
    #expect(keyspace.run("ZCARD", "k") == .integer(4))
    _ = keyspace.run("SET", "s", "x")
    #expect(keyspace.run("ZADD", "s", "1", "a") == .error(wrongType))
    #expect(keyspace.run("ZUNION", "2", "k", "s") == .error(wrongType))
    _ = keyspace.run("ZADD", "i", "inf", "a")
    #expect(
      keyspace.run("ZINCRBY", "i", "-inf", "a") == .error("ERR resulting score is not a number (NaN)"))
  }

  @Test(arguments: encodings)
  func rangesByRankScoreAndName(encoding: String) {
    let keyspace = filled(encoding)
    #expect(keyspace.run("ZRANGE", "k", "0", "-1") == .texts("a", "b", "c", "d"))
    #expect(keyspace.run("ZREVRANGE", "k", "0", "1", "WITHSCORES") == .texts("d", "3.5", "c", "2"))
    #expect(keyspace.run("ZRANGE", "k", "(1", "+inf", "BYSCORE", "LIMIT", "1", "-1") == .texts("c", "d"))
    #expect(keyspace.run("ZRANGE", "k", "3", "-inf", "BYSCORE", "REV", "LIMIT", "0", "2") == .texts("c", "b"))
    #expect(keyspace.run("ZREVRANGEBYSCORE", "k", "2", "(1") == .texts("c", "b"))
    #expect(keyspace.run("ZCOUNT", "k", "2", "3.5") == .integer(3))
    _ = keyspace.run("ZADD", "n", "0", "a", "0", "b", "0", "ba", "0", "c")
    #expect(keyspace.run("ZRANGEBYLEX", "n", "(a", "[ba") == .texts("b", "ba"))
    #expect(keyspace.run("ZREVRANGEBYLEX", "n", "+", "-") == .texts("c", "ba", "b", "a"))
    #expect(keyspace.run("ZLEXCOUNT", "n", "[b", "+") == .integer(3))
    #expect(keyspace.run("ZRANK", "k", "c") == .integer(2))
    #expect(keyspace.run("ZREVRANK", "k", "c", "WITHSCORE") == .array([.integer(1), .text("2")]))
    #expect(keyspace.run("ZRANGESTORE", "t", "k", "2", "3", "BYSCORE") == .integer(2))
    #expect(keyspace.run("ZRANGE", "t", "0", "-1") == .texts("b", "c"))
  }

  @Test(arguments: encodings)
  func removalEndsWithoutAnEmptyKey(encoding: String) {
    let keyspace = filled(encoding)
    #expect(keyspace.run("ZPOPMIN", "k") == .texts("a", "1"))
    #expect(keyspace.run("ZMPOP", "2", "none", "k", "MAX") == .array([.text("k"), .array([.texts("d", "3.5")])]))
    #expect(keyspace.run("ZREMRANGEBYLEX", "k", "[b", "[b") == .integer(1))
    #expect(keyspace.run("ZREM", "k", "c", "x") == .integer(1))
    #expect(keyspace.run("EXISTS", "k") == .integer(0))
    #expect(keyspace.run("ZPOPMAX", "k", "3") == .array([]))
  }

  @Test(arguments: encodings)
  func combinationsOfSeveral(encoding: String) {
    let keyspace = filled(encoding)
    _ = keyspace.run("ZADD", "j", "10", "b", "inf", "c", "1", "z")
    #expect(keyspace.run("ZINTER", "2", "k", "j", "WITHSCORES") == .texts("b", "12", "c", "inf"))
    #expect(
      keyspace.run("ZUNION", "2", "k", "j", "WEIGHTS", "2", "0", "WITHSCORES")
        == .texts("z", "0", "a", "2", "b", "4", "c", "4", "d", "7"))
    #expect(keyspace.run("ZDIFFSTORE", "t", "2", "k", "j") == .integer(2))
    #expect(keyspace.run("ZRANGE", "t", "0", "-1") == .texts("a", "d"))
    #expect(keyspace.run("ZINTERSTORE", "t", "2", "k", "none") == .integer(0))
    #expect(keyspace.run("EXISTS", "t") == .integer(0))
    #expect(keyspace.run("ZINTERCARD", "2", "k", "j", "LIMIT", "1") == .integer(1))
  }

  @Test func convertsAtTheThresholds() {
    let keyspace = keyspace("listpack", limits: .init(entriesMax: 2, valueBytesMax: 4))
    _ = keyspace.run("ZADD", "k", "1", "a", "2", "b")
    #expect(keyspace.encoding("k") == "listpack")
    _ = keyspace.run("ZADD", "k", "3", "c")
    #expect(keyspace.encoding("k") == "skiplist")
    _ = keyspace.run("ZADD", "l", "1", "abcde")
    #expect(keyspace.encoding("l") == "skiplist")
    #expect(keyspace.run("ZUNIONSTORE", "u", "1", "k", "WEIGHTS", "2") == .integer(3))
    #expect(keyspace.run("ZRANGESTORE", "r", "k", "0", "1") == .integer(2))
    #expect(keyspace.encoding("r") == "listpack")
  }

  @Test func bothEncodingsAgree() {
    let (small, large) = (keyspace("listpack"), keyspace("skiplist"))
    var random = SplitMix64(state: 5)
    func number(_ bound: UInt64) -> String { String(random.next() % bound) }
    for _ in 0..<4000 {
      let words: [String] =
        switch random.next() % 9 {
        case 0, 1, 2: ["ZADD", "k", number(20), number(90)]
        case 3: ["ZINCRBY", "k", "-1.5", number(90)]
        case 4: ["ZREM", "k", number(90)]
        case 5: ["ZRANGE", "k", "(" + number(20), number(25), "BYSCORE", "WITHSCORES"]
        case 6: ["ZRANK", "k", number(90), "WITHSCORE"]
        case 7: ["ZREVRANGE", "k", number(50), number(90)]
        default: ["ZPOPMIN", "k"]
        }
      #expect(small.run(words) == large.run(words), "\(words)")
    }
  }

  @Test(arguments: encodings)
  func payloadsComeBack(encoding: String) {
    let keyspace = filled(encoding)
    _ = keyspace.run("ZADD", "k", "inf", "i", "-0.1", "m", "1e300", "x")
    guard case .bulk(let payload) = keyspace.run("DUMP", "k") else {
      Issue.record("no payload")
      return
    }
    let restore = [Array("RESTORE".utf8), Array("r".utf8), Array("0".utf8), payload]
    #expect(keyspace.run(restore) == .ok)
    let range = ["0", "-1", "WITHSCORES"]
    #expect(keyspace.run(["ZRANGE", "r"] + range) == keyspace.run(["ZRANGE", "k"] + range))
    // Nothing that damaged bytes can do may trap.
    var random = SplitMix64(state: 3)
    for _ in 0..<2000 {
      var body = Array(payload.dropLast(8))
      body[Int(random.next() % UInt64(body.count - 2))] = UInt8(truncatingIfNeeded: random.next())
      let checksum = ByteView.with(body) { CRC64.checksum($0) }
      for byte in 0..<8 { body.append(UInt8(truncatingIfNeeded: checksum >> (8 * UInt64(byte)))) }
      let words = [Array("RESTORE".utf8), Array("d".utf8), Array("0".utf8), body, Array("REPLACE".utf8)]
      _ = keyspace.run(words)
    }
  }
}
