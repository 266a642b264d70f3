import RESP

/// One value without its key, as DUMP gives it out and RESTORE takes it: RDB bytes, a version, a
/// checksum.
///
/// - SeeAlso: <https://redis.io/docs/latest/commands/dump/>
enum DumpPayload {
  /// Version and checksum.
  static let footerByteCount = 10

  /// The payload of an entry's value.
  ///
  /// - Parameter versionMax: what its reader knows at least.
  static func bytes(
    of entry: Entry, compresses: Bool, versionMax: Int = RDB.kindVersion
  ) -> [UInt8] {
    var writer = RDBWriter(compresses: compresses, versionMax: versionMax)
    writer.writeValue(entry)
    writer.writeLittleEndian(UInt64(writer.version), byteCount: 2)
    writer.writeLittleEndian(ByteView.with(writer.bytes) { CRC64.checksum($0) }, byteCount: 8)
    return writer.bytes
  }

  /// The entry that `payload` describes.
  ///
  /// - Throws: `.badPayloadChecksum` when the footer does not fit; `.badPayload` when the value
  ///   does not.
  static func entry(
    _ payload: ByteView, key: ByteView, expiry: Int64?, _ keyspace: inout Keyspace
  ) throws(CommandError) -> DetachedEntry {
    guard payload.count >= footerByteCount else { throw .badPayloadChecksum }
    let footer = payload.count - footerByteCount
    guard let version = checkedVersion(payload, at: footer, ignoresChecksum: keyspace.ignoresPayloadChecksums)
    else { throw .badPayloadChecksum }
    var kind: RDB.ValueKind?
    do throws(RDBError) {
      var reader = RDBReader(
        payload[0..<footer], options: keyspace.options, seed: keyspace.hashSeed, version: version)
      let known = try reader.readValueKind()
      kind = known
      return try reader.readValue(known, key: key, expiry: expiry)
    } catch {
      keyspace.refusedPayload = RefusedPayload(kind: kind, error: error)
      throw .badPayload
    }
  }

  /// The version in the footer; nil if it is not understood, or the checksum does not fit.
  private static func checkedVersion(
    _ payload: ByteView, at footer: Int, ignoresChecksum: Bool
  ) -> Int? {
    var tail = RDBReader(payload[footer..<payload.count])
    guard let version = try? tail.readLittleEndian(byteCount: 2),
      let checksum = try? tail.readLittleEndian(byteCount: 8),
      RDB.isReadable(version: Int(version)),
      ignoresChecksum || checksum == CRC64.checksum(payload[0..<payload.count - 8])
    else { return nil }
    return Int(version)
  }
}

/// Why RESTORE did not take a payload.
package struct RefusedPayload: Sendable {
  let kind: RDB.ValueKind?
  let error: RDBError

  /// As the log tells it.
  package var text: String {
    let subject =
      switch kind {
      case .streamListpacks, .streamListpacks2, .streamListpacks3: "Stream listpack"
      case .hashZipmap: "Zipmap"
      case .hashZiplist, .listZiplist, .listQuicklist, .sortedSetZiplist: "Ziplist"
      case .setIntset: "Intset"
      default: "Value"
      }
    return "\(subject) integrity check failed in a payload of RESTORE: expected \(error.expected), offset \(error.offset)"
  }
}
