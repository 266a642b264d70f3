import RESP

/// What a stream's entries are ordered by: milliseconds since 1970, and a number within the millisecond.
struct StreamID: Comparable, BitwiseCopyable {
  var milliseconds: UInt64
  var sequence: UInt64

  @inline(__always)
  init(_ milliseconds: UInt64, _ sequence: UInt64) {
    self.milliseconds = milliseconds
    self.sequence = sequence
  }

  static let zero = StreamID(0, 0)
  static let max = StreamID(.max, .max)

  @inline(__always)
  static func < (left: StreamID, right: StreamID) -> Bool {
    left.milliseconds < right.milliseconds
      || (left.milliseconds == right.milliseconds && left.sequence < right.sequence)
  }

  /// The next larger ID; nil for the largest.
  @inline(__always)
  var next: StreamID? {
    if sequence < .max { return StreamID(milliseconds, sequence &+ 1) }
    return milliseconds < .max ? StreamID(milliseconds &+ 1, 0) : nil
  }

  /// The next smaller ID; nil for the smallest.
  var previous: StreamID? {
    if sequence > 0 { return StreamID(milliseconds, sequence - 1) }
    return milliseconds > 0 ? StreamID(milliseconds - 1, .max) : nil
  }
}

extension StreamID: OrderedByID {
  @inline(__always) var id: StreamID { self }
}

// MARK: Text

extension StreamID {
  /// Gives `body` the ID as `milliseconds-sequence`, valid only inside.
  @inline(__always)
  func withText<Result>(_ body: (ByteView) -> Result) -> Result {
    unsafe withUnsafeTemporaryAllocation(byteCount: 48, alignment: 8) { buffer in
      let start = unsafe buffer.baseAddress.unsafelyUnwrapped
      var count = unsafe Self.write(milliseconds, to: start)
      unsafe start.storeBytes(of: 0x2D, toByteOffset: count, as: UInt8.self)
      count &+= 1
      unsafe count &+= Self.write(sequence, to: start + count)
      return unsafe body(ByteView(unsafeBase: UnsafeRawPointer(start), count: count))
    }
  }

  private static func write(_ value: UInt64, to target: UnsafeMutableRawPointer) -> Int {
    if let value = Int(exactly: value) { return unsafe DecimalText.write(value, to: target) }
    // More than an Int holds has its last digit written apart.
    let count = unsafe DecimalText.write(Int(value / 10), to: target)
    unsafe target.storeBytes(of: UInt8(48 + value % 10), toByteOffset: count, as: UInt8.self)
    return count + 1
  }

  /// What a client may write for an ID.
  struct Parsed {
    var id: StreamID
    /// Whether a sequence was written: a number, not `*`.
    var hasSequence = true
  }

  /// Reads `milliseconds`, or `milliseconds-sequence`.
  ///
  /// - Parameters:
  ///   - missingSequence: the sequence where there is none.
  ///   - edges: whether `-` and `+` stand for the smallest and the largest ID.
  ///   - automatic: whether the sequence may be `*`; it then is 0, and `hasSequence` false.
  /// - Returns: nil for anything else.
  static func parse(
    _ text: ByteView, missingSequence: UInt64, edges: Bool, automatic: Bool = false
  ) -> Parsed? {
    guard text.count < 128 else { return nil }
    if text.count == 1, edges {
      if text[0] == 0x2D { return Parsed(id: .zero) }
      if text[0] == 0x2B { return Parsed(id: .max) }
    }
    // Redis looks at it as a C string.
    let text = text[0..<(text.firstIndex(of: 0) ?? text.count)]
    guard let dash = text.firstIndex(of: 0x2D) else {
      guard let milliseconds = number(text) else { return nil }
      return Parsed(id: StreamID(milliseconds, missingSequence))
    }
    guard let milliseconds = number(text[0..<dash]) else { return nil }
    let rest = text[dash + 1..<text.count]
    if automatic, rest == "*" {
      return Parsed(id: StreamID(milliseconds, 0), hasSequence: false)
    }
    guard let sequence = number(rest) else { return nil }
    return Parsed(id: StreamID(milliseconds, sequence))
  }

  /// An unsigned number, canonical or as C's `strtoull` takes it: after spaces and a sign, with zeros in front.
  private static func number(_ text: ByteView) -> UInt64? {
    if let value = DecimalText.integer(text) { return UInt64(exactly: value) }
    var index = 0
    while index < text.count, text[index] == 0x20 || 9...13 ~= text[index] { index += 1 }
    var isNegative = false
    if index < text.count, text[index] == 0x2B || text[index] == 0x2D {
      isNegative = text[index] == 0x2D
      index += 1
    }
    guard index < text.count else { return nil }
    var value: UInt64 = 0
    while index < text.count {
      let digit = text[index] &- 48
      guard digit < 10 else { return nil }
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
      guard !overflow, !carry else { return nil }
      value = sum
      index += 1
    }
    return isNegative ? 0 &- value : value
  }
}

extension ReplyWriter {
  /// An ID as a bulk string.
  @inline(__always)
  mutating func bulk(_ id: StreamID) { id.withText { bulk($0) } }
}
