package import Engine
package import RESP

/// One pass over an append-only file: whether its records are whole, and which transactions over several shards it has
/// a part of.
///
/// A file is RESP arrays of bulk strings one after the other, with comment lines between them. Nothing is copied.
package struct AppendOnlyScan: Sendable {
  /// A part of a transaction over several shards.
  package struct Part: Sendable {
    package let line: TransactionLine
    /// From its line to the end of its EXEC.
    package let range: Range<Int>
  }

  package struct Failure: Error, Sendable, Equatable {
    package let offset: Int
    package let expected: String
    /// Up to where all was well.
    package fileprivate(set) var validByteCount = 0
  }

  /// Behind the last record, or transaction, that is whole.
  package private(set) var validByteCount = 0
  /// The file ends in the middle of a record or of a transaction: what a crash leaves.
  package private(set) var isTorn = false
  package private(set) var parts: [Part] = []
  /// The records that concern all shards, whose logs have each of them in the same order.
  package private(set) var sharedRecords: [Range<Int>] = []
  package private(set) var recordCount = 0
  /// Of the last `#TS:` line that is whole: seconds since 1970.
  package private(set) var lastTimestamp: Int?

  /// - Parameter start: where the records begin, behind an RDB preamble.
  /// - Throws: `Failure` for bytes that no crash leaves.
  package init(_ bytes: ByteView, from start: Int = 0) throws(Failure) {
    validByteCount = start
    do throws(Failure) {
      try read(bytes, from: start)
    } catch {
      var failure = error
      failure.validByteCount = validByteCount
      throw failure
    }
  }

  private mutating func read(_ bytes: ByteView, from start: Int) throws(Failure) {
    var reader = AppendOnlyReader(bytes, at: start)
    var filler: Filler?
    var pending: TransactionLine?
    var unitStart = start
    var isInMulti = false
    while true {
      let offset = reader.offset
      switch try next(&reader, filler, bytes) {
      case .end:
        isTorn = isInMulti || pending != nil || filler.map { $0.tail(bytes, downTo: offset) > offset } ?? false
        return
      case .torn:
        isTorn = true
        return
      case .comment(let line):
        if isInMulti { continue }
        // Most others are what a write ends with.
        guard line.count > 2, line[1] != 0x20 else {
          if pending == nil { validByteCount = reader.offset }
          continue
        }
        if let announced = Filler(announcedBy: line) {
          filler = announced
          reader.limit(to: announced.firstSector(bytes, from: reader.offset))
        }
        let text = String(decoding: line.bytes, as: UTF8.self)
        if let transaction = TransactionLine(text) {
          pending = transaction
          unitStart = offset
          continue
        }
        if text.hasPrefix("#TS:"), let seconds = Int(text.dropFirst(4)) { lastTimestamp = seconds }
        validByteCount = reader.offset
      case .record(let words):
        recordCount += 1
        if words.isShared { sharedRecords.append(offset..<reader.offset) }
        if words.count == 1, words.first.matches("multi") {
          if isInMulti { throw Failure(offset: offset, expected: "no MULTI inside of MULTI") }
          isInMulti = true
          if pending == nil { unitStart = offset }
        } else if words.count == 1, words.first.matches("exec"), isInMulti {
          isInMulti = false
          if let line = pending { parts.append(Part(line: line, range: unitStart..<reader.offset)) }
          pending = nil
          validByteCount = reader.offset
        } else if !isInMulti {
          if pending != nil { throw Failure(offset: offset, expected: "MULTI after the line of a transaction") }
          validByteCount = reader.offset
        }
      }
    }
  }
}

