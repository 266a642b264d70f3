import RESP

/// Lists.
///
/// ```
/// LIST               count, then the elements as strings
/// LIST_ZIPLIST       the ziplist as a string
/// LIST_QUICKLIST     count, then ziplists as strings
/// LIST_QUICKLIST_2   nodes: form (1 plain, 2 packed), then the element or the listpack, as a string
/// ```
extension ListValue {
  func write(to writer: inout RDBWriter) {
    writer.writeKind(.listQuicklist2)
    if block.encoding == .listpack {
      writer.writeLength(1)
      writer.writeLength(Quicklist.packedNode)
      writer.writeString(listpack.bytes)
      return
    }
    let list = Quicklist(bits: block.word)
    writer.writeLength(list.nodeCount)
    for index in 0..<list.nodeCount { list.write(list[index], to: &writer) }
  }
}

extension Quicklist {
  static let plainNode = 1
  static let packedNode = 2

  func write(_ node: Node, to writer: inout RDBWriter) {
    writer.writeLength(node.form == .plain ? Self.plainNode : Self.packedNode)
    switch node.form {
    case .plain: writer.writeString(node.plain.view)
    case .packed: writer.writeString(node.listpack.bytes)
    case .compressed:
      let expanded = node.compressed.expanded()
      writer.writeString(expanded.bytes)
      expanded.free()
    }
  }
}

extension RDBReader {
  mutating func readListValue(
    _ kind: RDB.ValueKind, key: ByteView, expiry: Int64?
  ) throws(RDBError) -> DetachedEntry {
    let settings = ListValue.Settings(options)
    let list = Quicklist.empty(compressDepth: settings.compressDepth)
    do throws(RDBError) {
      try readElements(kind, into: list, settings)
      guard list.count > 0 else { throw emptyValue("a list with elements before here") }
    } catch {
      list.free()
      throw error
    }
    let (encoding, word) = ListValue.compact(list, settings)
    return DetachedEntry(key: key, type: .list, encoding: encoding, word: word, expiry: expiry)
  }

  private mutating func readElements(
    _ kind: RDB.ValueKind, into list: Quicklist, _ settings: ListValue.Settings
  ) throws(RDBError) {
    let count = kind == .listZiplist ? 1 : try readLength()
    for _ in 0..<count {
      switch kind {
      case .listZiplist, .listQuicklist:
        let node = try readString()
        let isValid = node.withBytes { list.append(ziplist: $0, settings.limits) }
        guard isValid else { throw error("a ziplist before here") }
      case .listQuicklist2:
        let form = try readLength()
        guard form == 1 || form == 2 else { throw error("a node's form, 1 or 2, before here") }
        let node = try readString()
        if form == 1 {
          let isEmpty = node.withBytes { bytes in
            if bytes.count > 0 { list.appendPlainNode(bytes) }
            return bytes.count == 0
          }
          guard !isEmpty else { throw error("an element that is long before here") }
        } else {
          let isValid = node.withBytes { bytes in
            guard Listpack.isValid(bytes) else { return false }
            list.appendNode(Listpack(copying: bytes))
            return true
          }
          guard isValid else { throw error("a listpack before here") }
        }
      default:
        let element = try readString()
        element.withBytes { list.append($0, settings.limits) }
      }
    }
  }
}

extension Quicklist {
  /// Appends the elements of a ziplist; false if it is none.
  fileprivate func append(ziplist bytes: ByteView, _ limits: Limits) -> Bool {
    ZiplistReader.forEach(bytes) { element in
      element.withBytes { append($0, limits) }
      return true
    }
  }
}

extension RDBReader.StringForm {
  /// Runs `body` with the string's bytes, valid only inside.
  func withBytes<Result>(_ body: (ByteView) -> Result) -> Result {
    switch self {
    case .integer(let value): StringValue.integer(value).withBytes(body)
    case .bytes(let view): body(view)
    case .decompressed(let bytes): ByteView.with(bytes, body)
    }
  }
}
