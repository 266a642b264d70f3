import RESP

/// Values of every type to RDB bytes and back; each type's layout is in a file of its own.
extension RDBWriter {
  /// An entry's value: the byte that names its layout, then the value. Not its key, not its expiry.
  mutating func writeValue(_ entry: Entry) {
    switch entry.type {
    case .string:
      writeKind(.string)
      writeStringValue(entry.string)
    case .list, .set, .sortedSet, .hash, .stream: entry.block.collection.write(to: &self)
    }
  }
}

extension RDBReader {
  mutating func readValueKind() throws(RDBError) -> RDB.ValueKind {
    guard let kind = RDB.ValueKind(rawValue: try readByte()) else {
      throw error("a known kind of value before here")
    }
    return kind
  }

  /// Reads a key and its value, as they stand in files behind the value's kind.
  package mutating func readEntry(
    _ kind: RDB.ValueKind, expiry: Int64?
  ) throws(RDBError) -> DetachedEntry {
    let name = try readString()
    do throws(RDBError) {
      let key: [UInt8]
      switch name {
      case .bytes(let view): return try readValue(kind, key: view, expiry: expiry)
      case .integer(let number): key = Array(String(number).utf8)
      case .decompressed(let bytes): key = bytes
      }
      return try readValue(kind, key: .empty, expiry: expiry).renamed(key)
    } catch {
      guard error.isEmptyValue else { throw error }
      var named = error
      named.key = name.withBytes { $0.bytes }
      throw named
    }
  }

  /// Reads a value into an entry that belongs to no keyspace yet.
  mutating func readValue(
    _ kind: RDB.ValueKind, key: ByteView, expiry: Int64?
  ) throws(RDBError) -> DetachedEntry {
    switch kind {
    case .string: try readStringValue(key: key, expiry: expiry)
    case .hash, .hashZipmap, .hashZiplist, .hashListpack, .hashWithExpiriesOld, .hashWithExpiries,
      .hashListpackWithExpiriesOld, .hashListpackWithExpiries:
      try readHashValue(kind, key: key, expiry: expiry)
    case .set, .setIntset, .setListpack: try readSetValue(kind, key: key, expiry: expiry)
    case .list, .listZiplist, .listQuicklist, .listQuicklist2: try readListValue(kind, key: key, expiry: expiry)
    case .streamListpacks, .streamListpacks2, .streamListpacks3:
      try readStream(kind, key: key, expiry: expiry)
    case .sortedSet, .sortedSet2, .sortedSetZiplist, .sortedSetListpack:
      try readSortedSetValue(kind, key: key, expiry: expiry)
    }
  }
}
