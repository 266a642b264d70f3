import RESP

/// ```
/// 4    count (field value)...            strings
/// 16   string(listpack: field value ...)
/// 13   string(ziplist: field value ...)
/// 9    string(zipmap)                    up to Redis 2.4
/// 24   earliest:8 count (after field value)...         `after`: the time less the earliest, plus 1; 0: the field stays
/// 25   earliest:8 string(listpack: field value time ...)  `earliest`: 0 if no field expires
/// 22   count (time field value)...                     before the release of Redis 7.4
/// 23   string(listpack: field value time ...)          likewise
/// 22   count (field value time:8)...                   Valkey 9; -1: the field stays
///
/// zipmap  count:1 (length field length free:1 value unused:free)... FF
/// length  1 byte, or FE and 4 bytes
/// ```
extension HashValue {
  func write(to writer: inout RDBWriter) {
    if hasTimes {
      writer.writeKind(.hashListpackWithExpiries)
      writer.writeLittleEndian(UInt64(earliestExpiry ?? 0), byteCount: 8)
      writer.writeString(listpack.bytes)
      return
    }
    if isListpack {
      writer.writeKind(.hashListpack)
      writer.writeString(listpack.bytes)
      return
    }
    if table.expiringCount > 0 { return writeWithExpiries(to: &writer) }
    writer.writeKind(.hash)
    writer.writeLength(count)
    table.forEach { element in
      writer.writeString(element.name)
      writer.writeString(element.value)
    }
  }
}

extension HashValue {
  private func writeWithExpiries(to writer: inout RDBWriter) {
    var earliest = Int64.max
    table.forEach { earliest = Swift.min(earliest, $0.expiry ?? .max) }
    writer.writeKind(.hashWithExpiries)
    writer.writeLittleEndian(UInt64(earliest), byteCount: 8)
    writer.writeLength(count)
    table.forEach { element in
      writer.writeLength(element.expiry.map { Int($0 - earliest) + 1 } ?? 0)
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
    switch kind {
    case .hash: try readFields(builder)
    case .hashWithExpiries, .hashWithExpiriesOld:
      block.setEncoding(.listpackWithExpiries)
      if version == RDB.valkeyVersion {
        try readValkeyFields(builder)
      } else {
        try readExpiringFields(builder, hasEarliest: kind == .hashWithExpiries)
      }
    case .hashListpackWithExpiries, .hashListpackWithExpiriesOld:
      block.setEncoding(.listpackWithExpiries)
      if kind == .hashListpackWithExpiries { _ = try readBytes(8) }
      let bytes = try readString().bytes
      guard ByteView.with(bytes, { builder.add(listpackWithExpiries: $0) }) else {
        throw error("different fields with values and ascending times before here")
      }
    default:
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
    guard builder.hash.count > 0 else { throw emptyValue("a hash with fields before here") }
    return entry
  }

  private mutating func readExpiringFields(
    _ builder: HashBuilder, hasEarliest: Bool
  ) throws(RDBError) {
    let earliest = hasEarliest ? try readLittleEndian(byteCount: 8) : 1
    let count = try readLength()
    guard count <= remaining / 3 else { throw error("\(count) fields") }
    for _ in 0..<count {
      let after = try readUnsignedLength()
      let (time, overflow) = earliest.addingReportingOverflow(after &- 1)
      guard after == 0 || (!overflow && time <= UInt64(HashValue.expiryMax)) else {
        throw error("a time before here")
      }
      try readField(builder, expiry: after == 0 ? nil : Int64(time))
    }
  }

  private mutating func readValkeyFields(_ builder: HashBuilder) throws(RDBError) {
    let count = try readLength()
    guard count <= remaining / 10 else { throw error("\(count) fields") }
    for _ in 0..<count {
      let field = try readString().bytes
      let value = try readString().bytes
      let time = Int64(bitPattern: try readLittleEndian(byteCount: 8))
      guard time >= -1, time <= HashValue.expiryMax else { throw error("a time before here") }
      guard builder.add(field, value, expiry: time == -1 ? nil : time) else {
        throw error("a field that was not there yet")
      }
    }
  }

  private mutating func readField(_ builder: HashBuilder, expiry: Int64?) throws(RDBError) {
    let field = try readString().bytes
    let value = try readString().bytes
    guard builder.add(field, value, expiry: expiry) else {
      throw error("a field that was not there yet")
    }
  }

  private mutating func readFields(_ builder: HashBuilder) throws(RDBError) {
    let count = try readLength()
    // A field with its value takes two bytes at least.
    guard count <= remaining / 2 else { throw error("\(count) fields") }
    for _ in 0..<count { try readField(builder, expiry: nil) }
  }
}

/// Fills a hash with fields that must differ.
private struct HashBuilder {
  let hash: HashValue
  let growth: HashValue.Growth

  /// - Returns: false if the field is there already.
  func add(_ field: ByteView, _ value: ByteView) -> Bool { hash.set(field, value, growth) }

  func add(_ field: [UInt8], _ value: [UInt8], expiry: Int64?) -> Bool {
    ByteView.with(field) { field in
      guard ByteView.with(value, { add(field, $0) }) else { return false }
      if let expiry { hash.setExpiry(expiry, of: field) }
      return true
    }
  }

  /// Fields in the order of their times, those that stay at the end.
  func add(listpackWithExpiries bytes: ByteView) -> Bool {
    var field: [UInt8]?
    var value: [UInt8]?
    var last = Int64.min
    let isValid = Listpack.isValid(bytes) { element in
      guard let name = field else {
        field = element.withBytes { $0.bytes }
        return true
      }
      guard let content = value else {
        value = element.withBytes { $0.bytes }
        return true
      }
      field = nil
      value = nil
      guard case .integer(let time) = element, time >= 0, time <= HashValue.expiryMax else {
        return false
      }
      let order = time == 0 ? Int64.max : Int64(time)
      guard order >= last else { return false }
      last = order
      return ByteView.with(name) { name in
        ByteView.with(content) { content in
          hash.append(name, content, expiry: time == 0 ? nil : Int64(time), growth)
        }
      }
    }
    return isValid && field == nil
  }

  func add(listpack bytes: ByteView) -> Bool {
    var field: [UInt8]?
    let isValid = Listpack.isValid(bytes) { element in add(element, after: &field) }
    return isValid && field == nil
  }

  func add(ziplist bytes: ByteView) -> Bool {
    var field: [UInt8]?
    let isValid = ZiplistReader.forEach(bytes) { element in add(element, after: &field) }
    return isValid && field == nil
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
