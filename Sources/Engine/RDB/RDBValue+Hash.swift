import RESP

/// Hashes.
///
/// ```
/// HASH            count, then fields and values as strings
/// HASH_LISTPACK   the listpack as a string
/// ```
extension HashValue {
  func write(to writer: inout RDBWriter) {
    if block.encoding == .listpack {
      writer.writeByte(RDB.ValueKind.hashListpack.rawValue)
      return writer.writeString(listpack.bytes)
    }
    writer.writeByte(RDB.ValueKind.hash.rawValue)
    writer.writeLength(table.count)
    table.forEach { element in
      writer.writeString(element.name)
      writer.writeString(element.value)
    }
  }
}

extension RDBReader {
  mutating func readHashValue(
    _ kind: RDB.ValueKind, key: ByteView, expiry: Int64?
  ) throws(RDBError) -> DetachedEntry {
    let settings = HashValue.Settings(options, seed: seed)
    let block = EntryBlock.allocate(
      key: key, valueCount: 8, type: .hash, encoding: .listpack, expiry: expiry)
    block.word = Listpack.empty().bits
    let hash = HashValue(block: block)
    do throws(RDBError) {
      if kind == .hashListpack {
        let isValid = try readString().withBytes { hash.adopt($0, settings) }
        guard isValid else { throw error("fields and values, each field once, before here") }
      } else {
        try readFields(into: hash, settings)
      }
      guard hash.count > 0 else { throw error("a hash with fields before here") }
    } catch {
      block.dispose()
      throw error
    }
    return DetachedEntry(block, clock: nil)
  }

  private mutating func readFields(
    into hash: HashValue, _ settings: HashValue.Settings
  ) throws(RDBError) {
    let count = try readLength()
    // A field and its value take two bytes at least.
    guard count <= remaining / 2 else { throw error("\(count) fields") }
    for _ in 0..<count {
      let field = try readString()
      let value = try readString()
      let isNew = field.withBytes { field in
        value.withBytes { hash.set(field, $0, settings) }
      }
      guard isNew else { throw error("a field that was not there yet before here") }
    }
  }
}

extension HashValue {
  fileprivate func adopt(_ bytes: ByteView, _ settings: Settings) -> Bool {
    guard Listpack.isValid(bytes) else { return false }
    let listpack = Listpack(copying: bytes)
    defer { listpack.free() }
    guard listpack.count % 2 == 0 else { return false }
    var position = listpack.first
    while let field = position, let value = listpack.next(field) {
      let isNew = listpack.value(at: field).withBytes { field in
        listpack.value(at: value).withBytes { set(field, $0, settings) }
      }
      if !isNew { return false }
      position = listpack.next(value)
    }
    return true
  }
}
