import RESP

/// Sorted sets.
///
/// ```
/// ZSET             count (member score)...      score as text: length:1 <bytes>, FD nan, FE inf, FF -inf
/// ZSET_2           count (member score:8)...    highest first; scores are doubles, little endian
/// ZSET_ZIPLIST     a string: a ziplist of member, score, ... lowest first
/// ZSET_LISTPACK    a string: a listpack of member, score, ... lowest first
/// ```
extension SortedSetValue {
  func write(to writer: inout RDBWriter) {
    if isListpack {
      writer.writeKind(.sortedSetListpack)
      writer.writeString(listpack.bytes)
      return
    }
    writer.writeKind(.sortedSet2)
    writer.writeLength(count)
    guard count > 0 else { return }
    var cursor = index.tree.cursor(at: count - 1)
    repeat {
      writer.writeString(cursor.member)
      writer.writeLittleEndian(cursor.score.bitPattern, byteCount: 8)
    } while cursor.moveBackward()
  }
}

extension RDBReader {
  mutating func readSortedSetValue(
    _ kind: RDB.ValueKind, key: ByteView, expiry: Int64?
  ) throws(RDBError) -> DetachedEntry {
    let members = ElementTable.empty(seed: seed)
    do throws(RDBError) {
      switch kind {
      case .sortedSetListpack, .sortedSetZiplist: try readPacked(kind, into: members)
      default: try readPairs(kind, into: members)
      }
      guard members.count > 0 else { throw emptyValue("a sorted set with members before here") }
    } catch {
      members.free()
      throw error
    }
    let index = SortedSetIndex(sorting: members)
    let (encoding, word) = index.compact(options.sortedSetListpackLimits)
    return DetachedEntry(key: key, type: .sortedSet, encoding: encoding, word: word, expiry: expiry)
  }

  private mutating func readPairs(
    _ kind: RDB.ValueKind, into members: ElementTable
  ) throws(RDBError) {
    for _ in 0..<(try readLength()) {
      let member = try readString()
      let score = try kind == .sortedSet ? readScoreText() : readScore()
      let isNew =
        switch member {
        case .integer(let value): StringValue.integer(value).withBytes { members.add($0, score) }
        case .bytes(let view): members.add(view, score)
        case .decompressed(let bytes): ByteView.with(bytes) { members.add($0, score) }
        }
      guard isNew else { throw error("a member that is new before here") }
    }
  }

  private mutating func readScore() throws(RDBError) -> Double {
    let score = Double(bitPattern: try readLittleEndian(byteCount: 8))
    guard !score.isNaN else { throw error("a score that is a number before here") }
    return score
  }

  private mutating func readScoreText() throws(RDBError) -> Double {
    let count = try readByte()
    switch count {
    case 0xFE: return .infinity
    case 0xFF: return -.infinity
    case 0xFD: throw error("a score that is a number before here")
    default:
      guard let score = DecimalText.double(try readBytes(Int(count))) else {
        throw error("a score before here")
      }
      return score
    }
  }

  private mutating func readPacked(
    _ kind: RDB.ValueKind, into members: ElementTable
  ) throws(RDBError) {
    let isValid = try readString().withBytes { bytes in
      members.addPairs { add in
        kind == .sortedSetZiplist
          ? ZiplistReader.forEach(bytes, add) : Listpack.isValid(bytes, add)
      }
    }
    guard isValid else { throw error("members and ascending scores before here") }
  }
}

extension ElementTable {
  /// Adds a member with its score; false if it is there already.
  fileprivate func add(_ member: ByteView, _ score: Double) -> Bool {
    let hash = hash(member)
    guard find(member, hash) == nil else { return false }
    _ = insert(member, word: score.word, hash)
    return true
  }

  /// Adds members and scores in turn; false if they are not what they should be.
  ///
  /// - Parameter walk: visits them, until it is told to stop, and says whether all was well.
  fileprivate func addPairs(_ walk: ((StringValue) -> Bool) -> Bool) -> Bool {
    var last: (score: Double, member: [UInt8])?
    var member: [UInt8]?
    let isValid = walk { element in
      guard let name = member else {
        member = element.withBytes { $0.bytes }
        return true
      }
      member = nil
      guard let score = element.score else { return false }
      if let last {
        guard last.score < score || last.score == score && last.member.lexicographicallyPrecedes(name)
        else { return false }
      }
      last = (score, name)
      return ByteView.with(name) { add($0, score) }
    }
    return isValid && member == nil
  }
}

extension StringValue {
  /// As a score; nil if it spells no number.
  @inline(__always)
  var score: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .bytes(let text): DecimalText.double(text)
    }
  }
}
