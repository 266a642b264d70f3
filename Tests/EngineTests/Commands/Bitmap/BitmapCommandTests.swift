import RESP
import TestSupport
import Testing

@testable import Engine

/// Goal: bit commands do what their plain definition says. Method: bits as an array of Bool beside
/// the string.
@Suite struct BitmapCommandTests {
  let keyspace = TestKeyspace.strings

  private func bits(_ bytes: [UInt8]) -> [Bool] {
    bytes.flatMap { byte in (0..<8).map { byte & (0x80 >> UInt8($0)) != 0 } }
  }

  private func set(_ key: String, _ bytes: [UInt8]) {
    _ = keyspace.run([Array("SET".utf8), Array(key.utf8), bytes])
  }

  @Test(arguments: StringKind.allCases)
  func `bits of every encoding are read and changed`(_ kind: StringKind) {
    kind.store(in: keyspace, "k")
    var model = bits(kind.bytes)
    for offset in [0, 1, 7, 8, model.count - 1, model.count, model.count + 77] {
      let old = offset < model.count && model[offset]
      #expect(keyspace.run("GETBIT", "k", "\(offset)") == .integer(old ? 1 : 0))
      #expect(keyspace.run("SETBIT", "k", "\(offset)", old ? "0" : "1") == .integer(old ? 1 : 0))
      while model.count <= offset { model += [Bool](repeating: false, count: 8) }
      model[offset].toggle()
      #expect(keyspace.run("BITCOUNT", "k") == .integer(model.count { $0 }))
    }
    #expect(keyspace.encoding("k") == "raw")
  }

