/// Finds the commands in a client's byte stream, in place.
///
/// ```
/// *<argument count>\r\n  $<byte count>\r\n<bytes>\r\n  ...      multibulk
/// word word "quoted word"\r\n                                   inline
/// ```
///
/// `next` is handed the bytes from the start of a command and appends the command's words, as views of
/// those same bytes, to an argument table. When the command's end is not there yet it remembers how
/// far it came, so that a command of many reads is parsed once, not once a read; the caller keeps the
/// bytes and calls again with the same bytes and more (they may have moved).
///
/// - SeeAlso: <https://redis.io/docs/latest/develop/reference/protocol-spec/>
@usableFromInline
package struct RequestParser {
  /// What a client may send before it is cut off. Changing a limit affects later commands.
  @usableFromInline
  package struct Limits: Sendable {
    /// `proto-max-bulk-len`.
    @usableFromInline package var bulkBytesMax: Int
    /// The longest line: an inline command, or a length.
    @usableFromInline package var lineBytesMax: Int
    /// Arguments in one command.
    @usableFromInline package var argumentsMax: Int

    package init(
      bulkBytesMax: Int = 512 << 20, lineBytesMax: Int = 64 << 10, argumentsMax: Int = 1 << 31 - 1
    ) {
      self.bulkBytesMax = bulkBytesMax
      self.lineBytesMax = lineBytesMax
      self.argumentsMax = argumentsMax
    }

    /// What a client that has not authenticated may send.
    package static let unauthenticated = Limits(bulkBytesMax: 16384, argumentsMax: 10)
  }

  @usableFromInline
  package enum Outcome: Equatable {
    /// A command whose words were appended to the table, and which ends after `consumed` bytes.
    /// An empty line or an empty multibulk has no words and is skipped by the caller.
    case command(consumed: Int)
    /// The command's end is not there. At least `missing` more bytes are needed.
    case incomplete(missing: Int)
    /// The stream can't be followed any further. The text is what Redis replies, without `-ERR `.
    case failure(ProtocolError)
  }

  /// Where the search left off inside an unfinished command.
  private struct Progress {
    var argumentsLeft: Int
    var offset: Int
    var ranges: [Range<Int>]
    /// The length of the argument whose bytes are awaited, -1 before its `$` line.
    var bulkCount: Int
  }

  private var progress: Progress?

  package init() {}

  /// Whether a command was begun and not finished.
  package var isMidCommand: Bool { progress != nil }

  /// Forgets an unfinished command.
  package mutating func reset() { progress = nil }

  /// Parses the command that starts at `input`'s first byte.
  ///
  /// - Complexity: O(bytes of the command), over all calls for it. Allocates only when a multibulk
  ///   command is unfinished.
  package mutating func next(
    _ input: ByteView, limits: Limits, into table: inout ArgumentTable
  ) -> Outcome {
    if progress != nil { return resume(input, limits: limits, into: &table) }
    guard input.count > 0 else { return .incomplete(missing: 1) }
    guard unsafe input.unsafeBase.load(as: UInt8.self) == 0x2A else {
      return inline(input, limits: limits, into: &table)
    }
    var offset = 0
    let argumentCount: Int
    switch Self.lengthLine(input, at: 0) {
    case .number(let number, let end):
      argumentCount = number
      offset = end
    case .incomplete:
      return input.count > limits.lineBytesMax
        ? .failure(.tooBigCountLine) : .incomplete(missing: 1)
    case .malformed: return .failure(.invalidMultibulkLength)
    }
    if argumentCount > limits.argumentsMax {
      return .failure(
        limits.argumentsMax == Limits.unauthenticated.argumentsMax
          ? .unauthenticatedMultibulkLength : .invalidMultibulkLength)
    }
    if argumentCount <= 0 { return .command(consumed: offset) }

    let first = table.count
    var left = argumentCount
    while left > 0 {
      // `$<count>\r\n`
      guard offset < input.count else { break }
      let type = unsafe input.unsafeBase.load(fromByteOffset: offset, as: UInt8.self)
      guard type == 0x24 else { return .failure(.expectedBulk(type)) }
      guard case .number(let count, let start) = Self.lengthLine(input, at: offset) else {
        return lengthFailed(
          input, at: offset, left: left, first: first, limits: limits, into: &table)
      }
      if let error = Self.check(count, limits) { return .failure(error) }
      guard start &+ count &+ 2 <= input.count else {
        suspend(first: first, input: input, offset: start, left: left, bulk: count, table: &table)
        return .incomplete(missing: start + count + 2 - input.count)
      }
      unsafe table.append(ByteView(unsafeBase: input.unsafeBase + start, count: count))
      offset = start &+ count &+ 2
      left &-= 1
    }
    if left > 0 {
      suspend(first: first, input: input, offset: offset, left: left, bulk: -1, table: &table)
      return .incomplete(missing: 4)
    }
    return .command(consumed: offset)
  }

  /// Goes on with the command that `progress` tells of.
  private mutating func resume(
    _ input: ByteView, limits: Limits, into table: inout ArgumentTable
  ) -> Outcome {
    guard var state = progress else { preconditionFailure("no command to resume") }
    progress = nil
    while state.argumentsLeft > 0 {
      if state.bulkCount < 0 {
        guard state.offset < input.count else {
          progress = state
          return .incomplete(missing: 4)
        }
        guard input[state.offset] == 0x24 else {
          return .failure(.expectedBulk(input[state.offset]))
        }
        switch Self.lengthLine(input, at: state.offset) {
        case .number(let count, let start):
          if let error = Self.check(count, limits) { return .failure(error) }
          state.bulkCount = count
          state.offset = start
        case .incomplete:
          if input.count - state.offset > limits.lineBytesMax {
            return .failure(.tooBigBulkCountLine)
          }
          progress = state
          return .incomplete(missing: 1)
        case .malformed: return .failure(.invalidBulkLength)
        }
      }
      let end = state.offset + state.bulkCount
      guard end + 2 <= input.count else {
        progress = state
        return .incomplete(missing: end + 2 - input.count)
      }
      state.ranges.append(state.offset..<end)
      state.offset = end + 2
      state.bulkCount = -1
      state.argumentsLeft -= 1
    }
    for range in state.ranges { table.append(input[range]) }
    return .command(consumed: state.offset)
  }

  /// Remembers the arguments found so far as ranges, since the bytes may move.
  private mutating func suspend(
    first: Int, input: ByteView, offset: Int, left: Int, bulk: Int, table: inout ArgumentTable
  ) {
    let found = table.arguments(from: first, count: table.count - first)
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(found.count)
    for index in 0..<found.count {
      let start = unsafe found[index].unsafeBase - input.unsafeBase
      ranges.append(start..<start + found[index].count)
    }
    table.truncate(to: first)
    progress = Progress(argumentsLeft: left, offset: offset, ranges: ranges, bulkCount: bulk)
  }

  private mutating func lengthFailed(
    _ input: ByteView, at offset: Int, left: Int, first: Int, limits: Limits,
    into table: inout ArgumentTable
  ) -> Outcome {
    guard case .incomplete = Self.lengthLine(input, at: offset) else {
      return .failure(.invalidBulkLength)
    }
    if input.count - offset > limits.lineBytesMax { return .failure(.tooBigBulkCountLine) }
    suspend(first: first, input: input, offset: offset, left: left, bulk: -1, table: &table)
    return .incomplete(missing: 1)
  }

  private static func check(_ count: Int, _ limits: Limits) -> ProtocolError? {
    if count < 0 { return .invalidBulkLength }
    guard count > limits.bulkBytesMax else { return nil }
    return limits.bulkBytesMax == Limits.unauthenticated.bulkBytesMax
      ? .unauthenticatedBulkLength : .invalidBulkLength
  }

  private enum Line {
    case number(Int, end: Int)
    case incomplete
    case malformed
  }

  /// The number between a type byte at `offset` and the line's end.
  @inline(__always)
  private static func lengthLine(_ input: ByteView, at offset: Int) -> Line {
    let count = input.count
    let base = unsafe input.unsafeBase
    // Nearly all have one digit or two: both are told, and checked, by one look at four bytes.
    if offset &+ 5 <= count {
      let word = UInt32(
        littleEndian: unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      let first = Int(word >> 8 & 0xFF) &- 48
      if UInt(bitPattern: first) <= 9 {
        if word & 0xFFFF_0000 == 0x0A0D_0000 { return .number(first, end: offset &+ 4) }
        let second = Int(word >> 16 & 0xFF) &- 48
        if word & 0xFF00_0000 == 0x0D00_0000, first > 0, UInt(bitPattern: second) <= 9 {
          return .number(first &* 10 &+ second, end: offset &+ 5)
        }
      }
    }
    var index = offset &+ 1
    var value = 0
    // The common case, at most 8 digits and no sign; anything else goes the long way.
    while index < count {
      let digit = unsafe base.load(fromByteOffset: index, as: UInt8.self) &- 48
      if digit > 9 { break }
      value = value &* 10 &+ Int(digit)
      index &+= 1
    }
    if index &+ 1 < count, index > offset &+ 1, index < offset &+ 10,
      unsafe base.load(fromByteOffset: index, as: UInt8.self) == 0x0D,
      unsafe base.load(fromByteOffset: offset &+ 1, as: UInt8.self) != 0x30 || index == offset &+ 2
    {
      return .number(value, end: index &+ 2)
    }
    return unusualLengthLine(input, at: offset)
  }

  @inline(never)
  private static func unusualLengthLine(_ input: ByteView, at offset: Int) -> Line {
    guard let end = input.firstIndex(of: 0x0D, from: offset), end + 1 < input.count else {
      return .incomplete
    }
    guard let number = DecimalText.integer(input[offset + 1..<end]) else { return .malformed }
    return .number(number, end: end + 2)
  }

  // MARK: Inline commands

  private mutating func inline(
    _ input: ByteView, limits: Limits, into table: inout ArgumentTable
  ) -> Outcome {
    guard let newline = input.firstIndex(of: 0x0A) else {
      return input.count > limits.lineBytesMax
        ? .failure(.tooBigInlineRequest) : .incomplete(missing: 1)
    }
    let end = newline > 0 && input[newline - 1] == 0x0D ? newline - 1 : newline
    guard let words = InlineWords.split(input[0..<end]) else {
      return .failure(.unbalancedQuotes)
    }
    for word in words {
      switch word {
      case .plain(let range): table.append(input[range])
      case .unescaped(let bytes): table.append(retain(bytes))
      }
    }
    return .command(consumed: newline + 1)
  }

  /// Words with escapes in them exist nowhere in the input; they live here until the next such line.
  private var unescapedWords: UnescapedWords?

  private mutating func retain(_ bytes: [UInt8]) -> ByteView {
    let words = unescapedWords ?? UnescapedWords()
    unescapedWords = words
    return words.keep(bytes)
  }
}

/// The bytes of quoted words, kept in place while their command runs.
@safe private final class UnescapedWords {
  // Several inline commands of one read are parsed before the first runs; this many words are kept.
  private static let wordsMax = 4096
  private var kept: [UnsafeMutablePointer<UInt8>] = unsafe []
  private var next = 0

  func keep(_ bytes: [UInt8]) -> ByteView {
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
    unsafe bytes.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return }
      unsafe copy.initialize(from: base, count: bytes.count)
    }
    if unsafe kept.count < Self.wordsMax {
      unsafe kept.append(copy)
    } else {
      unsafe kept[next].deallocate()
      unsafe kept[next] = copy
      next = (next + 1) % Self.wordsMax
    }
    return unsafe ByteView(unsafeBase: UnsafeRawPointer(copy), count: bytes.count)
  }

  deinit { for unsafe word in unsafe kept { unsafe word.deallocate() } }
}
