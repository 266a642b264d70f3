import RESP
import TestSupport
import Testing

@testable import Engine

/// Hashes in layouts that only older servers wrote, and in malformed ones.
@Suite struct HashPayloadTests {
  /// What `bytes`, as a string of `kind`, are read as; nil if they are refused.
  func read(_ kind: RDB.ValueKind, _ bytes: [UInt8]) -> [String: String]? {
    var writer = RDBWriter()
    ByteView.with(bytes) { writer.writeString($0) }
    return ByteView.with(writer.bytes) { view in
      var reader = RDBReader(view)
      guard let entry = try? reader.readValue(kind, key: ByteView("k"), expiry: nil) else {
        return nil
      }
      var fields: [String: String] = [:]
      HashValue(block: entry.takeBlock().block).forEachAndFree { fields[$0] = $1 }
      return fields
    }
  }

  private static let ziplist: [UInt8] =
    [0, 0, 0, 0, 0, 0, 0, 0, 4, 0]
    + [0, 1, 0x61, 3, 0xF2, 2, 2, 0x62, 0x63, 4, 0xC0, 0xFE, 0xFF, 0xFF]
  /// Fields a and bc, values 1 and -2.
  static var checkedZiplist: [UInt8] {
    var bytes = ziplist
    bytes[0] = UInt8(bytes.count)
    bytes[4] = UInt8(bytes.count - 5)
    return bytes
  }
  static let zipmap: [UInt8] = [2, 1, 0x61, 1, 0, 0x31, 2, 0x62, 0x63, 2, 1, 0x78, 0x79, 0, 0xFF]

  @Test func ziplistsAreRead() {
    #expect(read(.hashZiplist, Self.checkedZiplist) == ["a": "1", "bc": "-2"])
  }

  @Test func zipmapsAreRead() {
    #expect(read(.hashZipmap, Self.zipmap) == ["a": "1", "bc": "xy"])
  }

  @Test func theyAreRefusedWhenCutOrChanged() {
    for count in 0..<Self.checkedZiplist.count {
      #expect(read(.hashZiplist, Array(Self.checkedZiplist.prefix(count))) == nil)
    }
    for count in 0..<Self.zipmap.count {
      #expect(read(.hashZipmap, Array(Self.zipmap.prefix(count))) == nil)
    }
    // Whatever a byte is changed to, nothing is read beyond the end.
    for kind in [RDB.ValueKind.hashZiplist, .hashZipmap, .hashListpack] {
      let bytes = kind == .hashZipmap ? Self.zipmap : Self.checkedZiplist
      for index in bytes.indices {
        for value in UInt8.min...UInt8.max {
          var changed = bytes
          changed[index] = value
          _ = read(kind, changed)
        }
      }
    }
  }

  @Test func fieldsThereTwiceAndLonelyFieldsAreRefused() {
    var listpack = Listpack.empty()
    defer { listpack.free() }
    #expect(read(.hashListpack, listpack.bytes.bytes) == nil)
    for word in ["a", "1", "b", "2"] { ByteView.with(Array(word.utf8)) { listpack.append($0) } }
    #expect(read(.hashListpack, listpack.bytes.bytes) == ["a": "1", "b": "2"])
    listpack.append(ByteView("a"))
    #expect(read(.hashListpack, listpack.bytes.bytes) == nil)
    listpack.append(ByteView("3"))
    #expect(read(.hashListpack, listpack.bytes.bytes) == nil)
  }
}

/// Hashes with fields that expire.
@Suite struct HashExpiryPayloadTests {
  private static let time: Int64 = 2_000_000_000_000

  struct Field: Equatable {
    let name: String
    let value: String
    let expiry: Int64?
  }

  /// What a value is read as; nil if it is refused.
  func read(
    _ kind: RDB.ValueKind, _ bytes: [UInt8], version: Int = RDB.versionMax, entriesMax: Int = 512
  ) -> [Field]? {
    var options = Keyspace.Options()
    options.hashListpackLimits.entriesMax = entriesMax
    return ByteView.with(bytes) { view in
      var reader = RDBReader(view, options: options, version: version)
      guard let entry = try? reader.readValue(kind, key: ByteView("k"), expiry: nil),
        reader.remaining == 0
      else { return nil }
      let block = entry.takeBlock().block
      defer { block.dispose() }
      var fields: [Field] = []
      HashValue(block: block).forEachWithExpiry { field, value, expiry in
        fields.append(
          Field(
            name: field.withBytes { $0.string }, value: value.withBytes { $0.string },
            expiry: expiry))
      }
      return fields.sorted { $0.name < $1.name }
    }
  }

