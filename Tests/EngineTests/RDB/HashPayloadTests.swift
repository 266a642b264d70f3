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

extension HashValue {
  fileprivate func forEachAndFree(_ visit: (String, String) -> Void) {
    forEach { field, value in
      visit(field.withBytes { $0.string }, value.withBytes { $0.string })
    }
    block.dispose()
  }
}
