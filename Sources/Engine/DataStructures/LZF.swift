package import RESP

/// The LZF format, in which RDB files hold compressed strings.
///
/// ```
/// 000LLLLL <L+1 bytes>          literals, 1 to 32
/// LLLooooo oooooooo             copy L+2 bytes (L 1...6) from o+1 bytes back
/// 111ooooo LLLLLLLL oooooooo    copy L+9 bytes from o+1 bytes back
/// ```
///
/// - SeeAlso: <http://oldhome.schmorp.de/marc/liblzf.html>
package enum LZF {
  static let literalsMax = 32
  static let offsetMax = 1 << 13
  static let copyMax = (1 << 8) + (1 << 3)

  /// The `count` bytes that `source` stands for, nil if it is malformed or stands for another
  /// number of bytes.
  ///
  /// - Complexity: O(`count`). Allocates the result only; a wrong `count` costs at most what the
  ///   source can stand for.
  package static func decompress(_ source: ByteView, count: Int) -> [UInt8]? {
    // Three bytes make at most `copyMax`: nobody gets to claim more.
    guard count >= 0, count <= source.count * copyMax else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(count)
    var index = 0
    while index < source.count {
      let control = Int(source[index])
      index += 1
      if control < literalsMax {
        let literals = control + 1
        guard index + literals <= source.count, result.count + literals <= count else { return nil }
        for _ in 0..<literals {
          result.append(source[index])
          index += 1
        }
        continue
      }
      var length = control >> 5 + 2
      if length == 9 {
        guard index < source.count else { return nil }
        length += Int(source[index])
        index += 1
      }
      guard index < source.count else { return nil }
      let offset = (control & 0x1F) << 8 + Int(source[index]) + 1
      index += 1
      guard offset <= result.count, result.count + length <= count else { return nil }
      // Byte by byte: a copy may overlap what it writes, which is how runs are spelt.
      var from = result.count - offset
      for _ in 0..<length {
        result.append(result[from])
        from += 1
      }
    }
    return result.count == count ? result : nil
  }
}