  private static func little(_ value: Int64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func long(_ value: Int64) -> [UInt8] { [0x81] + little(value).reversed() }

  private static func listpack(_ elements: [(name: String, time: Int)]) -> [UInt8] {
    var listpack = Listpack.empty()
    defer { listpack.free() }
    for (name, time) in elements {
      ByteView.with(Array(name.utf8)) { listpack.append($0) }
      listpack.append(1)
      listpack.append(time)
    }
    var writer = RDBWriter(compresses: false)
    writer.writeString(listpack.bytes)
    return writer.bytes
  }

  private static let expected = [
    Field(name: "a", value: "1", expiry: time + 4), Field(name: "b", value: "1", expiry: nil),
  ]

  @Test(arguments: [1, 512])
  func theLayoutsOfRedisAreRead(entriesMax: Int) {
    let pairs: [UInt8] = [1, 0x61, 1, 0x31]
    let last: [UInt8] = [0, 1, 0x62, 1, 0x31]
    let cases: [(RDB.ValueKind, [UInt8])] = [
      (.hashWithExpiries, Self.little(Self.time) + [2, 5] + pairs + last),
      (.hashWithExpiriesOld, [2] + Self.long(Self.time + 4) + pairs + last),
      (
        .hashListpackWithExpiries,
        Self.little(0) + Self.listpack([("a", Int(Self.time + 4)), ("b", 0)])
      ),
      (.hashListpackWithExpiriesOld, Self.listpack([("a", Int(Self.time + 4)), ("b", 0)])),
    ]
    for (kind, bytes) in cases {
      #expect(read(kind, bytes, entriesMax: entriesMax) == Self.expected, "\(kind)")
      for count in bytes.indices { #expect(read(kind, Array(bytes.prefix(count))) == nil) }
      for index in bytes.indices {
        for value in [UInt8(0), 1, 0x7F, 0x80, 0x81, 0xC3, 0xFF] {
          var changed = bytes
          changed[index] = value
          _ = read(kind, changed)
        }
      }
    }
  }

  @Test func theLayoutOfValkeyIsRead() {
    let bytes: [UInt8] =
      [2, 1, 0x61, 1, 0x31] + Self.little(Self.time + 4) + [1, 0x62, 1, 0x31] + Self.little(-1)
    #expect(read(.hashWithExpiriesOld, bytes, version: RDB.valkeyVersion) == Self.expected)
    let negative: [UInt8] = [1, 1, 0x61, 1, 0x31] + Self.little(-2)
    #expect(read(.hashWithExpiriesOld, negative, version: RDB.valkeyVersion) == nil)
  }

  @Test func disorderAndRepetitionAreRefused() {
    let time = Int(Self.time)
    for elements in [
      [("a", 0), ("b", time)], [("a", time + 1), ("b", time)], [("a", time), ("a", 0)], [("a", -1)],
      [("a", 1 << 46)], [],
    ] as [[(name: String, time: Int)]] {
      #expect(read(.hashListpackWithExpiriesOld, Self.listpack(elements)) == nil, "\(elements)")
    }
    let twice: [UInt8] = [2, 1, 1, 0x61, 1, 0x31, 0, 1, 0x61, 1, 0x31]
    #expect(read(.hashWithExpiries, Self.little(Self.time) + twice) == nil)
    let late: [UInt8] = [1] + Self.long(1 << 46) + [1, 0x61, 1, 0x31]
    #expect(read(.hashWithExpiries, Self.little(Self.time) + late) == nil)
  }

  @Test(arguments: [1, 512])
  func whatIsWrittenIsRead(entriesMax: Int) {
    let keyspace = TestKeyspace(CommandTable.hash + CommandTable.generic)
    keyspace.keyspace.options.hashListpackLimits.entriesMax = entriesMax
    _ = keyspace.run("HSET", "h", "a", "1", "b", "1", "c", "1")
    _ = keyspace.run("HPEXPIREAT", "h", "2000000000005", "FIELDS", "1", "a")
    _ = keyspace.run("HPEXPIREAT", "h", "2000000000001", "FIELDS", "1", "c")
    guard case .bulk(let payload) = keyspace.run("DUMP", "h") else {
      Issue.record("no payload")
      return
    }
    // Kind, earliest time, and the version in the footer, as in Redis 7.4.
    #expect(payload[0] == (entriesMax == 1 ? 24 : 25))
    #expect(Array(payload[1..<9]) == Self.little(2_000_000_000_001))
    #expect(payload[payload.count - 10] == 12)
    #expect(
      keyspace.run(["RESTORE", "copy", "0"].map { Array($0.utf8) } + [payload]) == .ok)
    #expect(
      keyspace.run("HPEXPIRETIME", "copy", "FIELDS", "3", "a", "b", "c")
        == .integers(2_000_000_000_005, -1, 2_000_000_000_001))
    #expect(keyspace.keyspace.expiringHashCount(inDatabase: 0) == 2)
  }
}

extension HashValue {
  fileprivate func forEachAndFree(_ visit: (String, String) -> Void) {
    forEach { field, value in
      visit(field.withBytes { $0.string }, value.withBytes { $0.string })
    }
    block.dispose()
  }
}
