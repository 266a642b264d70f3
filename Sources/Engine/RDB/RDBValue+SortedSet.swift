import RESP

/// Sorted sets:
///
/// ```
/// 5   length (member score:8)...        binary scores, the highest first
/// 3   length (member score)...          scores as text; a length byte of 253, 254, 255 is nan, inf, -inf
/// 17  listpack of members and scores, in order
/// 12  the same as a ziplist
/// ```
extension SortedSetValue {
  func write(to writer: inout RDBWriter) {
    if isListpack {
      writer.writeByte(RDB.ValueKind.sortedSetListpack.rawValue)
      return writer.writeString(listpack.bytes)
    }
    writer.writeByte(RDB.ValueKind.sortedSet.rawValue)
    let count = self.count
    writer.writeLength(count)
    forEach(in: 0..<count, backward: true) { member, score in
      writer.writeString(member)
      writer.writeLittleEndian(score.bitPattern, byteCount: 8)
    }
  }
}

extension RDBReader {
  mutating func readSortedSet(
    _ kind: RDB.ValueKind, key: ByteView, expiry: Int64?
  ) throws(RDBError) -> DetachedEntry {
    switch kind {
    case .sortedSetListpack: return try readListpackSortedSet(key: key, expiry: expiry)
    case .sortedSetZiplist: throw error("a layout other than a ziplist")
    default: break
    }
    let count = try readLength()
    // A member takes two bytes at least.
    guard count > 0, count <= remaining / 2 else { throw error("members for \(count)") }
    let index = SortedSetIndex.empty(seed: seed)
    do throws(RDBError) {
      for _ in 0..<count {
        let member = try readString().bytes
        let score =
          kind == .sortedSet
          ? Double(bitPattern: try readLittleEndian(byteCount: 8)) : try readDecimalScore()
        if score.isNaN { throw error("a score that is a number before here") }
        let isNew = ByteView.with(member) { member in
          index.update(member) { $0 == nil ? score : nil } == .added
        }
        if !isNew { throw error("a member that was not there yet, before here") }
      }
    } catch {
      index.free()
      throw error
    }
    return DetachedEntry(
      key: key, type: .sortedSet, encoding: .structure, word: index.bits, expiry: expiry)
  }

  private mutating func readDecimalScore() throws(RDBError) -> Double {
    switch try readByte() {
    case 253: return .nan
    case 254: return .infinity
    case 255: return -.infinity
    case let count:
      guard let score = DecimalText.double(try readBytes(Int(count))) else {
        throw error("a score in decimal before here")
      }
      return score
    }
  }

  private mutating func readListpackSortedSet(
    key: ByteView, expiry: Int64?
  ) throws(RDBError) -> DetachedEntry {
    let bytes = try readString().bytes
    let isValid = ByteView.with(bytes) { SortedSetListpackCheck.isValid($0) }
    guard isValid else { throw error("a listpack of members and scores in order before here") }
    let listpack = ByteView.with(bytes) { Listpack(copying: $0) }
    return DetachedEntry(
      key: key, type: .sortedSet, encoding: .listpack, word: listpack.bits, expiry: expiry)
  }
}

/// Whether a listpack holds different members, each with its score, in order.
private enum SortedSetListpackCheck {
  static func isValid(_ bytes: ByteView) -> Bool {
    var member: [UInt8]?
    var last: (score: Double, member: [UInt8])?
    var seen = Set<[UInt8]>()
    let isValid = Listpack.isValid(bytes) { element in
      guard let current = member else {
        member = element.withBytes { $0.bytes }
        return true
      }
      member = nil
      let parsed: Double? =
        switch element {
        case .integer(let integer): Double(integer)
        case .bytes(let text): DecimalText.double(text)
        }
      guard let score = parsed, seen.insert(current).inserted else { return false }
      if let last {
        guard last.score <= score else { return false }
        if last.score == score, !last.member.lexicographicallyPrecedes(current) { return false }
      }
      last = (score, current)
      return true
    }
    return isValid && member == nil && last != nil
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
