/// Which keys go when memory is short: `maxmemory-policy`.
///
/// - SeeAlso: <https://redis.io/docs/latest/develop/reference/eviction/>
package struct EvictionPolicy: Sendable, Equatable {
  package enum Ranking: Sendable, Equatable {
    /// Nothing is evicted.
    case none
    /// Those that were not used for the longest time first.
    case idleTime
    /// Those that are used least often first.
    case frequency
    /// Those that would expire first.
    case expiry
    case random
  }

  package let ranking: Ranking
  /// Only keys with an expiry may go.
  package let needsExpiry: Bool

  package init(_ ranking: Ranking, needsExpiry: Bool) {
    self.ranking = ranking
    self.needsExpiry = needsExpiry
  }

  package static let noEviction = EvictionPolicy(.none, needsExpiry: false)

  /// The policy that `maxmemory-policy` calls so; nothing is evicted under names that are none.
  package init(named name: String) {
    let ranking: Ranking =
      switch name.split(separator: "-").last {
      case "lru": .idleTime
      case "lfu": .frequency
      case "ttl": .expiry
      case "random": .random
      default: .none
      }
    self.init(ranking, needsExpiry: name.hasPrefix("volatile"))
  }
}

/// Keys found to be the next to go, the best choice last.
///
/// A key is remembered by its hash, so the pool stays right whatever happens to the table: a key that is gone, or
/// was used since, is passed over when its turn comes.
struct EvictionPool {
  struct Candidate {
    /// The higher, the sooner it goes.
    let score: UInt64
    let database: Int
    let hash: UInt64
  }

  static let capacity = 64
  /// Down to here the best are taken; then more keys are looked at. A segment that holds mostly keys worth keeping must
  /// not give as many as any other.
  static let lowCount = 48

  private(set) var candidates: [Candidate] = []
  /// What the evictions have left to be told, in bytes.
  var noteByteCount = 0
  /// Of a note, beside the key.
  static let bytesPerNote = 64

  var isLow: Bool { candidates.count <= Self.lowCount }
  var isEmpty: Bool { candidates.isEmpty }

  /// What a candidate must exceed to be taken in; nil while there is room.
  var lowestScore: UInt64? {
    candidates.count < Self.capacity ? nil : candidates.first?.score
  }

  mutating func insert(_ candidate: Candidate) {
    if let lowest = lowestScore, candidate.score <= lowest { return }
    if candidates.contains(where: {
      $0.hash == candidate.hash && $0.database == candidate.database
    }) {
      return
    }
    if candidates.count == Self.capacity { candidates.removeFirst() }
    let place = candidates.firstIndex { $0.score > candidate.score } ?? candidates.count
    candidates.insert(candidate, at: place)
  }

  mutating func takeBest() -> Candidate? { candidates.popLast() }

  mutating func removeAll() { candidates.removeAll(keepingCapacity: true) }
}
