import RESP

/// A range of scores or of members, as clients write it.
enum SortedSetBounds {
  case scores(min: ScoreBound, max: ScoreBound)
  case members(min: MemberBound, max: MemberBound)

  struct ScoreBound {
    let value: Double
    let isExclusive: Bool

    /// - Throws: `.boundNotAFloat`.
    init(_ text: ByteView) throws(CommandError) {
      isExclusive = text.count > 0 && text[0] == 0x28
      let number = isExclusive ? text[1..<text.count] : text
      if number.isEmpty {
        value = 0
        return
      }
      guard let parsed = DecimalText.double(number) else { throw .boundNotAFloat }
      value = parsed
    }
  }

  enum MemberBound {
    case lowest, highest
    case inclusive(ByteView)
    case exclusive(ByteView)

    /// - Throws: `.boundNotAStringRange`.
    init(_ text: ByteView) throws(CommandError) {
      guard text.count > 0 else { throw .boundNotAStringRange }
      switch text[0] {
      case 0x2D where text.count == 1: self = .lowest
      case 0x2B where text.count == 1: self = .highest
      case 0x28: self = .exclusive(text[1..<text.count])
      case 0x5B: self = .inclusive(text[1..<text.count])
      default: throw .boundNotAStringRange
      }
    }
  }

  static func scores(_ min: ByteView, _ max: ByteView) throws(CommandError) -> Self {
    .scores(min: try ScoreBound(min), max: try ScoreBound(max))
  }

  static func members(_ min: ByteView, _ max: ByteView) throws(CommandError) -> Self {
    .members(min: try MemberBound(min), max: try MemberBound(max))
  }
}

extension SortedSetValue {
  /// The ranks of the members inside; empty where there are none.
  func ranks(in bounds: SortedSetBounds) -> Range<Int> {
    let start: Int
    let end: Int
    switch bounds {
    case .scores(let min, let max):
      start = rank { score, _ in min.isExclusive ? score <= min.value : score < min.value }
      end = rank { score, _ in max.isExclusive ? score < max.value : score <= max.value }
    case .members(let min, let max):
      start =
        switch min {
        case .lowest: 0
        case .highest: count
        case .inclusive(let bound): rank { _, member in member < bound }
        case .exclusive(let bound): rank { _, member in member < bound || member == bound }
        }
      end =
        switch max {
        case .lowest: 0
        case .highest: count
        case .inclusive(let bound): rank { _, member in member < bound || member == bound }
        case .exclusive(let bound): rank { _, member in member < bound }
        }
    }
    return start..<Swift.max(start, end)
  }

  /// The ranks from `start` to `end`, both counted from the end where negative; backward: ranks
  /// count from the highest score.
  func ranks(from start: Int, through end: Int, backward: Bool = false) -> Range<Int> {
    let count = self.count
    let first = Swift.max(start < 0 ? start.addingReportingOverflow(count).partialValue : start, 0)
    let last = Swift.min(end < 0 ? end + count : end, count - 1)
    guard first <= last else { return 0..<0 }
    return backward ? count - 1 - last..<count - first : first..<last + 1
  }
}

extension CommandError {
  static let boundNotAFloat = CommandError("ERR min or max is not a float")
  static let boundNotAStringRange = CommandError("ERR min or max not valid string range item")
  static let scoreNotANumber = CommandError("ERR resulting score is not a number (NaN)")
  static let outOfPositiveRange = CommandError("ERR value is out of range, must be positive")
}

extension ReplyWriter {
  /// Members with their scores: pairs in RESP3, one after the other in RESP2.
  mutating func members(
    _ value: SortedSetValue, _ ranks: Range<Int>, backward: Bool = false, withScores: Bool
  ) {
    array(withScores && !isRESP3 ? ranks.count * 2 : ranks.count)
    value.forEach(in: ranks, backward: backward) { member, score in
      memberItem(member, score, withScores: withScores)
    }
  }

  @inline(__always)
  mutating func memberItem(_ member: ByteView, _ score: Double, withScores: Bool) {
    if withScores, isRESP3 { array(2) }
    bulk(member)
    if withScores { double(score) }
  }
}
