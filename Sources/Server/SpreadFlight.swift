import Engine
import Shard

/// The transactions of one connection that are under way while it goes on with its pipeline, and which keys they use.
///
/// A command may overlap with them if it has no key in common with them, or both only read it; then nobody can tell
/// in which order the client's commands took effect but by asking for different keys, which `pipeline-order relaxed`
/// leaves open. The keys are kept as bits of their hashes: a chance match only makes the command wait.
final class SpreadFlight {
  private(set) var count = 0
  private var read = KeyBits()
  private var written = KeyBits()

  /// Takes in a command, unless it has to wait.
  func admit(_ claims: some Sequence<KeyClaim>) -> Bool {
    for claim in claims {
      if written.contains(claim) || claim.isExclusive && read.contains(claim) { return false }
    }
    for claim in claims {
      if claim.isExclusive { written.insert(claim) } else { read.insert(claim) }
    }
    count += 1
    return true
  }

  /// One of them is over.
  func end() {
    count -= 1
    guard count == 0 else { return }
    read = KeyBits()
    written = KeyBits()
  }

  /// 4096 bits, one for each value of a part of the hash.
  private struct KeyBits {
    private var words: [128 of UInt32] = .init(repeating: 0)

    private func place(_ claim: KeyClaim) -> (word: Int, bit: UInt32) {
      let bits = UInt32(truncatingIfNeeded: claim.hash >> 20)
      return (Int(bits >> 5 & 127), 1 << (bits & 31))
    }

    func contains(_ claim: KeyClaim) -> Bool {
      let (word, bit) = place(claim)
      return words[word] & bit != 0
    }

    mutating func insert(_ claim: KeyClaim) {
      let (word, bit) = place(claim)
      words[word] |= bit
    }
  }
}
