import RESP
import TestSupport
import Testing

@testable import Engine

/// A string of each encoding, and how to make it.
enum StringKind: String, CaseIterable {
  case integer, embedded, rawInline, rawBuffer, edited

  var bytes: [UInt8] {
    switch self {
    case .integer: Array("-1234567".utf8)
    case .embedded: Array("hello world".utf8)
    case .rawInline: (0..<300).map { UInt8(truncatingIfNeeded: $0) }
    case .rawBuffer: (0..<900).map { UInt8(truncatingIfNeeded: $0 &* 3) }
    case .edited: Array("short".utf8)
    }
  }

  func store(in keyspace: TestKeyspace, _ key: String) {
    let key = Array(key.utf8)
    if self == .edited {
      _ = keyspace.run([Array("APPEND".utf8), key, Array("sho".utf8)])
      _ = keyspace.run([Array("APPEND".utf8), key, Array("rt".utf8)])
    } else {
      _ = keyspace.run([Array("SET".utf8), key, bytes])
    }
  }
}

extension TestKeyspace {
  static var strings: TestKeyspace { TestKeyspace(CommandTable.string + CommandTable.bitmap) }

  func encoding(_ key: String) -> String? {
    ByteView.with(Array(key.utf8)) { key in
      keyspace.lookup(key, for: .peek).map { "\($0.encoding.name(of: $0.type))" }
    }
  }

  /// Milliseconds left, nil for a key without expiry.
  func timeLeft(_ key: String) -> Int64? {
    ByteView.with(Array(key.utf8)) { key in
      keyspace.lookup(key, for: .peek)?.expiry.map { $0 - now }
    }
  }

  /// Makes a key of another type.
  func storeForeign(_ key: String) {
    ByteView.with(Array(key.utf8)) { key in
      let list = keyspace.create(ListValue.self, key)
      list.push(ByteView("x"), .left, ListValue.Settings(keyspace))
    }
  }
}

@Suite struct StringCommandTests {
  let keyspace = TestKeyspace.strings

