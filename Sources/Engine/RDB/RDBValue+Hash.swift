import RESP

/// ```
/// 4    count (field value)...            strings
/// 16   string(listpack: field value ...)
/// 13   string(ziplist: field value ...)
/// 9    string(zipmap)                    up to Redis 2.4
///
/// zipmap  count:1 (length field length free:1 value unused:free)... FF
/// length  1 byte, or FE and 4 bytes
/// ```
extension HashValue {
  func write(to writer: inout RDBWriter) {
    if isListpack {
      writer.writeKind(.hashListpack)
      writer.writeString(listpack.bytes)
      return
    }
    writer.writeKind(.hash)
    writer.writeLength(count)
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
    let block = EntryBlock.allocate(
      key: key, valueCount: 8, type: .hash, encoding: .listpack, expiry: expiry)
    block.word = Listpack.empty().bits
    let entry = DetachedEntry(block, clock: nil)
    let builder = HashBuilder(
      hash: HashValue(block: block),
      growth: HashValue.Growth(limits: options.hashListpackLimits, seed: seed))
    if kind == .hash {
      try readFields(builder)
    } else {
      let bytes = try readString().bytes
      let isValid = ByteView.with(bytes) { bytes in
        switch kind {
        case .hashListpack: builder.add(listpack: bytes)
        case .hashZiplist: builder.add(ziplist: bytes)
        default: builder.add(zipmap: bytes)
        }
      }
      guard isValid else { throw error("different fields with their values before here") }
    }
    guard builder.hash.count > 0 else { throw error("a hash with fields before here") }
    return entry
  }

  private mutating func readFields(_ builder: HashBuilder) throws(RDBError) {
    let count = try readLength()
    // A field with its value takes two bytes at least.
    guard count <= remaining / 2 else { throw error("\(count) fields") }
    for _ in 0..<count {
      let field = try readString().bytes
      let value = try readString().bytes
      guard builder.add(field, value) else { throw error("a field that was not there yet") }
    }
  }
}

/// Fills a hash with fields that must differ.
private struct HashBuilder {
  let hash: HashValue
  let growth: HashValue.Growth

  /// - Returns: false if the field is there already.
  func add(_ field: ByteView, _ value: ByteView) -> Bool { hash.set(field, value, growth) }

  func add(_ field: [UInt8], _ value: [UInt8]) -> Bool {
    ByteView.with(field) { field in ByteView.with(value) { add(field, $0) } }
  }

  func add(listpack bytes: ByteView) -> Bool {
    var field: [UInt8]?
    let isValid = Listpack.isValid(bytes) { element in add(element, after: &field) }
    return isValid && field == nil
  }

  func add(ziplist bytes: ByteView) -> Bool {
    guard var ziplist = ZiplistReader(bytes) else { return false }
    var field: [UInt8]?
    do throws(ZiplistReader.Malformed) {
      while let element = try ziplist.next() {
        guard add(element, after: &field) else { return false }
      }
    } catch {
      return false
    }
    return field == nil
  }

  /// Takes fields and values in turn.
  private func add(_ element: StringValue, after field: inout [UInt8]?) -> Bool {
    guard let name = field else {
      field = element.withBytes { $0.bytes }
      return true
    }
    field = nil
    return ByteView.with(name) { name in element.withBytes { add(name, $0) } }
  }

  func add(zipmap bytes: ByteView) -> Bool {
    guard bytes.count >= 2, bytes[bytes.count - 1] == 0xFF else { return false }
    let end = bytes.count - 1
    var offset = 1
    var count = 0
    func takeLength() -> Int? {
      guard offset < end else { return nil }
      let first = bytes[offset]
      offset += 1
      if first < 0xFE { return Int(first) }
      guard first == 0xFE, end - offset >= 4 else { return nil }
      defer { offset += 4 }
      return (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    func take(_ length: Int) -> ByteView? {
      guard length <= end - offset else { return nil }
      defer { offset += length }
      return bytes[offset..<offset + length]
    }
    while offset < end {
      guard let fieldCount = takeLength(), let field = take(fieldCount),
        let valueCount = takeLength(), let free = take(1)?[0],
        let value = take(valueCount), take(Int(free)) != nil, add(field, value)
      else { return false }
      count += 1
    }
    return bytes[0] >= 0xFE || Int(bytes[0]) == count
  }
}

extension RDBReader.StringForm {
  /// A copy of the bytes.
  fileprivate var bytes: [UInt8] {
    switch self {
    case .integer(let integer): Array(String(integer).utf8)
    case .bytes(let view): view.bytes
    case .decompressed(let bytes): bytes
    }
  }
}
