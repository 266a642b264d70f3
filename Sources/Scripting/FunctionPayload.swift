import Engine
package import RESP

/// Libraries as RDB has them: what FUNCTION DUMP gives and FUNCTION RESTORE takes, and what files hold.
package enum FunctionPayload {
  /// The opcode in front of a library's text.
  package static let opcode: UInt8 = 245

  package static func write(_ libraries: [FunctionLibrary]) -> [UInt8] {
    var writer = RDBWriter()
    for library in libraries {
      writer.writeByte(opcode)
      ByteView.with(library.text) { writer.writeString($0) }
    }
    var payload = writer.bytes
    let version = RDB.payloadVersion
    payload += [UInt8(version & 0xFF), UInt8(version >> 8)]
    let checksum = ByteView.with(payload) { CRC64.checksum($0) }
    for shift in stride(from: 0, to: 64, by: 8) {
      payload.append(UInt8(truncatingIfNeeded: checksum >> UInt64(shift)))
    }
    return payload
  }

  /// The texts of the libraries.
  package static func read(_ payload: ByteView) throws(LibraryError) -> [[UInt8]] {
    let broken = LibraryError("ERR DUMP payload version or checksum are wrong")
    guard payload.count >= 10 else { throw broken }
    let end = payload.count - 10
    guard Int(payload[end]) | Int(payload[end + 1]) << 8 <= RDB.versionMax else { throw broken }
    let checksum = CRC64.checksum(payload[0..<end + 2])
    for index in 0..<8 {
      guard payload[end + 2 + index] == UInt8(truncatingIfNeeded: checksum >> UInt64(index * 8)) else {
        throw broken
      }
    }
    var texts: [[UInt8]] = []
    var reader = RDBReader(payload[0..<end])
    while reader.remaining > 0 {
      do throws(RDBError) {
        guard try reader.readByte() == opcode else {
          throw RDBError(offset: reader.offset, expected: "a library")
        }
        switch try reader.readString() {
        case .bytes(let view): texts.append(view.bytes)
        case .decompressed(let bytes): texts.append(bytes)
        case .integer(let integer): texts.append(Array(String(integer).utf8))
        }
      } catch {
        throw LibraryError(
          error.expected == "a library"
            ? "ERR given type is not a function" : "ERR Failed loading library data")
      }
    }
    return texts
  }
}
