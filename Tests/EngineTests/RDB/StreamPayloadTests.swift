import RESP
import TestSupport
import Testing

@testable import Engine

/// Streams against what redis-server 7.0.15 (kind 19) and 8.2.3 (kind 21) made of the same commands, and damaged ones.
@Suite struct StreamPayloadTests {
  /// Entries 1-1, 5-0 and 6-0, 1-2 deleted; group g with consumers c (1-1 and 5-0 pending) and idle; group h.
  private static let body =
    "011000000000000000010000000000000001c3404a405312530000001f00030101010201816602816e0200200900002001078176"
    + "020701050103200a0001c00c0602010401dfff02a01a0000201e200d0f0101856f7468657206f13930030601ff03060001010102"
    + "04020167050081ffffffffffffffff020000000000000001000000000000000140420f0000000000020000000000000005000000"
    + "000000000040420f000000000002020163"
  private static let ids =
    "020000000000000001000000000000000100000000000000050000000000000000"
  private static let redis7 =
    "13" + body + "f6a6ea06a2010000" + ids + "0469646c65f6a6ea06a20100000001680500030000"
  private static let redis8 =
    "15" + body + "f8a6ea06a2010000f8a6ea06a2010000" + ids
    + "0469646c65f7a6ea06a2010000ffffffffffffffff0001680500030000"

  private static func payload(_ hex: String, version: Int) -> [UInt8] {
    var bytes = hexBytes(hex)
    bytes += [UInt8(version), 0]
    let sum = ByteView.with(bytes) { CRC64.checksum($0) }
    return bytes + (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64(8 * $0)) }
  }

  private func restore(_ keyspace: TestKeyspace, _ payload: [UInt8]) -> Reply {
    keyspace.run([Array("RESTORE".utf8), Array("s".utf8), Array("0".utf8), payload])
  }

  @Test func `payloads of both versions are restored, and dumped as the newer one's`() {
    for (hex, version) in [(Self.redis7, 10), (Self.redis8, 12)] {
      let keyspace = TestKeyspace.streams
      #expect(restore(keyspace, Self.payload(hex, version: version)) == .ok)
      #expect(keyspace.ids("XRANGE", "s", "-", "+") == ["1-1", "5-0", "6-0"])
      #expect(keyspace.ids("XPENDING", "s", "g", "-", "+", "9", "c") == ["1-1", "5-0"])
      guard case .bulk(let dumped) = keyspace.run("DUMP", "s") else {
        Issue.record("no payload")
        return
      }
      #expect(dumped[0] == 21)
      if version == 12 { #expect(dumped == Self.payload(hex, version: 11)) }
      #expect(keyspace.run("COPY", "s", "t") == .integer(1))
      guard case .bulk(let copied) = keyspace.run("DUMP", "t") else { return }
      #expect(copied == dumped)
    }
  }

  @Test func `the oldest kind has no counters`() {
    let keyspace = TestKeyspace.streams
    // As kind 19, without first ID, largest deleted ID, entries added and what groups have read.
    let node = Self.body.prefix(2 + 2 + 32 + 10 + 2 * 0x4A)
    let hex = "0f" + node + "030600" + "0101670500" + "00" + "00"
    #expect(restore(keyspace, Self.payload(String(hex), version: 9)) == .ok)
    #expect(keyspace.ids("XRANGE", "s", "-", "+") == ["1-1", "5-0", "6-0"])
    #expect(keyspace.run("XPENDING", "s", "g") == .array([.integer(0), .null, .null, .nullArray]))
  }

  @Test func `damaged payloads are refused, or give a stream that can be used`() {
    let original = hexBytes(Self.redis8)
    var random = SeededGenerator(seed: 7)
    for index in 0..<original.count {
      var damaged = original
      damaged[index] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &random)
      use(damaged)
      use(Array(original[..<index]))
    }
  }

  private func use(_ bytes: [UInt8]) {
    let keyspace = TestKeyspace.streams
    let hex = bytes.map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }.joined()
    guard restore(keyspace, Self.payload(hex, version: 11)) == .ok else { return }
    for words in [
      ["XINFO", "STREAM", "s", "FULL"], ["XREVRANGE", "s", "+", "-"], ["XADD", "s", "*", "f", "v"],
      ["XAUTOCLAIM", "s", "g", "x", "0", "0"], ["XDEL", "s", "1-1", "5-0"],
      ["XTRIM", "s", "MAXLEN", "0"],
    ] { _ = keyspace.run(words) }
  }
}
