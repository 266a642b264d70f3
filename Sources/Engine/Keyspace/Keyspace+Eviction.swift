import RESP

/// Making room: keys that go because memory is short.
extension Keyspace {
  package enum EvictionOutcome: Sendable {
    case evicted
    /// There is no key that may go.
    case nothing
    /// There may be one, but it was not met within the bound of one call, or others have claims on it.
    case notFoundYet
  }

  /// Segments that one call looks at before it gives up.
  private static let evictionSegmentsMax = 64
  /// For every so many `maxmemory-samples`, one segment is looked at for each choice.
  private static let samplesPerSegment = 5

  /// How many keys may go under the policy.
  package var evictableKeyCount: Int {
    let policy = options.evictionPolicy
    if policy.ranking == .none { return 0 }
    var count = 0
    for index in 0..<databaseCount { count += evictableKeyCount(inDatabase: index, policy) }
    return count
  }

  private func evictableKeyCount(inDatabase index: Int, _ policy: EvictionPolicy) -> Int {
    policy.needsExpiry ? expiringKeyCount(inDatabase: index) : keyCount(inDatabase: index)
  }

  /// Deletes the key that the policy can best do without.
  ///
  /// A slot holds the access clock beside its pointer, so a whole segment of some 500 keys is looked at for the
  /// price of reading 6 KiB in a row; the 64 best choices of it, and of what was left of earlier looks, wait in the
  /// pool. Segment follows segment, so that all keys are looked at equally often.
  ///
  /// - Parameter mayEvict: whether nobody has a claim on the key with this hash.
  /// - Complexity: O(1), about a hundred slots read for a key evicted; where few keys may go, up to
  ///   `evictionSegmentsMax` segments.
  package mutating func evictOne(_ mayEvict: (KeyHash) -> Bool) -> EvictionOutcome {
    var segmentsLeft = Self.evictionSegmentsMax
    var claimed: [EvictionPool.Candidate] = []
    defer { for candidate in claimed { evictionPool.insert(candidate) } }
    while true {
      if evictionPool.isLow {
        guard evictableKeyCount > 0 else {
          evictionPool.removeAll()
          return .nothing
        }
        segmentsLeft -= fillEvictionPool()
      }
      while let candidate = evictionPool.takeBest() {
        let hash = KeyHash(rawValue: candidate.hash)
        if !mayEvict(hash) {
          claimed.append(candidate)
        } else if evict(candidate, hash) {
          return .evicted
        }
        if evictionPool.isLow, segmentsLeft > 0 { break }
      }
      if segmentsLeft <= 0 { return .notFoundYet }
    }
  }

  private mutating func evict(_ candidate: EvictionPool.Candidate, _ hash: KeyHash) -> Bool {
    guard candidate.database < databaseCount else { return false }
    return inDatabase(candidate.database) { keyspace in
      guard let slot = unsafe keyspace.database.pointee.table.find(hash: hash) else { return false }
      let entry = unsafe Entry(slot: slot)
      // Used, or given another expiry, since it was chosen.
      guard let score = keyspace.evictionScore(entry), score >= candidate.score else { return false }
      keyspace.evict(entry)
      return true
    }
  }

  /// Deletes an entry because memory is short. In the records it stands for itself, before whatever wanted the room.
  private mutating func evict(_ entry: Entry) {
    statistics.evictedKeys += 1
    let notesBefore = noteCounts
    if !observed.isEmpty { noteChange(entry.key, byExpiry: true) }
    effects.openUnit()
    recordRemoval(entry.key)
    effects.closeUnit()
    notify(.evicted, "evicted", entry.key)
    let notes = noteCounts
    evictionPool.noteByteCount += notes.bytes - notesBefore.bytes
    evictionPool.noteByteCount +=
      (notes.count - notesBefore.count) * (entry.key.count + EvictionPool.bytesPerNote)
    remove(entry, .eviction)
  }

  /// What waits to be told: keys of events and invalidations, and bytes of records.
  private var noteCounts: (count: Int, bytes: Int) {
    (events.events.count + observed.tracked.invalidations.count, effects.byteCount)
  }

  /// The memory that evictions since the last call have taken for what is to be told of them.
  package mutating func takeEvictionNotes() -> Int {
    defer { evictionPool.noteByteCount = 0 }
    return evictionPool.noteByteCount
  }

  /// How much the policy wants an entry gone, nil if it must stay.
  private func evictionScore(_ entry: Entry) -> UInt64? {
    let policy = options.evictionPolicy
    if policy.needsExpiry, entry.expiry == nil { return nil }
    switch policy.ranking {
    case .none: return nil
    case .idleTime: return UInt64(idleSeconds(entry))
    case .frequency: return UInt64(255 - frequency(entry))
    case .expiry: return entry.expiry.map { UInt64(clamping: Int64.max - Swift.max($0, 0)) }
    // As good as any other: never seen as used since.
    case .random: return .max
    }
  }

  /// Looks at the next segments of every database that has something to offer.
  ///
  /// - Returns: how many segments were looked at.
  private mutating func fillEvictionPool() -> Int {
    let wanted = Swift.max(1, options.evictionSamples / Self.samplesPerSegment)
    var looked = 0
    for index in 0..<databaseCount
    where evictableKeyCount(inDatabase: index, options.evictionPolicy) > 0 {
      let segments = Swift.min(wanted, unsafe database(at: index).pointee.table.segmentCount)
      for _ in 0..<segments { lookForCandidates(inDatabase: index) }
      looked += segments
    }
    return Swift.max(looked, 1)
  }

  private mutating func lookForCandidates(inDatabase index: Int) {
    let database = unsafe database(at: index)
    let isRandom = options.evictionPolicy.ranking == .random
    var pool = EvictionPool()
    swap(&pool, &evictionPool)
    defer { swap(&pool, &evictionPool) }
    var random = self.random
    let next = unsafe database.pointee.table.visitSegment(from: database.pointee.evictionCursor) {
      slot in
      let entry = unsafe Entry(slot: slot)
      guard var score = evictionScore(entry) else { return }
      if isRandom { score = random.next() }
      if let lowest = pool.lowestScore, score <= lowest { return }
      let hash = KeyHash(entry.key, seed: seed).rawValue
      pool.insert(EvictionPool.Candidate(score: score, database: index, hash: hash))
    }
    self.random = random
    unsafe database.pointee.evictionCursor = next ?? 0
  }
}
