import RESP

/// Some members in succession, as commands name them: by rank, by score or by name. Valid as long as the
/// command's words.
enum MemberRange {
  /// Counted from the end where negative.
  case ranks(first: Int, last: Int)
  case scores(Bound<Double>, Bound<Double>)
  case names(NameBound, NameBound)

  enum Kind { case rank, score, name }

  struct Bound<Value> {
    let value: Value
    /// What equals it is outside.
    let isExclusive: Bool
  }

  enum NameBound {
    /// `-` and `+`.
    case lowest, highest
    case name(Bound<ByteView>)
  }

  /// - Throws: `.notAnInteger`; `.scoresNotFloats`; `.namesNotRange`.
  init(_ kind: Kind, _ first: ByteView, _ last: ByteView) throws(CommandError) {
    switch kind {
    case .rank: self = .ranks(first: try first.integer(), last: try last.integer())
    case .score: self = .scores(try Self.scoreBound(first), try Self.scoreBound(last))
    case .name: self = .names(try Self.nameBound(first), try Self.nameBound(last))
    }
  }

  private static func scoreBound(_ word: ByteView) throws(CommandError) -> Bound<Double> {
    let isExclusive = !word.isEmpty && word[0] == 0x28
    // Redis hands strtod a C string: it ends at a NUL, leading spaces are passed over, and nothing is 0.
    let end = word.firstIndex(of: 0) ?? word.count
    let text = word[(isExclusive ? 1 : 0)..<end]
    if text.isEmpty { return Bound(value: 0, isExclusive: isExclusive) }
    var start = 0
    while start < text.count, text[start] == 0x20 || (text[start] >= 0x09 && text[start] <= 0x0D) {
      start += 1
    }
    let score = try text[start..<text.count].score(orThrow: .scoresNotFloats)
    return Bound(value: score, isExclusive: isExclusive)
  }

  private static func nameBound(_ word: ByteView) throws(CommandError) -> NameBound {
    guard !word.isEmpty else { throw .namesNotRange }
    switch word[0] {
    case 0x2D where word.count == 1: return .lowest
    case 0x2B where word.count == 1: return .highest
    case 0x28, 0x5B:
      return .name(Bound(value: word[1..<word.count], isExclusive: word[0] == 0x28))
    default: throw .namesNotRange
    }
  }
}

extension SortedSetValue {
  /// The ranks of the members in a range.
  func ranks(of range: MemberRange) -> Range<Int> {
    switch range {
    case .ranks(let first, let last):
      let count = self.count
      let start = Swift.max(first < 0 ? count + first : first, 0)
      let stop = Swift.min(last < 0 ? count + last : last, count - 1)
      return start <= stop ? start..<stop + 1 : 0..<0
    case .scores(let low, let high):
      let start = rank { score, _ in
        score < low.value || low.isExclusive && score == low.value
      }
      let end = rank { score, _ in
        score < high.value || !high.isExclusive && score == high.value
      }
      return start..<Swift.max(start, end)
    case .names(let low, let high):
      let start = rank(of: low, isLow: true)
      return start..<Swift.max(start, rank(of: high, isLow: false))
    }
  }

  private func rank(of bound: MemberRange.NameBound, isLow: Bool) -> Int {
    switch bound {
    case .lowest: return 0
    case .highest: return count
    case .name(let name):
      let passesEqual = name.isExclusive == isLow
      return rank { _, member in member < name.value || passesEqual && member == name.value }
    }
  }
}

extension CommandError {
  static let scoresNotFloats = CommandError("ERR min or max is not a float")
  static let namesNotRange = CommandError("ERR min or max not valid string range item")
}