extension AppendOnlyScan {
  /// The next item; the end where the room ahead begins.
  private func next(_ reader: inout AppendOnlyReader, _ filler: Filler?, _ bytes: ByteView) throws(Failure) -> AppendOnlyReader.Item {
    guard let filler else { return try reader.next() }
    let rest = bytes.count - reader.offset
    if filler.isLine(bytes, at: reader.offset)
      || rest < Filler.lineByteCount && filler.tail(bytes, downTo: reader.offset) <= reader.offset
    {
      return .end
    }
    do throws(Failure) {
      return try reader.next()
    } catch {
      // A write that was cut in the middle of a line.
      if error.offset + 2 * Filler.lineByteCount >= filler.tail(bytes, downTo: reader.offset) { return .torn }
      throw error
    }
  }
}

/// Reads an append-only file record by record.
package struct AppendOnlyReader {
  package struct Record {
    package let count: Int
    /// The command's name.
    package let first: ByteView

    var isShared: Bool {
      first.matches("flushall") || first.matches("flushdb") || first.matches("swapdb")
    }
  }

  package enum Item {
    case record(Record)
    /// Without the end of the line.
    case comment(ByteView)
    case end
    /// The file ends in the middle of something.
    case torn
  }

  private var bytes: ByteView
  package private(set) var offset: Int

  package init(_ bytes: ByteView, at offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  private static let wordsMax = 1 << 30
  private static let lineBytesMax = 1024

  /// Reads no further than to `end`.
  mutating func limit(to end: Int) { bytes = bytes[0..<end] }

  /// The next item; `offset` moves behind it unless it is torn.
  ///
  /// - Throws: for what is neither a record nor a comment.
  package mutating func next() throws(AppendOnlyScan.Failure) -> Item {
    guard offset < bytes.count else { return .end }
    var position = offset
    if bytes[position] == 0x23 {
      guard let line = line(&position) else {
        if bytes.count - offset > Self.lineBytesMax {
          throw AppendOnlyScan.Failure(offset: offset, expected: "the end of a comment line")
        }
        return .torn
      }
      offset = position
      return .comment(line)
    }
    guard let count = try number(after: 0x2A, &position) else { return .torn }
    guard count > 0 else {
      throw AppendOnlyScan.Failure(offset: offset, expected: "a record of at least one word")
    }
    var first = ByteView.empty
    for index in 0..<count {
      guard let length = try number(after: 0x24, &position) else { return .torn }
      guard bytes.count - position >= length + 2 else { return .torn }
      if index == 0 { first = bytes[position..<position + length] }
      position += length
      guard bytes[position] == 0x0D, bytes[position + 1] == 0x0A else {
        throw AppendOnlyScan.Failure(offset: position, expected: "the end of a word of \(length) bytes")
      }
      position += 2
    }
    offset = position
    return .record(Record(count: count, first: first))
  }

  /// The line at `position`, which moves behind it; nil if it has no end.
  private func line(_ position: inout Int) -> ByteView? {
    let start = position
    let limit = min(bytes.count, start + Self.lineBytesMax)
    var index = start
    while index < limit, bytes[index] != 0x0A { index += 1 }
    guard index < limit else { return nil }
    position = index + 1
    return bytes[start..<(index > start && bytes[index - 1] == 0x0D ? index - 1 : index)]
  }

  /// The number of a line `<mark><digits>\r\n`; nil if the file ends in it.
  private func number(after mark: UInt8, _ position: inout Int) throws(AppendOnlyScan.Failure) -> Int? {
    let start = position
    guard start < bytes.count else { return nil }
    let failure = AppendOnlyScan.Failure(
      offset: start, expected: mark == 0x2A ? "a record's count of words" : "a word's length")
    guard bytes[start] == mark else { throw failure }
    var index = start + 1
    var value = 0
    while index < bytes.count, bytes[index] != 0x0D {
      guard 0x30...0x39 ~= bytes[index], index - start < 12 else { throw failure }
      value = value * 10 + Int(bytes[index] - 0x30)
      index += 1
    }
    guard index + 1 < bytes.count else { return nil }
    guard bytes[index + 1] == 0x0A, index > start + 1, value <= Self.wordsMax else { throw failure }
    position = index + 2
    return value
  }
}
