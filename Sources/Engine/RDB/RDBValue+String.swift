import RESP

extension RDBWriter {
  mutating func writeStringValue(_ value: StringValue) {
    switch value {
    case .integer(let integer): writeString(integer)
    case .bytes(let view): writeString(view)
    }
  }
}

extension RDBReader {
  mutating func readStringValue(
    key: ByteView, expiry: Int64?
  ) throws(RDBError) -> DetachedEntry {
    switch try readString() {
    case .integer(let integer): return DetachedEntry(key: key, integer: integer, expiry: expiry)
    case .bytes(let view): return DetachedEntry(key: key, string: view, expiry: expiry)
    case .decompressed(let bytes): return DetachedEntry(key: key, string: bytes, expiry: expiry)
    }
  }
}