  @Test func `counting and searching agree with the definition`() throws {
    try withEvery("seed", in: UInt64(1)...400) { seed in
      var random = SeededGenerator(seed: seed)
      var bytes = random.bytes(0...80)
      if seed % 3 == 0 { bytes = bytes.map { _ in seed % 2 == 0 ? 0 : 0xFF } }
      set("k", bytes)
      let all = bits(bytes)
      let unit = Bool.random(using: &random)
      let count = unit ? all.count : bytes.count
      let start = Int.random(in: 0...(count + 2), using: &random)
      let end = Int.random(in: 0...(count + 2), using: &random)
      let scale = unit ? 1 : 8
      let range =
        start <= end && start < count
        ? Array((start * scale)..<(min(end + 1, count) * scale)) : []
      let words = ["\(start)", "\(end)", unit ? "BIT" : "BYTE"]
      #expect(
        keyspace.run(["BITCOUNT", "k"] + words) == .integer(range.count { all[$0] }),
        "seed \(seed)")
      for bit in [false, true] {
        let found = range.first { all[$0] == bit } ?? -1
        // A SET of no bytes makes an empty string, which has no position at all.
        #expect(
          keyspace.run(["BITPOS", "k", bit ? "1" : "0"] + words) == .integer(found),
          "seed \(seed)")
      }
    }
  }

  @Test func `a string counts as followed by zeros only without an end`() {
    set("k", [0xFF, 0xFF])
    #expect(keyspace.run("BITPOS", "k", "0") == .integer(16))
    #expect(keyspace.run("BITPOS", "k", "0", "1") == .integer(16))
    #expect(keyspace.run("BITPOS", "k", "0", "0", "-1") == .integer(-1))
    #expect(keyspace.run("BITPOS", "none", "0") == .integer(0))
    #expect(keyspace.run("BITPOS", "none", "1") == .integer(-1))
    #expect(keyspace.run("BITPOS", "k", "2") == .error("ERR The bit argument must be 1 or 0."))
    #expect(keyspace.run("BITCOUNT", "k", "0") == .syntaxError)
    #expect(keyspace.run("BITCOUNT", "k", "0", "1", "WORD") == .syntaxError)
    // Both ends before the start: counted as nothing, searched as the first byte.
    #expect(keyspace.run("BITCOUNT", "k", "-5", "-9") == .integer(0))
    #expect(keyspace.run("BITPOS", "k", "1", "-5", "-9") == .integer(0))
  }

  @Test func `combinations agree with the definition, bit by bit`() throws {
    let operations = ["AND", "OR", "XOR", "NOT", "DIFF", "DIFF1", "ANDOR", "ONE"]
    try withEvery("seed", in: UInt64(1)...400) { seed in
      var random = SeededGenerator(seed: seed)
      let operation = operations[Int(seed) % operations.count]
      let count = operation == "NOT" ? 1 : Int.random(in: 2...5, using: &random)
      let sources = (0..<count).map { _ in random.bytes(0...70) }
      let keys = sources.indices.map { "s\($0)" }
      for (key, bytes) in zip(keys, sources) { set(key, bytes) }
      let length = sources.map(\.count).max() ?? 0
      var expected = [UInt8](repeating: 0, count: length)
      for bit in 0..<length * 8 {
        let set = sources.map { source in
          bit / 8 < source.count && source[bit / 8] & (0x80 >> UInt8(bit % 8)) != 0
        }
        let others = set.dropFirst().contains(true)
        let result =
          switch operation {
          case "AND": !set.contains(false)
          case "OR": set.contains(true)
          case "XOR": set.count { $0 } % 2 == 1
          case "NOT": !set[0]
          case "DIFF": set[0] && !others
          case "DIFF1": !set[0] && others
          case "ANDOR": set[0] && others
          default: set.count { $0 } == 1
          }
        if result { expected[bit / 8] |= 0x80 >> UInt8(bit % 8) }
      }
      // The destination may be a source.
      let destination = seed % 5 == 0 ? "s0" : "d"
      #expect(
        keyspace.run(["BITOP", operation, destination] + keys) == .integer(length), "seed \(seed)")
      #expect(
        keyspace.run("GET", destination) == (length == 0 ? .null : .bulk(expected)),
        "seed \(seed) \(operation)")
    }
  }

  @Test func `operations check how many sources they get`() {
    #expect(
      keyspace.run("BITOP", "NOT", "d", "a", "b")
        == .error("ERR BITOP NOT must be called with a single source key."))
    for name in ["DIFF", "DIFF1", "ANDOR"] {
      #expect(
        keyspace.run("BITOP", name, "d", "a")
          == .error("ERR BITOP \(name) must be called with at least two source keys."))
    }
    #expect(keyspace.run("BITOP", "NAND", "d", "a") == .syntaxError)
    _ = keyspace.run("SET", "d", "x")
    #expect(keyspace.run("BITOP", "OR", "d", "none") == .integer(0))
    #expect(keyspace.run("GET", "d") == .null)
  }

  @Test func `fields of every width read back what was set`() throws {
    try withEvery("seed", in: UInt64(1)...600) { seed in
      var random = SeededGenerator(seed: seed)
      let isSigned = Bool.random(using: &random)
      let width = Int.random(in: 1...(isSigned ? 64 : 63), using: &random)
      let offset = Int.random(in: 0...200, using: &random)
      let bytes = random.bytes(0...40)
      set("k", bytes)
      let raw = random.next() >> UInt64(64 - width)
      let value =
        isSigned ? Int(Int64(bitPattern: raw << UInt64(64 - width)) >> Int64(64 - width)) : Int(raw)
      let encoding = "\(isSigned ? "i" : "u")\(width)"
      _ = keyspace.run("BITFIELD", "k", "SET", encoding, "\(offset)", "\(value)")
      #expect(
        keyspace.run("BITFIELD_RO", "k", "GET", encoding, "\(offset)") == .integers(value),
        "seed \(seed)")
      guard case .bulk(let after) = keyspace.run("GET", "k") else {
        Issue.record("no key")
        return
      }
      var expected = bits(bytes)
      while expected.count < offset + width { expected += [Bool](repeating: false, count: 8) }
      for bit in 0..<width { expected[offset + bit] = raw >> UInt64(width - 1 - bit) & 1 == 1 }
      #expect(bits(after) == expected, "seed \(seed)")
    }
  }

  @Test func `overflow wraps, saturates or fails`() {
    let cases: [(String, String, String, Reply)] = [
      ("WRAP", "u8", "300", .integer(44)), ("SAT", "u8", "300", .integer(255)),
      ("FAIL", "u8", "300", .null), ("WRAP", "i8", "200", .integer(-56)),
      ("SAT", "i8", "200", .integer(127)), ("SAT", "i8", "-200", .integer(-128)),
      ("FAIL", "i8", "-200", .null), ("SAT", "u8", "-1", .integer(0)),
      ("WRAP", "u8", "-1", .integer(255)), ("FAIL", "u8", "255", .integer(255)),
      ("SAT", "i64", "9223372036854775807", .integer(Int.max)),
    ]
    for (mode, encoding, increment, expected) in cases {
      _ = keyspace.run("GETDEL", "k")
      #expect(
        keyspace.run("BITFIELD", "k", "OVERFLOW", mode, "INCRBY", encoding, "#2", increment)
          == .array([expected]), "\(mode) \(encoding) \(increment)")
    }
  }

  @Test func `malformed fields are refused before anything is done`() {
    let badType = Reply.error(
      "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
    )
    let badOffset = Reply.error("ERR bit offset is not an integer or out of range")
    let set = ["BITFIELD", "k", "SET", "u8", "0", "1"]
    for encoding in ["u64", "i65", "u0", "x8", "i", "U8", "i08"] {
      #expect(keyspace.run(set + ["GET", encoding, "0"]) == badType, "\(encoding)")
    }
    for offset in ["-1", "x", "#-1", "#", "4294967296", "#9223372036854775807"] {
      #expect(keyspace.run(set + ["GET", "u8", offset]) == badOffset, "\(offset)")
    }
    #expect(
      keyspace.run(set + ["OVERFLOW", "X"]) == .error("ERR Invalid OVERFLOW type specified"))
    #expect(keyspace.run(set + ["GET", "u8"]) == .syntaxError)
    #expect(keyspace.run(set + ["SET", "u8", "0", "x"]) == .notAnInteger)
    #expect(
      keyspace.run("BITFIELD_RO", "k", "SET", "u8", "0", "1")
        == .error("ERR BITFIELD_RO only supports the GET subcommand"))
    #expect(keyspace.run("GET", "k") == .null)
  }
}
