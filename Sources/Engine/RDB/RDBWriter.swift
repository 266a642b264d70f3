package import RESP

/// Turns values into RDB bytes, in memory; whoever owns the writer takes them to their file or
/// reply.
package struct RDBWriter: ~Copyable {
  package private(set) var bytes: [UInt8] = []
  /// Follows the next kind: in files a key stands between its value's kind and its value.
  var key: ByteView?
  /// `rdbcompression`.
  private let compresses: Bool
  /// Up to which version of the format kinds of values are used, where an older one does: Redis 7.0 reads 10.
  let versionMax: Int
  private var compressor = LZFCompressor()

  package init(compresses: Bool = true, versionMax: Int = RDB.kindVersion) {
    self.compresses = compresses
    self.versionMax = versionMax
  }

  /// The version that a reader of what was written needs.
  package private(set) var version = RDB.payloadVersion

  /// Gives out what was written, and starts anew.
  package mutating func take() -> [UInt8] {
    var taken: [UInt8] = []
    swap(&taken, &bytes)
    return taken
  }

  package var count: Int { bytes.count }

  /// Forgets what was written; keeps the memory.
  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Forgets what was written last.
  mutating func truncate(to count: Int) { bytes.removeLast(bytes.count - count) }

  package mutating func writeByte(_ byte: UInt8) { bytes.append(byte) }

  /// The byte that names a value's layout, and the key whose value it is, where the writer has been given one.
  mutating func writeKind(_ kind: RDB.ValueKind) {
    bytes.append(kind.rawValue)
    version = Swift.max(version, kind.version)
    guard let key else { return }
    self.key = nil
    writeString(key)
  }

  /// The `byteCount` low bytes of `value`, lowest first.
  package mutating func writeLittleEndian(_ value: UInt64, byteCount: Int) {
    for index in 0..<byteCount {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8)))
    }
  }

  package mutating func writeBytes(_ view: ByteView) {
    bytes.append(view)
  }

  package mutating func writeLength(_ length: Int) {
    precondition(length >= 0, "an RDB length is not negative")
    writeLength(unsigned: UInt64(length))
  }

  /// As `writeLength`, for what may be 2^63 or more.
  mutating func writeLength(unsigned length: UInt64) {
    if length < 1 << 6 {
      bytes.append(UInt8(length))
    } else if length < 1 << 14 {
      bytes.append(0x40 | UInt8(length >> 8))
      bytes.append(UInt8(truncatingIfNeeded: length))
    } else if length <= UInt64(UInt32.max) {
      bytes.append(0x80)
      writeBigEndian(length, byteCount: 4)
    } else {
      bytes.append(0x81)
      writeBigEndian(length, byteCount: 8)
    }
  }

  private mutating func writeBigEndian(_ value: UInt64, byteCount: Int) {
    for index in (0..<byteCount).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8)))
    }
  }

  /// A string in its shortest form: as an integer if it spells one of at most 11 digits, compressed
  /// if that saves at least 4 bytes, else as it is.
  package mutating func writeString(_ view: ByteView) {
    if view.count <= 11, let integer = DecimalText.integer(view), writeEncoded(integer) { return }
    if compresses, view.count >= RDB.compressibleBytesMin,
      let compressed = compressor.compress(view, limit: view.count - 4)
    {
      writeLengths(compressed: compressed.count, of: view.count)
      bytes += compressed
      return
    }
    writeLength(view.count)
    writeBytes(view)
  }

  /// What comes before the bytes of a compressed string.
  mutating func writeLengths(compressed compressedCount: Int, of count: Int) {
    bytes.append(0xC0 | RDB.StringEncoding.lzf.rawValue)
    writeLength(compressedCount)
    writeLength(count)
  }

  /// An integer as a string: encoded up to 32 bits, in decimal beyond.
  package mutating func writeString(_ integer: Int) {
    if writeEncoded(integer) { return }
    let digits = String(integer).utf8
    writeLength(digits.count)
    bytes += Array(digits)
  }

  private mutating func writeEncoded(_ integer: Int) -> Bool {
    let encoding: RDB.StringEncoding
    let byteCount: Int
    if Int8(exactly: integer) != nil {
      (encoding, byteCount) = (.int8, 1)
    } else if Int16(exactly: integer) != nil {
      (encoding, byteCount) = (.int16, 2)
    } else if Int32(exactly: integer) != nil {
      (encoding, byteCount) = (.int32, 4)
    } else {
      return false
    }
    bytes.append(0xC0 | encoding.rawValue)
    writeLittleEndian(UInt64(bitPattern: Int64(integer)), byteCount: byteCount)
    return true
  }
}
