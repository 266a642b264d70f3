import RESP
import TestSupport
import Testing

@testable import Engine

/// Lists and sorted sets in layouts that only older servers wrote, whole and damaged.
@Suite struct ZiplistPayloadTests {
  let keyspace = TestKeyspace(
    CommandTable.list + CommandTable.sortedSet + CommandTable.generic)

  /// A ziplist of short strings.
  static func ziplist(_ entries: [String]) -> [UInt8] {
    var body: [UInt8] = []
    var previous = 0
    var last = 10
    for entry in entries {
      last = 10 + body.count
      let encoded = [UInt8(previous), UInt8(entry.utf8.count)] + Array(entry.utf8)
      body += encoded
      previous = encoded.count
    }
    func little(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    return little(11 + body.count, 4) + little(last, 4) + little(entries.count, 2) + body + [0xFF]
  }

  static func string(_ bytes: [UInt8]) -> [UInt8] {
    var writer = RDBWriter(compresses: false)
    ByteView.with(bytes) { writer.writeString($0) }
    return writer.bytes
  }

  /// Restores a value under the key `k`.
  func restore(_ kind: RDB.ValueKind, _ value: [UInt8]) -> Reply {
    _ = keyspace.run("DEL", "k")
    var writer = RDBWriter(compresses: false)
    writer.writeByte(kind.rawValue)
    for byte in value { writer.writeByte(byte) }
    writer.writeLittleEndian(6, byteCount: 2)
    writer.writeLittleEndian(ByteView.with(writer.bytes) { CRC64.checksum($0) }, byteCount: 8)
    return keyspace.run(["RESTORE", "k", "0"].map { Array($0.utf8) } + [writer.bytes])
  }

  static let badData = Reply.error("ERR Bad data format")

  @Test func listsAreRead() {
    #expect(restore(.listZiplist, Self.string(Self.ziplist(["a", "12", "c"]))) == .ok)
    #expect(keyspace.run("LRANGE", "k", "0", "-1") == .texts("a", "12", "c"))
    let nodes = [["a", "b"], [], ["c"]].flatMap { Self.string(Self.ziplist($0)) }
    #expect(restore(.listQuicklist, [3] + nodes) == .ok)
    #expect(keyspace.run("LRANGE", "k", "0", "-1") == .texts("a", "b", "c"))
    #expect(restore(.listZiplist, Self.string(Self.ziplist([]))) == Self.badData)
    #expect(restore(.listQuicklist, [0]) == Self.badData)
  }

  @Test func sortedSetsAreRead() {
    #expect(restore(.sortedSetZiplist, Self.string(Self.ziplist(["a", "1", "b", "2.5"]))) == .ok)
    #expect(keyspace.run("ZRANGE", "k", "0", "-1", "WITHSCORES") == .texts("a", "1", "b", "2.5"))
    for entries in [[], ["a"], ["a", "x"], ["a", "nan"], ["a", "2", "b", "1"], ["a", "1", "a", "2"]] {
      #expect(
        restore(.sortedSetZiplist, Self.string(Self.ziplist(entries))) == Self.badData, "\(entries)")
    }
  }

  @Test func damagedBytesAreRefusedOrHarmless() {
    let ziplist = Self.ziplist(["a", "1", "b", "2"])
    for kind in [RDB.ValueKind.listZiplist, .sortedSetZiplist] {
      for count in ziplist.indices {
        #expect(restore(kind, Self.string(Array(ziplist.prefix(count)))) == Self.badData)
      }
      for index in ziplist.indices {
        for value in UInt8.min...UInt8.max {
          var changed = ziplist
          changed[index] = value
          _ = restore(kind, Self.string(changed))
        }
      }
    }
  }
}
