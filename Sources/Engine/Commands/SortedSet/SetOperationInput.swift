import RESP

/// One of the inputs of ZUNION and its like: a sorted set, a set whose members all score 1, or nothing.
enum SetOperationInput {
  case none
  case sortedSet(SortedSetValue)
  case set(SetValue)

  var count: Int {
    switch self {
    case .none: 0
    case .sortedSet(let value): value.count
    case .set(let value): value.count
    }
  }

  func score(of member: ByteView) -> Double? {
    switch self {
    case .none: return nil
    case .sortedSet(let value): return value.score(of: member)
    case .set(let value): return value.contains(member) ? 1 : nil
    }
  }

  func forEach(_ visit: (ByteView, Double) -> Void) {
    switch self {
    case .none: break
    case .sortedSet(let value): value.forEach(visit)
    case .set(let value): value.forEach { member in member.withBytes { visit($0, 1) } }
    }
  }
}

extension Keyspace {
  /// - Throws: `.wrongType` when the key holds neither a set nor a sorted set.
  mutating func setOperationInput(_ key: ByteView) throws(CommandError) -> SetOperationInput {
    guard let entry = lookup(key, for: .read) else { return .none }
    switch entry.type {
    case .sortedSet: return .sortedSet(SortedSetValue(block: entry.block))
    case .set: return .set(SetValue(block: entry.block))
    default: throw .wrongType
    }
  }
}
