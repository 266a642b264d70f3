import RESP

/// ```
/// kind 16   string(listpack: field value ...)
/// kind 4    count:length, then string(field) string(value) each
/// ```
extension HashValue {
  func write(to writer: inout RDBWriter) {
    if isListpack {
      writer.writeByte(RDB.ValueKind.hashListpack.rawValue)
      writer.writeString(listpack.bytes)
      return
    }
    writer.writeByte(RDB.ValueKind.hash.rawValue)
    writer.writeLength(count)
    var position: UInt64? = 0
    while let current = position {
      position = table.visitBucket(from: current) { element in
        writer.writeString(element.name)
        writer.writeString(element.value)
      }
    }
  }
}
