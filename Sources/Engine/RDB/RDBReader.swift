package import RESP

/// Reads RDB bytes from front to back. Never trusts a length: what it allocates is bounded by the
/// bytes at hand.
///
/// Valid as long as the bytes it was given.
package struct RDBReader {
  private let bytes: ByteView
  package private(set) var offset = 0

  /// How values are to be encoded.
  let options: Keyspace.Options
  /// Of the tables of large values.
  let seed: UInt64
  /// What the file or payload says it is.
  let version: Int

  package init(
    _ bytes: ByteView, options: Keyspace.Options = Keyspace.Options(), seed: UInt64 = 0,
    version: Int = RDB.versionMax
  ) {
    self.bytes = bytes
    self.options = options
    self.seed = seed
    self.version = version
  }

  package var remaining: Int { bytes.count - offset }

  /// Goes on reading at another place.
  package mutating func move(to offset: Int) {
    precondition(offset >= 0 && offset <= bytes.count, "a place outside of the bytes is read")
    self.offset = offset
  }

  func error(_ expected: String) -> RDBError { RDBError(offset: offset, expected: expected) }

  /// A value without elements.
  func emptyValue(_ expected: String) -> RDBError {
    RDBError(offset: offset, expected: expected, isEmptyValue: true)
  }

  package mutating func readByte() throws(RDBError) -> UInt8 {
    guard remaining > 0 else { throw error("a byte") }
    defer { offset += 1 }
    return bytes[offset]
  }

  package mutating func readBytes(_ count: Int) throws(RDBError) -> ByteView {
    guard count >= 0, count <= remaining else { throw error("\(count) bytes") }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  package mutating func readLittleEndian(byteCount: Int) throws(RDBError) -> UInt64 {
    let view = try readBytes(byteCount)
    return (0..<byteCount).reversed().reduce(0) { $0 << 8 | UInt64(view[$1]) }
  }

  private mutating func readBigEndian(byteCount: Int) throws(RDBError) -> UInt64 {
    let view = try readBytes(byteCount)
    return (0..<byteCount).reduce(0) { $0 << 8 | UInt64(view[$1]) }
  }

  /// A length, or a string's encoding in its place.
  enum Prefix {
    case length(UInt64)
    case encoding(RDB.StringEncoding)
  }

  mutating func readPrefix() throws(RDBError) -> Prefix {
    let first = try readByte()
    let low = first & 0x3F
    switch first >> 6 {
    case 0: return .length(UInt64(low))
    case 1: return .length(UInt64(low) << 8 | UInt64(try readByte()))
    case 2:
      guard low <= 1 else { throw error("a length of 32 or 64 bits") }
      return .length(try readBigEndian(byteCount: low == 0 ? 4 : 8))
    default:
      guard let encoding = RDB.StringEncoding(rawValue: low) else {
        throw error("a known string encoding")
      }
      return .encoding(encoding)
    }
  }

  package mutating func readLength() throws(RDBError) -> Int {
    // Apart from each other: in one expression the reader would be copied, and what its options refer to counted.
    let length = try readUnsignedLength()
    return try checkedLength(length)
  }

  /// As `readLength`, where 2^63 and more are possible.
  package mutating func readUnsignedLength() throws(RDBError) -> UInt64 {
    guard case .length(let length) = try readPrefix() else { throw error("a length") }
    return length
  }

  private func checkedLength(_ length: UInt64) throws(RDBError) -> Int {
    guard let length = Int(exactly: length) else { throw error("a length below 2^63") }
    return length
  }

  /// A string as it was stored.
  package enum StringForm {
    case integer(Int)
    case bytes(ByteView)
    case decompressed([UInt8])
  }

  package mutating func readString() throws(RDBError) -> StringForm {
    switch try readPrefix() {
    case .length(let length): return .bytes(try readBytes(try checkedLength(length)))
    case .encoding(.int8):
      return .integer(Int(Int8(truncatingIfNeeded: try readLittleEndian(byteCount: 1))))
    case .encoding(.int16):
      return .integer(Int(Int16(truncatingIfNeeded: try readLittleEndian(byteCount: 2))))
    case .encoding(.int32):
      return .integer(Int(Int32(truncatingIfNeeded: try readLittleEndian(byteCount: 4))))
    case .encoding(.lzf):
      let compressedCount = try readLength()
      let count = try readLength()
      let compressed = try readBytes(compressedCount)
      guard let bytes = LZF.decompress(compressed, count: count) else {
        throw error("\(count) bytes of LZF before here")
      }
      return .decompressed(bytes)
    }
  }
}
