package import Engine
package import RESP

/// The frame of an RDB file around its values.
///
/// ```
/// REDIS0010 | auxiliary fields | parts | 0xFF | CRC-64:8
/// ```
///
/// A part selects its database first, so parts may stand in any order: several shards write one file.
package enum RDBFile {
  /// What stands before the parts.
  ///
  /// - Parameters:
  ///   - now: seconds since 1970.
  ///   - isAppendOnlyBase: the file is the base of an append-only file.
  package static func header(
    version: String, now: Int, usedMemory: Int, isAppendOnlyBase: Bool
  ) -> [UInt8] {
    var writer = RDBWriter()
    ByteView.with(magic(version: RDB.payloadVersion)) { writer.writeBytes($0) }
    let fields: [(String, String)] = [
      ("redis-ver", version), ("redis-bits", "64"), ("ctime", String(now)),
      ("used-mem", String(usedMemory)), ("aof-base", isAppendOnlyBase ? "1" : "0"),
    ]
    for (name, value) in fields {
      writer.writeByte(RDB.Opcode.auxiliary.rawValue)
      ByteView.with(Array(name.utf8)) { writer.writeString($0) }
      ByteView.with(Array(value.utf8)) { writer.writeString($0) }
    }
    return writer.take()
  }

  /// A part that holds the texts of function libraries.
  package static func functions(_ texts: [[UInt8]]) -> [UInt8] {
    var writer = RDBWriter()
    for text in texts {
      writer.writeByte(RDB.Opcode.function.rawValue)
      ByteView.with(text) { writer.writeString($0) }
    }
    return writer.take()
  }

  /// The first bytes.
  static func magic(version: Int) -> [UInt8] {
    let digits = String(version)
    return Array(("REDIS" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
  }

  /// What stands behind them.
  ///
  /// - Parameter checksum: of everything before; nil if the file has none.
  package static func footer(checksum: UInt64?) -> [UInt8] {
    let end = [RDB.Opcode.end.rawValue]
    let sum = checksum.map { crc in ByteView.with(end) { CRC64.checksum($0, continuing: crc) } } ?? 0
    return end + (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64($0 * 8)) }
  }
}

/// Reads an RDB file of any Redis from 2.8 to 8, or of Valkey, item by item, from memory.
package struct RDBFileReader {
  package enum Item: ~Copyable {
    case entry(DetachedEntry, database: Int)
    /// A key whose time was over before it was read.
    case expired
    /// A key whose value has no elements: some servers have left such.
    case empty(key: [UInt8])
    case auxiliary(name: String, value: String)
    case function([UInt8])
    /// Nothing follows but what does not belong to the file.
    case end
  }

  package let version: Int
  /// Written by Valkey, whose numbers of kinds are other ones from 22 on.
  package let isValkey: Bool
  private var reader: RDBReader
  private let bytes: ByteView
  private var database = 0
  private let databaseCount: Int
  private var expiry: Int64?
  /// Keys past this time are not read into memory; nil to keep all.
  private let now: Int64?

  /// How many bytes are read.
  package var offset: Int { reader.offset }

  /// Whether the bytes begin as an RDB file does.
  package static func hasMagic(_ bytes: ByteView) -> Bool {
    bytes.count >= 9 && (bytes[0..<5] == "REDIS" || bytes[0..<6] == "VALKEY")
  }

  /// - Parameter now: milliseconds since 1970.
  /// - Throws: when the file begins with something else, or was written by a server too new.
  package init(
    _ bytes: ByteView, options: Keyspace.Options, seed: UInt64, now: Int64?
  ) throws(RDBError) {
    guard Self.hasMagic(bytes) else {
      throw RDBError(offset: 0, expected: "an RDB file's signature, REDIS or VALKEY")
    }
    isValkey = bytes[0] == 0x56
    let digits = isValkey ? bytes[6..<9] : bytes[5..<9]
    guard let version = Int(String(decoding: digits.bytes, as: UTF8.self)), version >= 1,
      isValkey ? version <= 80 : version <= RDB.versionMax
    else {
      throw RDBError(
        offset: isValkey ? 6 : 5, expected: "a version up to \(RDB.versionMax), or 80 of Valkey")
    }
    self.version = version
    self.bytes = bytes
    self.now = now
    databaseCount = options.databaseCount
    reader = RDBReader(bytes, options: options, seed: seed, version: version)
    _ = try reader.readBytes(9)
  }

  package mutating func next() throws(RDBError) -> Item {
    while true {
      let start = reader.offset
      let byte = try reader.readByte()
      guard let opcode = RDB.Opcode(rawValue: byte) else { return try entry(byte, start) }
      switch opcode {
      case .selectDatabase:
        database = try reader.readLength()
        guard database < databaseCount else {
          throw RDBError(offset: start, expected: "a database below \(databaseCount)")
        }
      case .sizes:
        _ = try reader.readLength()
        _ = try reader.readLength()
      case .slotInfo: for _ in 0..<3 { _ = try reader.readLength() }
      case .expiryMilliseconds: expiry = Int64(bitPattern: try reader.readLittleEndian(byteCount: 8))
      case .expirySeconds:
        expiry = Int64(Int32(truncatingIfNeeded: try reader.readLittleEndian(byteCount: 4))) * 1000
      case .idleSeconds: _ = try reader.readLength()
      case .frequency: _ = try reader.readByte()
      case .auxiliary:
        return .auxiliary(name: try reader.readText(), value: try reader.readText())
      case .function: return .function(try reader.readString().bytes)
      case .oldFunction:
        throw RDBError(offset: start, expected: "functions as Redis 7.0 writes them, not its candidates")
      case .moduleValue:
        let module = try moduleName()
        throw RDBError(offset: start, expected: "no data of modules, which are not supported: \(module)")
      case .end: return .end
      }
    }
  }

  private mutating func entry(_ byte: UInt8, _ start: Int) throws(RDBError) -> Item {
    let expiry = self.expiry
    self.expiry = nil
    if byte == 6 || byte == 7 {
      _ = try reader.readString()
      let module = try moduleName()
      throw RDBError(offset: start, expected: "no values of modules, which are not supported: \(module)")
    }
    guard let kind = RDB.ValueKind(rawValue: byte) else {
      throw RDBError(offset: start, expected: "a known kind of value, not \(byte)")
    }
    let entry: DetachedEntry
    do throws(RDBError) {
      entry = try reader.readEntry(kind, expiry: expiry)
    } catch {
      guard error.isEmptyValue else { throw error }
      return .empty(key: error.key)
    }
    if let now, let expiry, expiry <= now { return .expired }
    return .entry(entry, database: database)
  }

  /// A module's name in the 64-bit number that stands for it: nine characters of six bits, then a version.
  private mutating func moduleName() throws(RDBError) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    let id = try reader.readUnsignedLength() >> 10
    return String((0..<9).map { alphabet[Int(id >> UInt64((8 - $0) * 6) & 63)] })
  }

  /// Checks the checksum, behind the end.
  ///
  /// - Parameter verifies: false takes any.
  /// - Throws: when it is not that of the bytes before it.
  package mutating func finish(verifies: Bool) throws(RDBError) {
    guard version >= 5 else { return }
    let end = reader.offset
    let stored = try reader.readLittleEndian(byteCount: 8)
    guard verifies, stored != 0 else { return }
    let actual = CRC64.checksum(bytes[0..<end])
    guard stored == actual else {
      throw RDBError(
        offset: end, expected: "the checksum \(String(actual, radix: 16)), not \(String(stored, radix: 16)): RDB CRC error")
    }
  }
}

extension RDBReader {
  fileprivate mutating func readText() throws(RDBError) -> String {
    String(decoding: try readString().bytes, as: UTF8.self)
  }
}

extension RDBReader.StringForm {
  package var bytes: [UInt8] {
    switch self {
    case .integer(let integer): Array(String(integer).utf8)
    case .bytes(let view): view.bytes
    case .decompressed(let bytes): bytes
    }
  }
}
