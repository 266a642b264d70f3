import RESP

/// A call of ZUNION, ZINTER, ZDIFF or one of their sisters, a slice at a time.
final class CombinationCall: SlicedCall {
  /// What becomes of the result.
  enum Output: Sendable {
    case reply
    /// A sorted set, at the key that stands at this place among the words.
    case store(key: Int, event: StaticString)
    /// How many there are, up to the call's own limit.
    case count
  }

  private enum Phase {
    /// Members of the inputs go to the table, or are counted.
    case walking
    case sorting(SortedSetIndex.Sorting)
    /// The sorted result goes to the reply; so far it has got that many.
    case replying(SortedSetIndex, Int)
  }

  private var request: Combination
  private let output: Output
  private var phase = Phase.walking
  private var current = 0
  private var position: UInt64 = 0
  /// The members of the result with their scores; nil when they are only counted, or part of an index.
  private var members: ElementTable?
  private var count = 0

  /// - Throws: as `Combination.init`.
  init(
    _ operation: Combination.Operation, _ output: Output, numkeysAt position: Int, _ name: String,
    _ keyspace: inout Keyspace, _ arguments: Arguments
  ) throws(CommandError) {
    let purpose: Combination.Purpose =
      switch output {
      case .reply: .reply
      case .store: .store
      case .count: .count
      }
    request = try Combination(
      &keyspace, arguments, numkeysAt: position, operation, purpose, name)
    self.output = output
    if purpose != .count { members = .empty(seed: keyspace.hashSeed) }
  }

  deinit {
    if case .replying(let index, _) = phase { index.free() }
    members?.free()
  }

  func resume(_ keyspace: inout Keyspace, _ arguments: Arguments) throws(CommandError) {
    if case .walking = phase { try request.lookUpAgain(&keyspace, arguments) }
  }

  func advance(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) -> Bool {
    switch phase {
    case .walking:
      if walk() { return false }
      guard let members else {
        reply.integer(count)
        return true
      }
      phase = .sorting(SortedSetIndex.Sorting(members))
      return false
    case .sorting(let sorting):
      guard sorting.advance(elements: Command.Slices.elementsPerSlice) else { return false }
      members = nil
      return conclude(sorting.finish(), &keyspace, arguments, &reply)
    case .replying(let index, let written):
      guard write(index, from: written, &reply) else { return false }
      phase = .walking
      keyspace.discard(index)
      return true
    }
  }

  /// True if there is more to walk.
  private func walk() -> Bool {
    let next = request.visitSlice(of: current, from: position) { member, score in
      count += 1
      guard let members else { return }
      let hash = members.hash(member)
      if let element = members.find(member, hash) {
        element.word = request.combine(Double(word: element.word), score).word
      } else {
        _ = members.insert(member, word: score.word, hash)
      }
    }
    if request.limit > 0, count >= request.limit {
      count = request.limit
      return false
    }
    position = next ?? 0
    if next == nil { current += 1 }
    return current < request.walkedCount
  }

  private func conclude(
    _ index: SortedSetIndex, _ keyspace: inout Keyspace, _ arguments: Arguments,
    _ reply: inout ReplyWriter
  ) -> Bool {
    if case .store(let key, let event) = output {
      phase = .walking
      reply.integer(keyspace.store(index, at: arguments[key], event))
      return true
    }
    phase = .replying(index, 0)
    reply.members(index.count, withScores: request.withScores)
    return false
  }

  private func write(
    _ index: SortedSetIndex, from start: Int, _ reply: inout ReplyWriter
  ) -> Bool {
    let count = Swift.min(Command.Slices.elementsPerSlice, index.count - start)
    index.tree.forEach(from: start, count: count) { member, score in
      reply.member(member, score, withScore: request.withScores)
    }
    phase = .replying(index, start + count)
    return start + count == index.count
  }
}
