package import RESP

/// Passing over what is not to be read here: only lengths are looked at, and nothing is allocated but for a key that
/// is stored in other bytes than its own.
extension RDBReader {
  package mutating func skipString() throws(RDBError) {
    switch try readPrefix() {
    case .length(let length): try skip(length)
    case .encoding(.int8): try skip(1)
    case .encoding(.int16): try skip(2)
    case .encoding(.int32): try skip(4)
    case .encoding(.lzf):
      let compressedCount = try readUnsignedLength()
      _ = try readUnsignedLength()
      try skip(compressedCount)
    }
  }

  private mutating func skip(_ count: UInt64) throws(RDBError) {
    guard count <= UInt64(remaining) else { throw error("\(count) bytes") }
    move(to: offset + Int(count))
  }

  /// Passes over a key, which `body` is given, and its value, as they stand behind the value's kind.
  package mutating func skipEntry(
    _ kind: RDB.ValueKind, _ body: (ByteView) -> Void
  ) throws(RDBError) {
    try readString().withBytes(body)
    switch kind {
    case .string, .hashZipmap, .hashZiplist, .hashListpack, .setIntset, .setListpack, .listZiplist,
      .sortedSetZiplist, .sortedSetListpack, .hashListpackWithExpiriesOld:
      try skipString()
    case .hashListpackWithExpiries:
      try skip(8)
      try skipString()
    case .list, .set, .listQuicklist: try skipEach { (reader) throws(RDBError) in try reader.skipString() }
    case .listQuicklist2:
      try skipEach { (reader) throws(RDBError) in
        _ = try reader.readUnsignedLength()
        try reader.skipString()
      }
    case .hash:
      try skipEach { (reader) throws(RDBError) in
        try reader.skipString()
        try reader.skipString()
      }
    case .hashWithExpiries where version == RDB.valkeyVersion, .hashWithExpiriesOld where version == RDB.valkeyVersion:
      try skipEach { (reader) throws(RDBError) in
        try reader.skipString()
        try reader.skipString()
        try reader.skip(8)
      }
    case .hashWithExpiries:
      try skip(8)
      try skipExpiringFields()
    case .hashWithExpiriesOld: try skipExpiringFields()
    case .sortedSet:
      try skipEach { (reader) throws(RDBError) in
        try reader.skipString()
        let count = try reader.readByte()
        if count < 0xFD { try reader.skip(UInt64(count)) }
      }
    case .sortedSet2:
      try skipEach { (reader) throws(RDBError) in
        try reader.skipString()
        try reader.skip(8)
      }
    case .streamListpacks, .streamListpacks2, .streamListpacks3: try skipStream(kind)
    }
  }

  @inline(__always)
  private mutating func skipEach(
    _ skipOne: (inout RDBReader) throws(RDBError) -> Void
  ) throws(RDBError) {
    for _ in 0..<(try readUnsignedLength()) { try skipOne(&self) }
  }

  private mutating func skipLengths(_ count: Int) throws(RDBError) {
    for _ in 0..<count { _ = try readUnsignedLength() }
  }

  private mutating func skipExpiringFields() throws(RDBError) {
    try skipEach { (reader) throws(RDBError) in
      _ = try reader.readUnsignedLength()
      try reader.skipString()
      try reader.skipString()
    }
  }

  private mutating func skipStream(_ kind: RDB.ValueKind) throws(RDBError) {
    let hasCounters = kind != .streamListpacks
    let timesByteCount: UInt64 = kind == .streamListpacks3 ? 16 : 8
    try skipEach { (reader) throws(RDBError) in
      try reader.skipString()
      try reader.skipString()
    }
    try skipLengths(hasCounters ? 8 : 3)
    try skipEach { (reader) throws(RDBError) in
      try reader.skipString()
      try reader.skipLengths(hasCounters ? 3 : 2)
      try reader.skipEach { (reader) throws(RDBError) in
        try reader.skip(24)
        _ = try reader.readUnsignedLength()
      }
      try reader.skipEach { (reader) throws(RDBError) in
        try reader.skipString()
        try reader.skip(timesByteCount)
        let count = try reader.readUnsignedLength()
        guard count <= UInt64(reader.remaining) / 16 else { throw reader.error("\(count) IDs") }
        try reader.skip(count * 16)
      }
    }
  }
}
