import RESP

/// What stands in an append-only file where records are still to come.
///
/// A file that grows with every synced write has its length and its blocks written each time, beside the records. So room is
/// made ahead: with lines that every reader takes for comments, which later writes replace. These then cost the disk one write
/// and one flush.
///
/// ```
/// #FILLER:<32 digits>                    once a file, before the first such line
/// #<32 digits><padding>\n                lines of 64 bytes at multiples of 64
/// ```
///
/// Writes into this room end at a multiple of 64 (with a comment, if need be), so what follows them is always a whole line
/// of it, and the end of the log. The digits are drawn for each file, so no record has such lines in it. After a crash that
/// left out some sectors of writes that were not synced, a sector that has nothing but such lines is one of them: records
/// count only up to there.
struct Filler: Sendable, Equatable {
  static let lineByteCount = 64
  /// What disks write wholly or not at all.
  static let sectorByteCount = 512
  private static let digitCount = 32
  private static let announcement = Array("#FILLER:".utf8)

  let line: [UInt8]

  init(_ high: UInt64, _ low: UInt64) {
    self.init(digits: [high, low].flatMap { number in
      (0..<16).map { Array("0123456789abcdef".utf8)[Int(number >> UInt64(60 - 4 * $0) & 15)] }
    })
  }

  private init(digits: [UInt8]) {
    let padding = [UInt8](repeating: 0x20, count: Self.lineByteCount - digits.count - 2)
    line = [0x23] + digits + padding + [0x0A]
  }

  /// Reads the line that announces it, without its end; nil if it is another comment.
  init?(announcedBy text: ByteView) {
    guard text.count == Self.announcement.count + Self.digitCount,
      text[0..<Self.announcement.count] == Self.announcement
    else { return nil }
    self.init(digits: text[Self.announcement.count..<text.count].bytes)
  }

  /// The line that announces it.
  var announcementLine: [UInt8] {
    Self.announcement + line[1...Self.digitCount] + [0x0A]
  }

  /// A comment from `offset` of a file to the next multiple of a line's length, or to the one after that if nothing fits before.
  static func padding(at offset: Int) -> [UInt8] {
    var count = (lineByteCount - offset % lineByteCount) % lineByteCount
    if count == 0 { return [] }
    if count == 1 { count += lineByteCount }
    return [0x23] + [UInt8](repeating: 0x20, count: count - 2) + [0x0A]
  }

  /// Whether there is a whole line of it at `offset`.
  func isLine(_ bytes: ByteView, at offset: Int) -> Bool {
    offset % Self.lineByteCount == 0 && bytes.count - offset >= Self.lineByteCount
      && bytes[offset..<offset + Self.lineByteCount] == line
  }

  /// Where the first sector from `start` on begins that has nothing else in it, or the end.
  func firstSector(_ bytes: ByteView, from start: Int) -> Int {
    var offset = (start + Self.sectorByteCount - 1) / Self.sectorByteCount * Self.sectorByteCount
    while offset + Self.sectorByteCount <= bytes.count {
      if stride(from: offset, to: offset + Self.sectorByteCount, by: Self.lineByteCount)
        .allSatisfy({ isLine(bytes, at: $0) })
      {
        return offset
      }
      offset += Self.sectorByteCount
    }
    return bytes.count
  }

  /// From where on there is nothing else up to the end.
  func tail(_ bytes: ByteView, downTo start: Int) -> Int {
    // The last line may be cut.
    var offset = bytes.count / Self.lineByteCount * Self.lineByteCount
    guard bytes[offset..<bytes.count] == Array(line.prefix(bytes.count - offset)) else { return bytes.count }
    while offset - Self.lineByteCount >= start, isLine(bytes, at: offset - Self.lineByteCount) {
      offset -= Self.lineByteCount
    }
    return offset
  }
}
