import RESP

/// SINTER, SUNION, SDIFF and their sisters: what is made of several sets, a slice at a time.
final class SetAlgebra: SlicedCall {
  enum Operation: Sendable {
    case intersection
    case union
    case difference
  }

  /// What becomes of the result.
  enum Output: Sendable {
    case reply
    /// A set, at the key that stands at this place among the words.
    case store(key: Int, event: StaticString)
    /// How many there are, counted up to the limit; 0 is none.
    case count(limit: Int)
  }

  private enum Phase {
    /// Members of each set go to the result, as far as they belong there.
    case walking
    /// The result is what is left of a copy of the first set, whose members the others take out.
    case takingOut
    /// What is left goes to the reply.
    case replying
  }

  private let operation: Operation
  private let output: Output
  private let settings: SetValue.Settings
  private let keys: Range<Int>
  /// Those that are there, in the order of their use.
  private var sets: [(key: Int, value: SetValue)] = []
  /// The first key of a difference, or one of an intersection, has no set.
  private var isEmpty = false

  private var phase = Phase.walking
  private var current = 0
  private var position: UInt64 = 0
  /// What is to be stored; or what was found before, where that is not looked up in the sets themselves.
  private var result: Detached<SetValue>?
  private var count = 0
  /// Where the reply begins.
  private var start: Int?

  /// - Throws: `.wrongType`.
  init(
    _ operation: Operation, _ output: Output, _ keys: Range<Int>, _ keyspace: inout Keyspace,
    _ arguments: Arguments
  ) throws(CommandError) {
    self.operation = operation
    self.output = output
    self.keys = keys
    settings = SetValue.Settings(keyspace)
    for key in keys {
      if let value = try keyspace.collection(SetValue.self, arguments[key], for: .read) {
        sets.append((key, value))
      }
    }
    switch operation {
    case .intersection:
      // The smallest first: its members are looked up in the others, the next smallest first.
      isEmpty = sets.count < keys.count
      sets.sort { $0.value.count < $1.value.count }
    case .union: break
    case .difference:
      isEmpty = sets.first?.key != keys.lowerBound
      orderSubtrahends()
    }
    if needsResult { result = Detached(keyspace) }
  }

  private var needsResult: Bool {
    if case .store = output { return true }
    return phase == .takingOut || operation == .union && sets.count > Self.setsLookedUpMax
  }

  /// Up to here looking a member up in each set is cheaper than making a set of all.
  private static let setsLookedUpMax = 4

  /// Every member of the first set is looked up in the others, the largest first: it finds most. Or the members of
  /// all others are taken out of a copy of the first, if those are fewer, a look-up being half as dear.
  private func orderSubtrahends() {
    guard !isEmpty else { return }
    sets[1...].sort { $0.value.count > $1.value.count }
    let firstCount = sets[0].value.count
    if firstCount * sets.count / 2 > sets.reduce(0, { $0 + $1.value.count }) { phase = .takingOut }
  }

  func resume(_ keyspace: inout Keyspace, _ arguments: Arguments) throws(CommandError) {
    for index in sets.indices {
      guard let value = try keyspace.collection(SetValue.self, arguments[sets[index].key], for: .peek)
      else { throw .changedBetweenSlices }
      sets[index].value = value
    }
  }

  func advance(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) -> Bool {
    if start == nil { start = reply.count }
    if !isEmpty {
      switch phase {
      case .walking: if walk(&reply) { return false }
      case .takingOut: if takeOut() { return false }
      case .replying: if replyWithResult(&reply) { return false }
      }
    }
    finish(&keyspace, arguments, &reply)
    return true
  }

  /// Goes on to the next slice; false when there is nothing more to walk in this phase.
  private func move(to next: UInt64?, _ end: Int) -> Bool {
    position = next ?? 0
    if next == nil { current += 1 }
    return current < end
  }

  // MARK: Phases: true if there is more to do

  private func walk(_ reply: inout ReplyWriter) -> Bool {
    let end = operation == .union ? sets.count : 1
    guard current < end else { return false }
    let others = operation == .union ? sets[..<current] : sets[1...]
    let isRemembering = operation == .union && result != nil
    let next = sets[current].value.visitSlice(from: position) { member in
      member.withBytes { bytes in
        if isRemembering {
          if insert(bytes) { add(member, &reply) }
          return
        }
        let belongs =
          operation == .intersection
          ? others.allSatisfy { $0.value.contains(bytes) } : !others.contains { $0.value.contains(bytes) }
        if belongs {
          if result != nil { _ = insert(bytes) }
          add(member, &reply)
        }
      }
    }
    if case .count(let limit) = output, limit > 0, count >= limit {
      count = limit
      return false
    }
    return move(to: next, end)
  }

  private func insert(_ member: ByteView) -> Bool { result?.value.insert(member, settings) ?? false }

  private func add(_ member: StringValue, _ reply: inout ReplyWriter) {
    count += 1
    if case .reply = output { member.write(to: &reply) }
  }

  private func takeOut() -> Bool {
    let next = sets[current].value.visitSlice(from: position) { member in
      member.withBytes { bytes in
        if current == 0 { _ = insert(bytes) } else { _ = result?.value.remove(bytes) }
      }
    }
    if move(to: next, sets.count) { return true }
    count = result?.value.count ?? 0
    guard case .reply = output else { return false }
    phase = .replying
    return true
  }

  private func replyWithResult(_ reply: inout ReplyWriter) -> Bool {
    let next = result?.value.visitSlice(from: position) { $0.write(to: &reply) }
    position = next ?? 0
    return next != nil
  }

  private func finish(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ reply: inout ReplyWriter
  ) {
    switch output {
    case .reply:
      reply.insertSetHeader(count, at: start ?? 0)
      if let result = result.take() { keyspace.discard(result) }
    case .count: reply.integer(count)
    case .store(let key, let event):
      // The destination may be one of the sources, so it is replaced at the end.
      guard let result = result.take() else { preconditionFailure("a set stored twice") }
      reply.integer(keyspace.store(result, at: arguments[key], .set, event))
    }
  }
}

extension Keyspace {
  /// How many elements the large collections at those of the words that are keys have together.
  mutating func largeElementCount(_ arguments: Arguments, _ range: Range<Int>) -> Int {
    var count = 0
    for index in range {
      guard let entry = lookup(arguments[index], for: .peek), entry.type != .string,
        entry.block.encoding == .structure
      else { continue }
      count += entry.block.collection.count
    }
    return count
  }
}

extension CommandError {
  package static let tooManyKeys = CommandError(
    "ERR Number of keys can't be greater than number of args")
  package static let limitNegative = CommandError("ERR LIMIT can't be negative")
}