/// Compresses to LZF, byte for byte as Redis does, so that DUMP payloads compare equal.
///
/// Greedy: the last place where the next three bytes stood is looked up in a table of 65536 places,
/// by hash. The table (256 KB) is allocated at first use and not cleared between strings: what it
/// holds from earlier ones lies below `start` and is ignored.
package struct LZFCompressor {
  private let tableBits: UInt32

  private var table: [UInt32] = []
  /// What the current string's position 0 is called in the table. Position 0 itself is never copied
  /// from, so 0 can mean "none" in a fresh table.
  private var start: UInt32 = 0
  /// Of the current string.
  private var lastCount: UInt32 = 0

  /// - Parameter tableBits: 16 gives the bytes of Redis; fewer a smaller table, for what only this server reads.
  package init(tableBits: UInt32 = 16) { self.tableBits = tableBits }

  /// `source` compressed, nil if that takes more than `limit` bytes.
  ///
  /// - Complexity: O(*n*). Allocates the result.
  package mutating func compress(_ source: ByteView, limit: Int) -> [UInt8]? {
    guard var run = begin(source, limit: limit), advance(&run, source, count: source.count) else { return nil }
    return run.takeBytes()
  }

  /// A string that is being compressed, as far as it has come. One at a time.
  struct Run {
    fileprivate var index = 0
    fileprivate var output: Output
    fileprivate(set) var isFinished = false

    fileprivate init(limit: Int) { output = Output(limit: limit) }

    /// Takes the compressed bytes that will not change any more.
    mutating func takeBytes() -> [UInt8] { output.take(isFinished: isFinished) }
  }

  /// Begins to compress; nil if that can't be done.
  mutating func begin(_ source: ByteView, limit: Int) -> Run? {
    guard source.count > 0, limit > 0, source.count < Int(UInt32.max / 2) else { return nil }
    if table.isEmpty || start + lastCount > UInt32.max / 2 {
      table = [UInt32](repeating: 0, count: 1 << Int(tableBits))
      start = 0
      lastCount = 0
    }
    start += lastCount
    lastCount = UInt32(source.count)
    return Run(limit: limit)
  }

  /// Compresses about `count` bytes of the source more.
  ///
  /// - Returns: false if it takes more than the limit.
  mutating func advance(_ run: inout Run, _ source: ByteView, count: Int) -> Bool {
    let lookupEnd = source.count - 2
    let end = Swift.min(lookupEnd, run.index + count)
    var index = run.index
    while index < end {
      let slot = self.slot(source, index)
      let candidate = table[slot]
      table[slot] = start + UInt32(index)
      guard let from = match(candidate, source, at: index) else {
        guard run.output.appendLiteral(source[index]) else { return false }
        index += 1
        continue
      }
      let length = Self.matchLength(source, from, index)
      guard run.output.appendCopy(offset: index - from - 1, length: length) else { return false }
      index += length
      if index >= lookupEnd { break }
      // Of the copied bytes only the last two places are remembered.
      for place in index - 2..<index {
        table[self.slot(source, place)] = start + UInt32(place)
      }
    }
    run.index = index
    guard index >= lookupEnd else { return true }
    run.isFinished = true
    return run.output.finish(with: source[index..<source.count])
  }

  /// The position in `source` that `candidate` names, if the three bytes there are those at
  /// `index`.
  @inline(__always)
  private func match(_ candidate: UInt32, _ source: ByteView, at index: Int) -> Int? {
    guard candidate > start else { return nil }
    let from = Int(candidate - start)
    guard from < index, index - from - 1 < LZF.offsetMax else { return nil }
    guard source[from] == source[index], source[from + 1] == source[index + 1],
      source[from + 2] == source[index + 2]
    else { return nil }
    return from
  }

  /// How many bytes from `from` and from `index` on are equal, as far as the format and Redis go.
  private static func matchLength(_ source: ByteView, _ from: Int, _ index: Int) -> Int {
    let limit = Swift.min(source.count - index - 2, LZF.copyMax)
    var length = 2
    // With more than 16 left, the first 16 comparisons do not mind the limit.
    if limit > 16 {
      for _ in 0..<16 {
        length += 1
        if source[from + length] != source[index + length] { return length }
      }
    }
    repeat { length += 1 } while length < limit && source[from + length] == source[index + length]
    return length
  }

  @inline(__always)
  private func slot(_ source: ByteView, _ index: Int) -> Int {
    let three =
      UInt32(source[index]) << 16 | UInt32(source[index + 1]) << 8 | UInt32(source[index + 2])
    return Int((three >> (24 - tableBits) &- three &* 5) & (1 << tableBits - 1))
  }

  /// The compressed bytes, and the run of literals being written.
  fileprivate struct Output {
    /// Of `bytes`.
    private var limit: Int
    /// `bytes[runStart]` is where the current run's length goes.
    private var bytes: [UInt8] = [0]
    private var runStart = 0

    init(limit: Int) {
      self.limit = limit
      bytes.reserveCapacity(Swift.min(limit, 1 << 16) + LZF.literalsMax)
    }

    private var literals: Int { bytes.count - runStart - 1 }

    mutating func appendLiteral(_ byte: UInt8) -> Bool {
      guard bytes.count < limit else { return false }
      append(byte)
      return true
    }

    private mutating func append(_ byte: UInt8) {
      bytes.append(byte)
      if literals == LZF.literalsMax {
        bytes[runStart] = UInt8(LZF.literalsMax - 1)
        startRun()
      }
    }

    private mutating func startRun() {
      runStart = bytes.count
      bytes.append(0)
    }

    private mutating func endRun() {
      if literals == 0 { bytes.removeLast() } else { bytes[runStart] = UInt8(literals - 1) }
    }

    mutating func appendCopy(offset: Int, length: Int) -> Bool {
      guard bytes.count - (literals == 0 ? 1 : 0) + 4 < limit else { return false }
      endRun()
      let extra = length - 2
      if extra < 7 {
        bytes.append(UInt8(offset >> 8 + extra << 5))
      } else {
        bytes.append(UInt8(offset >> 8 + 7 << 5))
        bytes.append(UInt8(extra - 7))
      }
      bytes.append(UInt8(truncatingIfNeeded: offset))
      startRun()
      return true
    }

    /// Appends what is left, at most a few bytes.
    mutating func finish(with rest: ByteView) -> Bool {
      guard bytes.count + 3 <= limit else { return false }
      for index in 0..<rest.count { append(rest[index]) }
      endRun()
      return true
    }

    /// Takes out what is before the run being written, all if there is none.
    mutating func take(isFinished: Bool) -> [UInt8] {
      if isFinished {
        defer { bytes = [] }
        return bytes
      }
      let taken = Array(bytes[..<runStart])
      bytes.removeFirst(runStart)
      limit -= runStart
      runStart = 0
      return taken
    }
  }
}