  @Test(arguments: StringKind.allCases)
  func `strings of every encoding are read alike`(_ kind: StringKind) {
    kind.store(in: keyspace, "k")
    #expect(keyspace.run("GET", "k") == .bulk(kind.bytes))
    #expect(keyspace.run("STRLEN", "k") == .integer(kind.bytes.count))
    #expect(
      keyspace.run("GETRANGE", "k", "1", "-2")
        == .bulk(Array(kind.bytes[1..<(kind.bytes.count - 1)])))
    #expect(keyspace.run("MGET", "k", "none") == .array([.bulk(kind.bytes), .null]))
    #expect(keyspace.run("GETDEL", "k") == .bulk(kind.bytes))
    #expect(keyspace.run("GET", "k") == .null)
  }

  @Test func `encodings are those Redis names`() {
    let cases: [(String, String)] = [
      ("12", "int"), ("-9223372036854775808", "int"), ("01", "embstr"), ("a", "embstr"),
      (String(repeating: "x", count: 44), "embstr"), (String(repeating: "x", count: 45), "raw"),
      (String(repeating: "x", count: 600), "raw"),
    ]
    for (value, encoding) in cases {
      _ = keyspace.run("SET", "k", value)
      #expect(keyspace.encoding("k") == encoding, "\(value)")
    }
    _ = keyspace.run("SET", "k", "1")
    _ = keyspace.run("APPEND", "k", "2")
    #expect(keyspace.encoding("k") == "raw")
    #expect(keyspace.run("INCR", "k") == .integer(13))
    #expect(keyspace.encoding("k") == "int")
    _ = keyspace.run("INCRBYFLOAT", "k", "1")
    #expect(keyspace.encoding("k") == "embstr")
  }

  @Test func `SET keeps its conditions`() {
    #expect(keyspace.run("SET", "k", "1", "XX") == .null)
    #expect(keyspace.run("SET", "k", "1", "NX") == .ok)
    #expect(keyspace.run("SET", "k", "2", "NX") == .null)
    #expect(keyspace.run("SET", "k", "2", "nx", "get") == .text("1"))
    #expect(keyspace.run("SET", "k", "2", "XX", "GET") == .text("1"))
    #expect(keyspace.run("SET", "none", "2", "XX", "GET") == .null)
    #expect(keyspace.run("SET", "k", "3", "IFEQ", "02") == .null)
    #expect(keyspace.run("SET", "k", "3", "IFEQ", "2") == .ok)
    #expect(keyspace.run("SET", "k", "4", "IFNE", "3") == .null)
    #expect(keyspace.run("SET", "new", "4", "IFNE", "3") == .ok)
    #expect(keyspace.run("SET", "new2", "4", "IFEQ", "3") == .null)
    guard case .bulk(let digest) = keyspace.run("DIGEST", "k") else {
      Issue.record()
      return
    }
    let text = String(decoding: digest, as: UTF8.self)
    #expect(keyspace.run("SET", "k", "5", "IFDNE", text) == .null)
    #expect(keyspace.run("SET", "k", "5", "IFDEQ", text.uppercasedASCII) == .ok)
    #expect(keyspace.run("SET", "k", "6", "IFDEQ", text) == .null)
    #expect(keyspace.run("GET", "k") == .text("5"))
  }

  @Test func `SET refuses options that exclude each other`() {
    for options in [
      ["NX", "XX"], ["XX", "IFEQ", "1"], ["IFEQ", "1", "IFNE", "1"], ["EX", "1", "PX", "1"],
      ["EX"], ["IFEQ"], ["KEEPTTL", "EX", "1"], ["PERSIST"], ["what"], ["EX", "1", "KEEPTTL"],
    ] {
      #expect(keyspace.run(["SET", "k", "v"] + options) == .syntaxError, "\(options)")
    }
    #expect(keyspace.run("SET", "k") == .error("ERR wrong number of arguments for 'set' command"))
    #expect(keyspace.run("GET", "k") == .null)
  }

  @Test func `expiry times have Redis' limits`() {
    let invalid = Reply.error("ERR invalid expire time in 'set' command")
    for (unit, value) in [
      ("EX", "0"), ("PX", "-1"), ("EX", "9223372036854775807"), ("EX", "9223372036854775"),
      ("PX", "9223372036854775807"), ("EXAT", "9223372036854776"), ("PXAT", "0"),
    ] {
      #expect(keyspace.run("SET", "k", "v", unit, value) == invalid, "\(unit) \(value)")
    }
    #expect(keyspace.run("SET", "k", "v", "EX", "x") == .notAnInteger)
    #expect(
      keyspace.run("SETEX", "k", "0", "v") == .error("ERR invalid expire time in 'setex' command"))
    #expect(
      keyspace.run("PSETEX", "k", "-5", "v")
        == .error("ERR invalid expire time in 'psetex' command"))
    #expect(keyspace.run("SET", "k", "v", "PX", "100", "PX", "200") == .ok)
    #expect(keyspace.timeLeft("k") == 200)
    #expect(keyspace.run("SET", "k", "w", "KEEPTTL") == .ok)
    #expect(keyspace.timeLeft("k") == 200)
    keyspace.now += 200
    #expect(keyspace.run("GET", "k") == .null)
    _ = keyspace.run("SETEX", "k", "2", "v")
    #expect(keyspace.timeLeft("k") == 2000)
    _ = keyspace.run("SET", "k", "v")
    #expect(keyspace.timeLeft("k") == nil)
  }

  @Test func `a time that has passed leaves no key`() {
    _ = keyspace.run("SET", "k", "old")
    #expect(keyspace.run("SET", "k", "v", "GET", "PXAT", "1") == .text("old"))
    #expect(keyspace.run("GET", "k") == .null)
    #expect(keyspace.run("SET", "k", "v", "EXAT", "1") == .ok)
    #expect(keyspace.keyspace.count == 0)
    _ = keyspace.run("SET", "k", "v")
    #expect(keyspace.run("GETEX", "k", "PXAT", "1") == .text("v"))
    #expect(keyspace.keyspace.count == 0)
  }

  @Test func `GETEX changes only the expiry`() {
    #expect(keyspace.run("GETEX", "k", "EX", "0") == .null)
    _ = keyspace.run("SET", "k", "v")
    #expect(
      keyspace.run("GETEX", "k", "EX", "0") == .error("ERR invalid expire time in 'getex' command"))
    #expect(keyspace.run("GETEX", "k", "EX", "10") == .text("v"))
    #expect(keyspace.timeLeft("k") == 10_000)
    #expect(keyspace.run("GETEX", "k") == .text("v"))
    #expect(keyspace.timeLeft("k") == 10_000)
    #expect(keyspace.run("GETEX", "k", "PERSIST") == .text("v"))
    #expect(keyspace.timeLeft("k") == nil)
    #expect(keyspace.run("GETEX", "k", "KEEPTTL") == .syntaxError)
    #expect(keyspace.run("GETEX", "k", "EX", "1", "PERSIST") == .syntaxError)
  }

  @Test func `counters stay within 64 bits and keep the expiry`() {
    #expect(keyspace.run("INCR", "k") == .integer(1))
    _ = keyspace.run("SET", "k", "9223372036854775806", "PX", "50")
    #expect(keyspace.run("INCR", "k") == .integer(Int.max))
    #expect(keyspace.timeLeft("k") == 50)
    let overflow = Reply.error("ERR increment or decrement would overflow")
    #expect(keyspace.run("INCR", "k") == overflow)
    #expect(keyspace.run("DECRBY", "k", "-1") == overflow)
    #expect(
      keyspace.run("DECRBY", "k", "-9223372036854775808")
        == .error("ERR decrement would overflow"))
    for text in ["01", " 1", "1 ", "a", "", "1.0", "9223372036854775808"] {
      _ = keyspace.run("SET", "bad", text)
      #expect(keyspace.run("INCR", "bad") == .notAnInteger, "\(text)")
    }
    #expect(keyspace.run("INCRBY", "k", "01") == .notAnInteger)
  }

  @Test func `INCRBYFLOAT prints what Redis prints`() {
    // Sums as redis-server prints them on x86-64, whose long double has 64 bits of mantissa.
    for (start, increment, sum) in [
      ("10.50", "0.1", "10.6"), ("5.0e3", "2.0e2", "5200"), ("1", "-1", "0"), ("0", "-0.0", "0"),
      ("3.0", "1.000000000000000005", "4.00000000000000001"),
      ("1e6", "1e-6", "1000000.00000099999999748"),
    ] {
      _ = keyspace.run("SET", "k", start)
      #expect(keyspace.run("INCRBYFLOAT", "k", increment) == .text(sum), "\(start) \(increment)")
    }
    for text in ["", " 1", "1 ", "nan", "a", "1e5000"] {
      #expect(
        keyspace.run("INCRBYFLOAT", "k", text) == .error("ERR value is not a valid float"),
        "\(text)")
    }
    #expect(
      keyspace.run("INCRBYFLOAT", "k", "inf")
        == .error("ERR increment would produce NaN or Infinity"))
  }

  /// More than are looked ahead for at a time, some of them missing, some named twice.
  @Test func `many keys in one command`() {
    let names = (0..<50).map { "key:\($0 % 45)" }
    let pairs = names.enumerated().flatMap { [$1, "value \($0)"] }
    #expect(keyspace.run(["MSET"] + pairs) == .ok)
    var expected: [String: String] = [:]
    for (index, name) in names.enumerated() { expected[name] = "value \(index)" }
    let asked = names + ["missing"] + names.reversed()
    #expect(
      keyspace.run(["MGET"] + asked)
        == .array(asked.map { name in expected[name].map { .bulk(Array($0.utf8)) } ?? .null }))
  }

  @Test func `several keys are set together`() {
    #expect(keyspace.run("MSET", "a", "1", "b", "2", "a", "3") == .ok)
    #expect(keyspace.run("MGET", "a", "b") == .texts("3", "2"))
    #expect(
      keyspace.run("MSET", "a", "1", "b")
        == .error("ERR wrong number of arguments for 'mset' command"))
    #expect(keyspace.run("MSETNX", "c", "1", "b", "2") == .integer(0))
    #expect(keyspace.run("GET", "c") == .null)
    #expect(keyspace.run("MSETNX", "c", "1", "d", "2") == .integer(1))
    #expect(keyspace.run("MSETEX", "2", "a", "8", "e", "9", "XX") == .integer(0))
    #expect(keyspace.run("MSETEX", "2", "a", "8", "b", "9", "PX", "70", "XX") == .integer(1))
    #expect(keyspace.timeLeft("b") == 70)
    #expect(keyspace.run("MSETEX", "1", "b", "1", "KEEPTTL") == .integer(1))
    #expect(keyspace.timeLeft("b") == 70)
    let invalid = Reply.error("ERR invalid numkeys value or out of range")
    for count in ["0", "-1", "x", "99999999999"] {
      #expect(keyspace.run("MSETEX", count, "a", "1") == invalid)
    }
    for options in [["NX", "XX"], ["EX"], ["EX", "1", "KEEPTTL"], ["b", "2"]] {
      #expect(keyspace.run(["MSETEX", "1", "a", "1"] + options) == .syntaxError, "\(options)")
    }
    #expect(keyspace.run("MSETEX", "2", "a", "1") == .syntaxError)
  }

  @Test func `conditional deletions`() {
    _ = keyspace.run("MSET", "a", "1", "b", "x", "c", "y", "d", "z")
    #expect(keyspace.run("DELIFEQ", "a", "2") == .integer(0))
    #expect(keyspace.run("DELIFEQ", "a", "1") == .integer(1))
    #expect(keyspace.run("DELIFEQ", "a", "1") == .integer(0))
    #expect(keyspace.run("DELEX", "b", "IFNE", "x") == .integer(0))
    #expect(keyspace.run("DELEX", "b", "IFEQ", "x") == .integer(1))
    #expect(keyspace.run("DELEX", "c") == .integer(1))
    #expect(keyspace.run("DELEX", "d", "IFDNE", "0000000000000000") == .integer(1))
    keyspace.storeForeign("h")
    #expect(keyspace.run("DELIFEQ", "h", "1") == .wrongType)
    #expect(
      keyspace.run("DELEX", "h", "IFEQ", "1")
        == .error("ERR Key should be of string type if conditions are specified"))
    #expect(keyspace.run("DELEX", "h") == .integer(1))
  }

  @Test func `other types are refused, except where the value is replaced`() {
    keyspace.storeForeign("h")
    for words in [
      ["GET", "h"], ["APPEND", "h", "x"], ["INCR", "h"], ["INCRBYFLOAT", "h", "1"],
      ["GETRANGE", "h", "0", "1"], ["SETRANGE", "h", "0", "x"], ["STRLEN", "h"], ["GETDEL", "h"],
      ["GETEX", "h"], ["GETSET", "h", "x"], ["SET", "h", "x", "GET"],
      ["SET", "h", "x", "IFEQ", "1"],
      ["DIGEST", "h"], ["SETBIT", "h", "0", "1"], ["GETBIT", "h", "0"], ["BITCOUNT", "h"],
      ["BITPOS", "h", "1"], ["BITOP", "OR", "d", "h"], ["BITFIELD", "h", "GET", "u8", "0"],
      ["BITFIELD", "h", "SET", "u8", "0", "1"],
    ] {
      #expect(keyspace.run(words) == .wrongType, "\(words)")
    }
    #expect(
      keyspace.run("LCS", "h", "h") == .error("ERR The specified keys must contain string values"))
    #expect(keyspace.run("MGET", "h") == .array([.null]))
    #expect(keyspace.run("SET", "h", "x") == .ok)
  }

  @Test func `each command counts one change a key, and reads none`() {
    for (words, changes) in [
      (["SET", "k", "v"], 1), (["SET", "k", "v", "NX"], 0), (["APPEND", "k", "x"], 1),
      (["SETRANGE", "k", "3", "x"], 1), (["SETRANGE", "k", "3", ""], 0), (["GET", "k"], 0),
      (["MSET", "a", "1", "b", "2"], 2), (["INCR", "a"], 1), (["INCRBYFLOAT", "a", "1"], 1),
      (["SETBIT", "k", "0", "0"], 0), (["SETBIT", "k", "0", "1"], 1), (["GETDEL", "k"], 1),
      (["BITOP", "NOT", "d", "a"], 1), (["BITOP", "NOT", "d", "none"], 1),
      (["BITFIELD", "f", "SET", "u8", "0", "1"], 1), (["BITFIELD", "f", "GET", "u8", "0"], 0),
      (["GETEX", "a", "EX", "5"], 1), (["GETEX", "a"], 0), (["GETEX", "a", "PERSIST"], 1),
      (["SET", "a", "1", "PXAT", "1"], 1), (["SET", "a", "1", "PXAT", "1"], 0),
    ] as [([String], Int)] {
      let before = keyspace.changeCount
      _ = keyspace.run(words)
      #expect(keyspace.changeCount - before == changes, "\(words)")
    }
  }

  @Test func `strings have a longest length`() {
    var options = Keyspace.Options()
    options.stringBytesMax = 10
    let keyspace = TestKeyspace(CommandTable.string + CommandTable.bitmap, options: options)
    let tooLong = Reply.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
    let badOffset = Reply.error("ERR bit offset is not an integer or out of range")
    #expect(keyspace.run("SETRANGE", "k", "9", "a") == .integer(10))
    #expect(keyspace.run("SETRANGE", "k", "10", "a") == tooLong)
    #expect(keyspace.run("SETRANGE", "k", "9223372036854775807", "a") == tooLong)
    #expect(keyspace.run("SETRANGE", "k", "-1", "a") == .error("ERR offset is out of range"))
    #expect(keyspace.run("APPEND", "k", "a") == tooLong)
    #expect(keyspace.run("SETBIT", "k", "78", "1") == .integer(0))
    #expect(keyspace.run("SETBIT", "k", "80", "1") == badOffset)
    #expect(keyspace.run("BITFIELD", "k", "GET", "u8", "80") == badOffset)
  }

  @Test func `edits leave what edits of an array would`() throws {
    try withEvery("seed", in: UInt64(1)...40) { seed in
      var random = SeededGenerator(seed: seed)
      let keyspace = TestKeyspace.strings
      let kind = StringKind.allCases[Int(seed) % StringKind.allCases.count]
      kind.store(in: keyspace, "k")
      var model = kind.bytes
      let key = Array("k".utf8)
      for _ in 0..<60 {
        let part = random.bytes(1...40)
        if Bool.random(using: &random) {
          model += part
          #expect(keyspace.run([Array("APPEND".utf8), key, part]) == .integer(model.count))
        } else {
          let offset = Int.random(in: 0...(model.count + 20), using: &random)
          let end = offset + part.count
          if model.count < end { model += [UInt8](repeating: 0, count: end - model.count) }
          model.replaceSubrange(offset..<end, with: part)
          #expect(
            keyspace.run([Array("SETRANGE".utf8), key, Array("\(offset)".utf8), part])
              == .integer(model.count))
        }
        #expect(keyspace.run("GET", "k") == .bulk(model), "seed \(seed)")
      }
    }
  }

  @Test func `ranges are cut to the string`() {
    _ = keyspace.run("SET", "k", "Hello")
    for (start, end, part) in [
      ("0", "-1", "Hello"), ("-3", "-1", "llo"), ("0", "0", "H"), ("-100", "1", "He"),
      ("3", "100", "lo"), ("4", "2", ""), ("-1", "-5", ""), ("5", "9", ""), ("-9", "-8", "H"),
      ("-9223372036854775808", "9223372036854775807", "Hello"),
    ] {
      let expected = Reply.text(part)
      #expect(keyspace.run("GETRANGE", "k", start, end) == expected, "\(start) \(end)")
      #expect(keyspace.run("SUBSTR", "k", start, end) == expected)
    }
  }

  @Test func `LCS finds subsequence, length and ranges`() {
    _ = keyspace.run("MSET", "a", "ohmytext", "b", "mynewtext")
    #expect(keyspace.run("LCS", "a", "b") == .text("mytext"))
    #expect(keyspace.run("LCS", "a", "b", "LEN") == .integer(6))
    #expect(keyspace.run("LCS", "a", "none") == .text(""))
    #expect(
      keyspace.run("LCS", "a", "b", "IDX", "MINMATCHLEN", "4", "WITHMATCHLEN")
        == .array([
          .text("matches"),
          .array([.array([.integers(4, 7), .integers(5, 8), .integer(4)])]),
          .text("len"), .integer(6),
        ]))
    keyspace.protocolVersion = 3
    guard case .map(let pairs) = keyspace.run("LCS", "a", "b", "IDX") else {
      Issue.record("not a map")
      return
    }
    #expect(pairs.count == 2)
  }

  @Test func `the table holds each command once, in order, with the facts its body relies on`() {
    for family in [CommandTable.string, CommandTable.bitmap] {
      let names = family.map(\.name)
      #expect(names == names.sorted())
      for command in family {
        #expect(!command.keys.isEmpty, "\(command.name)")
        #expect(command.flags.contains(.write) != command.flags.contains(.readOnly))
        #expect(!command.arguments.isEmpty)
      }
    }
  }
}
