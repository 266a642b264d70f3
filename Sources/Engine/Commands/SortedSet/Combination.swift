import RESP

/// What ZUNION, ZINTER, ZDIFF and their sisters ask for, with their inputs.
struct Combination {
  enum Operation { case union, intersection, difference }
  enum Aggregate { case sum, min, max }
  /// What becomes of the result.
  enum Purpose { case reply, store, count }

  private struct Input {
    let source: ScoredSource
    var weight = 1.0
    /// A score times the weight; infinity times 0 is 0.
    @inline(__always)
    func weighted(_ score: Double) -> Double {
      let product = score * weight
      return product.isNaN ? 0 : product
    }
  }

  private let operation: Operation
  private var inputs: [Input] = []
  private var aggregate = Aggregate.sum
  private(set) var withScores = false
  /// Of a count; 0 for none.
  private var limit = 0

  /// - Throws: `.wrongType` before anything that is wrong with the words behind the keys.
  init(
    _ keyspace: inout Keyspace, _ arguments: Arguments, numkeysAt position: Int,
    _ operation: Operation, _ purpose: Purpose, _ name: String
  ) throws(CommandError) {
    self.operation = operation
    let count = try arguments[position].integer()
    guard count >= 1 else { throw .noInputKeys(name) }
    guard count < arguments.count - position else { throw .syntax }
    for index in position + 1...position + count {
      inputs.append(Input(source: try ScoredSource(&keyspace, arguments[index])))
    }
    var index = position + 1 + count
    while index < arguments.count {
      index += try takeOption(arguments, at: index, purpose)
    }
    // Small inputs first: there is less to look up, and sums are made in Redis' order.
    if operation != .difference { Self.sort(&inputs) }
  }

  /// Returns how many words it took.
  private mutating func takeOption(
    _ arguments: Arguments, at index: Int, _ purpose: Purpose
  ) throws(CommandError) -> Int {
    let word = arguments[index]
    let left = arguments.count - index - 1
    let aggregates = operation != .difference && purpose != .count
    if aggregates, word.matches("weights"), left >= inputs.count {
      for input in inputs.indices {
        inputs[input].weight = try arguments[index + 1 + input].score(orThrow: .weightNotAFloat)
      }
      return 1 + inputs.count
    }
    if aggregates, word.matches("aggregate"), left >= 1 {
      aggregate = try Self.aggregate(arguments[index + 1])
      return 2
    }
    if purpose == .reply, word.matches("withscores") {
      withScores = true
      return 1
    }
    if purpose == .count, word.matches("limit"), left >= 1 {
      limit = try arguments[index + 1].integer(orThrow: .limitNegative)
      guard limit >= 0 else { throw .limitNegative }
      return 2
    }
    throw .syntax
  }

  private static func aggregate(_ word: ByteView) throws(CommandError) -> Aggregate {
    if word.matches("sum") { return .sum }
    if word.matches("min") { return .min }
    if word.matches("max") { return .max }
    throw .syntax
  }

  private static func sort(_ inputs: inout [Input]) {
    let order = inputs.indices.sorted {
      (inputs[$0].source.count, $0) < (inputs[$1].source.count, $1)
    }
    inputs = order.map { inputs[$0] }
  }

  // MARK: Results

  /// The result; the caller frees or stores it.
  func result(seed: UInt64) -> SortedSetIndex {
    let members = ElementTable.empty(seed: seed)
    switch operation {
    case .union: unite(into: members)
    case .intersection:
      forEachShared { member, score in
        members.insert(member, word: score.word)
        return true
      }
    case .difference: subtract(into: members)
    }
    return SortedSetIndex(sorting: members)
  }

  func intersectionCount() -> Int {
    var count = 0
    forEachShared { _, _ in
      count += 1
      return count != limit
    }
    return count
  }

  private func unite(into members: ElementTable) {
    for input in inputs {
      input.source.forEach { member, score in
        let score = input.weighted(score)
        let hash = members.hash(member)
        if let element = members.find(member, hash) {
          element.word = combine(Double(word: element.word), score).word
        } else {
          _ = members.insert(member, word: score.word, hash)
        }
        return true
      }
    }
  }

  /// Visits what all inputs have, with its score, until `visit` returns false.
  private func forEachShared(_ visit: (ByteView, Double) -> Bool) {
    let others = inputs.dropFirst()
    inputs[0].source.forEach { member, score in
      var sum = inputs[0].weighted(score)
      for other in others {
        guard let score = other.source.score(of: member) else { return true }
        sum = combine(sum, other.weighted(score))
      }
      return visit(member, sum)
    }
  }

  private func subtract(into members: ElementTable) {
    let others = inputs.dropFirst()
    inputs[0].source.forEach { member, score in
      if !others.contains(where: { $0.source.score(of: member) != nil }) {
        members.insert(member, word: score.word)
      }
      return true
    }
  }

  /// Two scores of one member; opposite infinities make 0.
  private func combine(_ first: Double, _ second: Double) -> Double {
    switch aggregate {
    case .sum:
      let sum = first + second
      return sum.isNaN ? 0 : sum
    case .min: return Swift.min(first, second)
    case .max: return Swift.max(first, second)
    }
  }
}

/// Something whose members have scores: a sorted set, a set whose members score 1, or nothing. Valid until the
/// keyspace changes.
enum ScoredSource {
  case none
  case sortedSet(SortedSetValue)
  case set(SetValue)

  /// - Throws: `.wrongType` for a key of another type.
  init(_ keyspace: inout Keyspace, _ key: ByteView) throws(CommandError) {
    guard let entry = keyspace.lookup(key, for: .read) else {
      self = .none
      return
    }
    switch entry.type {
    case .sortedSet: self = .sortedSet(SortedSetValue(block: entry.block))
    case .set: self = .set(SetValue(block: entry.block))
    case .string, .list, .hash, .stream: throw .wrongType
    }
  }

  var count: Int {
    switch self {
    case .none: 0
    case .sortedSet(let value): value.count
    case .set(let value): value.count
    }
  }

  func score(of member: ByteView) -> Double? {
    switch self {
    case .none: nil
    case .sortedSet(let value): value.score(of: member)
    case .set(let value): value.contains(member) ? 1 : nil
    }
  }

  /// Visits all members until `visit` returns false.
  func forEach(_ visit: (ByteView, Double) -> Bool) {
    switch self {
    case .none: break
    case .sortedSet(let value): value.forEachUntil(visit)
    case .set(let value): value.walk { member in member.withBytes { visit($0, 1) } }
    }
  }
}

extension CommandError {
  static let weightNotAFloat = CommandError("ERR weight value is not a float")

  static func noInputKeys(_ command: String) -> CommandError {
    CommandError(composed: "ERR at least 1 input key is needed for '\(command)' command")
  }
}
