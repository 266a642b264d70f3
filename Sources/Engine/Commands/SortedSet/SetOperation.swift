import RESP

/// Union, intersection or difference of sorted sets and sets.
struct SetOperation {
  enum Kind { case union, intersection, difference }
  enum Aggregate { case sum, min, max }

  private let kind: Kind
  private var inputs: [(input: SetOperationInput, weight: Double)] = []
  private var aggregate = Aggregate.sum
  private(set) var withScores = false

  /// Reads the words from the number of keys on, and looks the keys up.
  init(
    _ keyspace: inout Keyspace, _ arguments: Arguments, countAt: Int, kind: Kind, name: String,
    stores: Bool
  ) throws(CommandError) {
    self.kind = kind
    var index = try Self.readKeys(&keyspace, arguments, countAt: countAt, name, into: &inputs)
    while index < arguments.count {
      let word = arguments[index]
      let left = arguments.count - index - 1
      if kind != .difference, word.matches("weights"), left >= inputs.count {
        for input in inputs.indices {
          let text = arguments[index + 1 + input]
          guard let weight = DecimalText.double(text) else {
            throw CommandError("ERR weight value is not a float")
          }
          inputs[input].weight = weight
        }
        index += inputs.count
      } else if kind != .difference, word.matches("aggregate"), left >= 1 {
        aggregate = try Self.aggregate(arguments[index + 1])
        index += 1
      } else if !stores, word.matches("withscores") {
        withScores = true
      } else {
        throw .syntax
      }
      index += 1
    }
  }

  private static func aggregate(_ word: ByteView) throws(CommandError) -> Aggregate {
    if word.matches("sum") { return .sum }
    if word.matches("min") { return .min }
    if word.matches("max") { return .max }
    throw .syntax
  }

  /// Returns where the options start.
  static func readKeys(
    _ keyspace: inout Keyspace, _ arguments: Arguments, countAt: Int, _ name: String,
    into inputs: inout [(input: SetOperationInput, weight: Double)]
  ) throws(CommandError) -> Int {
    let count = try arguments[countAt].integer()
    guard count >= 1 else {
      throw CommandError(composed: "ERR at least 1 input key is needed for '\(name)' command")
    }
    guard count <= arguments.count - countAt - 1 else { throw .syntax }
    for index in countAt + 1..<countAt + 1 + count {
      inputs.append((try keyspace.setOperationInput(arguments[index]), 1))
    }
    return countAt + 1 + count
  }

  private func combine(_ old: Double, _ new: Double) -> Double {
    switch aggregate {
    case .sum:
      let sum = old + new
      return sum.isNaN ? 0 : sum
    case .min: return new < old ? new : old
    case .max: return new > old ? new : old
    }
  }

  private func weighted(_ score: Double, _ weight: Double) -> Double {
    let product = score * weight
    return product.isNaN ? 0 : product
  }

  /// The result, which the caller frees.
  func run(seed: UInt64) -> SortedSetIndex {
    let result = SortedSetIndex.empty(seed: seed)
    // From the smallest to the largest: sums of fractions depend on the order.
    let ordered = kind == .difference ? inputs : inputs.sorted { $0.input.count < $1.input.count }
    switch kind {
    case .union:
      for (input, weight) in ordered {
        input.forEach { member, score in
          let new = weighted(score, weight)
          _ = result.update(member) { $0.map { combine($0, new) } ?? new }
        }
      }
    case .intersection:
      ordered[0].input.forEach { member, score in
        var sum = weighted(score, ordered[0].weight)
        for (input, weight) in ordered.dropFirst() {
          guard let other = input.score(of: member) else { return }
          // As Redis: here a product that is no number makes the sum 0.
          sum = combine(sum, other * weight)
        }
        result.insert(member, sum)
      }
    case .difference:
      ordered[0].input.forEach { member, score in
        for (input, _) in ordered.dropFirst() where input.score(of: member) != nil { return }
        result.insert(member, score)
      }
    }
    return result
  }

  /// How many members all inputs have, at most `limit`.
  static func intersectionCount(_ inputs: [SetOperationInput], limit: Int) -> Int {
    let ordered = inputs.sorted { $0.count < $1.count }
    var count = 0
    ordered[0].forEach { member, _ in
      guard count < limit else { return }
      for input in ordered.dropFirst() where input.score(of: member) == nil { return }
      count += 1
    }
    return count
  }
}
