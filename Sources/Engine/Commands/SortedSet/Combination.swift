import RESP

/// What ZUNION, ZINTER, ZDIFF and their sisters ask for, with their inputs.
struct Combination {
  enum Operation { case union, intersection, difference }
  enum Aggregate { case sum, min, max }
  /// What becomes of the result.
  enum Purpose { case reply, store, count }

  private struct Input {
    /// Its place among the words.
    let key: Int
    var source: ScoredSource
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
  private(set) var limit = 0

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
      inputs.append(Input(key: index, source: try ScoredSource(&keyspace, arguments[index], for: .read)))
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

  /// What the inputs are now.
  ///
  /// - Throws: `.wrongType`.
  mutating func lookUpAgain(
    _ keyspace: inout Keyspace, _ arguments: Arguments
  ) throws(CommandError) {
    for index in inputs.indices {
      inputs[index].source = try ScoredSource(&keyspace, arguments[inputs[index].key], for: .peek)
    }
  }

  // MARK: Results

  /// How many inputs are walked, one after the other, by `visitSlice`.
  var walkedCount: Int { operation == .union ? inputs.count : 1 }

  /// Visits some hundred members of an input, from `position` on, with the scores they have in the result, as far as
  /// they belong there; returns where to go on, nil after the last. A union's members come once from each input.
  func visitSlice(
    of input: Int, from position: UInt64, _ visit: (ByteView, Double) -> Void
  ) -> UInt64? {
    let first = inputs[input]
    let others = inputs.dropFirst()
    return first.source.visitSlice(from: position) { member, score in
      var sum = first.weighted(score)
      switch operation {
      case .union: break
      case .intersection:
        for other in others {
          guard let score = other.source.score(of: member) else { return }
          sum = combine(sum, other.weighted(score))
        }
      case .difference:
        if others.contains(where: { $0.source.score(of: member) != nil }) { return }
        sum = score
      }
      visit(member, sum)
    }
  }

  /// Two scores of one member; opposite infinities make 0.
  func combine(_ first: Double, _ second: Double) -> Double {
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
  init(
    _ keyspace: inout Keyspace, _ key: ByteView, for purpose: Keyspace.Purpose
  ) throws(CommandError) {
    guard let entry = keyspace.lookup(key, for: purpose) else {
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

  /// Visits some hundred members from `position` on and returns where to go on; nil after the last. 0 starts.
  func visitSlice(from position: UInt64, _ visit: (ByteView, Double) -> Void) -> UInt64? {
    switch self {
    case .none: nil
    case .sortedSet(let value): value.visitSlice(from: position, visit)
    case .set(let value):
      value.visitSlice(from: position) { member in member.withBytes { visit($0, 1) } }
    }
  }
}

extension CommandError {
  static let weightNotAFloat = CommandError("ERR weight value is not a float")

  static func noInputKeys(_ command: String) -> CommandError {
    CommandError(composed: "ERR at least 1 input key is needed for '\(command)' command")
  }
}
