import Engine
import RESP

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
