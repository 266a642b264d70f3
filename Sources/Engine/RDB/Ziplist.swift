import RESP

/// Reads ziplists, which files of servers before Redis 7 hold. Nothing writes them any more.
///
/// ```
/// ziplist  byteCount:4 lastOffset:4 count:2 entry... FF      little endian; count 65535: count them
/// entry    previous encoding data
/// previous bytes of the entry before: 1 byte, or FE and 4 bytes
///
/// 00LLLLLL               string of up to 63 bytes
/// 01LLLLLL LLLLLLLL      of up to 16383
/// 10000000 <length:4>    of any length; big endian
/// C0 D0 E0 F0 FE         integer of 16, 32, 64, 24, 8 bits
/// F1...FD                integer 0...12
/// ```
@safe
struct ZiplistReader {
  private static let headerByteCount = 10

  private let bytes: ByteView
  private var offset = headerByteCount
  private var previousByteCount = 0
  private var seen = 0

  /// - Returns: nil for a header or an end that does not fit.
  init?(_ bytes: ByteView) {
    guard bytes.count > Self.headerByteCount, bytes[bytes.count - 1] == 0xFF else { return nil }
    self.bytes = bytes
    guard integer(at: 0, byteCount: 4) == bytes.count else { return nil }
  }

  /// The next entry, nil behind the last; valid as long as the ziplist.
  ///
  /// - Throws: `.malformed`, also at the end when the header said otherwise.
  mutating func next() throws(Malformed) -> StringValue? {
    let start = offset
    guard start < bytes.count - 1 else {
      let stored = integer(at: 8, byteCount: 2)
      let last = integer(at: 4, byteCount: 4)
      guard start == bytes.count - 1, stored == seen || stored == 0xFFFF,
        last == start - previousByteCount
      else { throw .malformed }
      return nil
    }
    var previous = Int(try take(1)[0])
    if previous == 0xFE {
      _ = try take(4)
      previous = integer(at: offset - 4, byteCount: 4)
    }
    guard previous == previousByteCount else { throw .malformed }
    let value = try readValue()
    previousByteCount = offset - start
    seen += 1
    return value
  }

  /// Visits the entries of a ziplist.
  ///
  /// - Parameter visit: gets each entry; false makes the whole invalid.
  /// - Returns: whether all of it is valid; entries before the first that is not have been visited.
  static func forEach(_ bytes: ByteView, _ visit: (StringValue) -> Bool) -> Bool {
    guard var reader = ZiplistReader(bytes) else { return false }
    do throws(Malformed) {
      while let entry = try reader.next() {
        guard visit(entry) else { return false }
      }
    } catch {
      return false
    }
    return true
  }

  enum Malformed: Error { case malformed }

  private mutating func readValue() throws(Malformed) -> StringValue {
    let head = try take(1)[0]
    switch head {
    case 0..<0x40: return .bytes(try take(Int(head)))
    case 0x40..<0x80: return .bytes(try take(Int(head & 0x3F) << 8 | Int(try take(1)[0])))
    case 0x80:
      let length = try take(4)
      return .bytes(try take((0..<4).reduce(0) { $0 << 8 | Int(length[$1]) }))
    case 0xC0: return .integer(try takeInteger(byteCount: 2))
    case 0xD0: return .integer(try takeInteger(byteCount: 4))
    case 0xE0: return .integer(try takeInteger(byteCount: 8))
    case 0xF0: return .integer(try takeInteger(byteCount: 3))
    case 0xFE: return .integer(try takeInteger(byteCount: 1))
    case 0xF1...0xFD: return .integer(Int(head & 0x0F) - 1)
    default: throw .malformed
    }
  }

  /// Entries end before the last byte.
  private mutating func take(_ count: Int) throws(Malformed) -> ByteView {
    guard count <= bytes.count - 1 - offset else { throw .malformed }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  private mutating func takeInteger(byteCount: Int) throws(Malformed) -> Int {
    _ = try take(byteCount)
    let unused = 64 - 8 * byteCount
    return (integer(at: offset - byteCount, byteCount: byteCount) << unused) >> unused
  }

  private func integer(at start: Int, byteCount: Int) -> Int {
    (0..<byteCount).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
  }
}
