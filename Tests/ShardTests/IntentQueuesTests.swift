import Engine
import Testing

@testable import Shard

/// The lines of claimed keys against a plain model of them.
struct IntentQueuesTests {
  private final class NoOwner: TransactionOwner {
    func granted(_ part: TransactionPart) {}
    func done(_ part: TransactionPart) {}
  }

  private struct Claim {
    let part: TransactionPart
    let isExclusive: Bool
  }

  /// Who is granted: nobody in front excludes it.
  private func granted(_ line: [Claim]) -> Set<ObjectIdentifier> {
    var granted: Set<ObjectIdentifier> = []
    for (index, claim) in line.enumerated()
    where line[..<index].allSatisfy({ !$0.isExclusive && !claim.isExclusive }) {
      granted.insert(ObjectIdentifier(claim.part))
    }
    return granted
  }

  @Test(arguments: [UInt64(1), 2, 3, 4])
  func linesAreThoseOfAModel(seed: UInt64) {
    var random = SplitMix64(state: seed)
    let owner = NoOwner()
    var queues = IntentQueues()
    var model: [UInt64: [Claim]] = [:]
    var parts: [(part: TransactionPart, claims: [KeyClaim])] = []
    for id in 1...4000 as ClosedRange<UInt64> {
      if parts.isEmpty || random.next() % 100 < (id < 2000 ? 55 : 45) {
        // Neighbours in the table, so that lines push each other on.
        let hashes = Set((0..<1 + random.next() % 6).map { _ in random.next() % 150 })
        let claims = hashes.map { KeyClaim(hash: $0, isExclusive: random.next() % 2 == 0) }
        let part = TransactionPart(shard: 0, origin: 0, owner: owner, id: id, claims: claims)
        for claim in claims {
          queues.insert(part, isExclusive: claim.isExclusive, claim.hash)
          model[claim.hash, default: []].append(Claim(part: part, isExclusive: claim.isExclusive))
        }
        parts.append((part, claims))
      } else {
        let gone = parts.remove(at: Int(random.next() % UInt64(parts.count)))
        let waitedBefore = parts.filter { $0.part.ungrantedCount > 0 }
        var freed: [TransactionPart] = []
        for claim in gone.claims {
          queues.remove(gone.part, claim.hash, freed: &freed)
          model[claim.hash]?.removeAll { $0.part === gone.part }
          if model[claim.hash]?.isEmpty == true { model[claim.hash] = nil }
        }
        let expected = waitedBefore.filter { $0.part.ungrantedCount == 0 }
        #expect(Set(freed.map { $0.id }) == Set(expected.map { $0.part.id }))
        #expect(freed.count == expected.count)
      }
      for (part, claims) in parts.suffix(3) {
        let waiting = claims.count { claim in
          !granted(model[claim.hash] ?? []).contains(ObjectIdentifier(part))
        }
        #expect(part.ungrantedCount == waiting)
      }
      let isEmpty = queues.isEmpty
      #expect(isEmpty == model.isEmpty)
      if id % 50 == 0 { queues.checkInvariants() }
    }
    for (part, claims) in parts {
      var freed: [TransactionPart] = []
      for claim in claims { queues.remove(part, claim.hash, freed: &freed) }
    }
    let isEmpty = queues.isEmpty
    #expect(isEmpty)
    queues.checkInvariants()
  }
}
