import RESP

/// Sets.
///
/// ```
/// SET            count, then the members as strings
/// SET_INTSET     the intset as a string
/// SET_LISTPACK   the listpack as a string (Redis 7.2; for readers before it, a SET)
/// ```
extension SetValue {
  func write(to writer: inout RDBWriter) {
    switch block.encoding {
    case .intset:
      writer.writeKind(.setIntset)
      writer.writeString(intset.bytes)
    case .listpack where writer.versionMax < 11:
      writer.writeKind(.set)
      writer.writeLength(count)
      forEach { member in member.withBytes { writer.writeString($0) } }
    case .listpack:
      writer.writeKind(.setListpack)
      writer.writeString(listpack.bytes)
    default:
      writer.writeKind(.set)
      writer.writeLength(table.count)
      table.forEach { writer.writeString($0.name) }
    }
  }
}

extension RDBReader {
  mutating func readSetValue(
    _ kind: RDB.ValueKind, key: ByteView, expiry: Int64?
  ) throws(RDBError) -> DetachedEntry {
    let settings = SetValue.Settings(options, seed: seed)
    let block = EntryBlock.allocate(
      key: key, valueCount: 8, type: .set, encoding: .intset, expiry: expiry)
    block.word = IntSet.empty().bits
    let set = SetValue(block: block)
    do throws(RDBError) {
      try readMembers(kind, into: set, settings)
      guard set.count > 0 else { throw emptyValue("a set with members before here") }
    } catch {
      block.dispose()
      throw error
    }
    return DetachedEntry(block, clock: nil)
  }

  private mutating func readMembers(
    _ kind: RDB.ValueKind, into set: SetValue, _ settings: SetValue.Settings
  ) throws(RDBError) {
    guard kind == .set else {
      let bytes = try readString()
      let isValid = bytes.withBytes { view in
        kind == .setIntset
          ? set.adopt(intset: view, settings) : set.adopt(listpack: view, settings)
      }
      guard isValid else { throw error("the members of a set, each once, before here") }
      return
    }
    let count = try readLength()
    // As many as there are bytes at most: each takes one.
    guard count <= remaining else { throw error("\(count) members") }
    for _ in 0..<count {
      let member = try readString()
      let isNew = member.withBytes { set.insert($0, settings) }
      guard isNew else { throw error("a member that was not there yet before here") }
    }
  }
}

extension SetValue {
  fileprivate func adopt(intset bytes: ByteView, _ settings: Settings) -> Bool {
    guard IntSet.isValid(bytes) else { return false }
    intset.free()
    intset = IntSet(copying: bytes)
    if intset.count > settings.intsetEntriesMax { becomeTable(settings) }
    return true
  }

  fileprivate func adopt(listpack bytes: ByteView, _ settings: Settings) -> Bool {
    var members = Set<[UInt8]>()
    let isValid = Listpack.isValid(bytes) { member in
      members.insert(member.withBytes { $0.bytes }).inserted
    }
    guard isValid else { return false }
    intset.free()
    convert(to: .listpack, word: Listpack(copying: bytes).bits)
    if members.count > settings.listpack.entriesMax { becomeTable(settings) }
    return true
  }
}
