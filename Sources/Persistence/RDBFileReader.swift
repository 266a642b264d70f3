package import Engine
package import RESP

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
  /// Of the first `summedCount` bytes.
  private var checksum: UInt64 = 0
  private var summedCount = 0

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
    let (byte, start) = try readState()
    guard let opcode = RDB.Opcode(rawValue: byte) else { return try entry(byte, start) }
    switch opcode {
    case .auxiliary:
      return .auxiliary(name: try reader.readText(), value: try reader.readText())
    case .function: return .function(try reader.readString().bytes)
    case .end: return .end
    default: throw try refusal(of: opcode, start)
    }
  }

  /// Reads what is said about the next item before it comes.
  ///
  /// - Returns: the byte that says what the item is, and where that stands.
  private mutating func readState() throws(RDBError) -> (byte: UInt8, start: Int) {
    while true {
      let start = reader.offset
      let byte = try reader.readByte()
      switch RDB.Opcode(rawValue: byte) {
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
      default: return (byte, start)
      }
    }
  }

  private mutating func refusal(of opcode: RDB.Opcode, _ start: Int) throws(RDBError) -> RDBError {
    guard opcode == .moduleValue else {
      return RDBError(offset: start, expected: "functions as Redis 7.0 writes them, not its candidates")
    }
    let module = try moduleName()
    return RDBError(offset: start, expected: "no data of modules, which are not supported: \(module)")
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

  /// Takes what has been read so far into the checksum: a part of the work that `finish` does else.
  package mutating func sumUp() {
    guard version >= Self.checksumVersionMin else { return }
    checksum = CRC64.checksum(bytes[summedCount..<reader.offset], continuing: checksum)
    summedCount = reader.offset
  }

  /// Files of older versions have none.
  private static let checksumVersionMin = 5

  /// Checks the checksum, behind the end.
  ///
  /// - Parameters:
  ///   - verifies: false takes any.
  ///   - known: what it should be, where that has been found otherwise.
  /// - Throws: when it is not that of the bytes before it.
  package mutating func finish(verifies: Bool, known: UInt64? = nil) throws(RDBError) {
    guard version >= Self.checksumVersionMin else { return }
    let end = reader.offset
    if verifies, known == nil { sumUp() }
    let stored = try reader.readLittleEndian(byteCount: 8)
    guard verifies, stored != 0 else { return }
    let actual = known ?? checksum
    guard stored == actual else {
      throw RDBError(
        offset: end, expected: "the checksum \(String(actual, radix: 16)), not \(String(stored, radix: 16)): RDB CRC error")
    }
  }
}

// MARK: - Finding items without reading them

extension RDBFileReader {
  /// Where an item stands, with what is said about it before.
  package struct Place: Sendable {
    package let offset: Int
    fileprivate let database: Int
  }

  package enum Skimmed: Sendable {
    /// A key with its value.
    case entry(Place)
    case other(Place)
    case end
  }

  /// Passes over the next item.
  ///
  /// - Parameter body: is given the key of an entry.
  /// - Throws: as `next`, but not for what is wrong inside of a value.
  package mutating func skim(_ body: (ByteView) -> Void) throws(RDBError) -> Skimmed {
    let place = Place(offset: reader.offset, database: database)
    do throws(RDBError) {
      return try skim(from: place, body)
    } catch {
      // In the words of whoever reads it.
      read(at: place)
      _ = try next()
      throw error
    }
  }

  private mutating func skim(from place: Place, _ body: (ByteView) -> Void) throws(RDBError) -> Skimmed {
    let (byte, start) = try readState()
    expiry = nil
    if let kind = RDB.ValueKind(rawValue: byte) {
      try reader.skipEntry(kind, body)
      return .entry(place)
    }
    switch RDB.Opcode(rawValue: byte) {
    case .auxiliary:
      try reader.skipString()
      try reader.skipString()
      return .other(place)
    case .function:
      try reader.skipString()
      return .other(place)
    case .end: return .end
    default: throw RDBError(offset: start, expected: "a known kind of value, not \(byte)")
    }
  }

  /// Has `next` read the item at a place that `skim` has found, in the same bytes.
  package mutating func read(at place: Place) {
    reader.move(to: place.offset)
    database = place.database
    expiry = nil
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
