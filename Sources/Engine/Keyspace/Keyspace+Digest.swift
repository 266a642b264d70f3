package import RESP

/// What DEBUG DIGEST and MEMORY USAGE tell about keys.
extension Keyspace {
  /// DEBUG DIGEST-VALUE: depends on the value, its type, and whether it expires, not on the key.
  package mutating func digest(_ key: ByteView) -> ContentDigest? {
    lookup(key, for: .peek).map { entry in
      var digest = ContentDigest()
      entry.mixValue(into: &digest)
      return digest
    }
  }

  /// DEBUG DIGEST: for each database how many keys it has and what their digests come to. Those of shards are
  /// added up and combined by `^`; then `ContentDigest(ofDatabases:)`.
  ///
  /// - Complexity: O(all data).
  package mutating func databaseDigests() -> [DatabaseDigest] {
    (0..<databaseCount).map { index in
      inDatabase(index) { keyspace in
        DatabaseDigest(keyCount: keyspace.count, digest: keyspace.digestDatabase())
      }
    }
  }

  private mutating func digestDatabase() -> ContentDigest {
    var sum = ContentDigest()
    var position: UInt64? = 0
    let now = self.now
    while let current = position {
      position = unsafe database.pointee.table.visitBucket(from: current) { slot in
        let entry = unsafe Entry(slot: slot)
        if let expiry = entry.expiry, expiry <= now { return }
        var digest = ContentDigest()
        digest.mix(entry.key)
        entry.mixValue(into: &digest)
        sum.combine(bytesOf: digest)
      }
    }
    return sum
  }

  /// MEMORY USAGE: what the key takes of the heap and of its table; nil if there is none.
  ///
  /// - Parameter samples: how many elements of a collection are looked at; 0 for all.
  package mutating func byteCount(of key: ByteView, samples: Int) -> Int? {
    lookup(key, for: .peek).map {
      $0.block.heapByteCount(samples: samples) + DashTable.bytesPerSlot
    }
  }
}

/// The keys of one database, on one shard or on all.
package struct DatabaseDigest: Sendable {
  package var keyCount: Int
  package var digest: ContentDigest

  package static func + (left: Self, right: Self) -> Self {
    Self(keyCount: left.keyCount + right.keyCount, digest: left.digest ^ right.digest)
  }
}

extension ContentDigest {
  /// Of all data; zero when there is none.
  package init(ofDatabases databases: [DatabaseDigest]) {
    self.init()
    for (index, database) in databases.enumerated() where database.keyCount > 0 {
      mix(UInt32(index))
      self = self ^ database.digest
    }
  }
}

extension Entry {
  fileprivate func mixValue(into digest: inout ContentDigest) {
    digest.mix(UInt32(type.digestNumber))
    switch type {
    case .string: string.withBytes { digest.mix($0) }
    case .list, .set, .sortedSet, .hash, .stream: block.collection.mix(into: &digest)
    }
    if expiry != nil { digest.combine("!!expire!!") }
  }
}

extension ValueType {
  /// The number of Redis' objects: files have another one for streams.
  fileprivate var digestNumber: UInt8 { self == .stream ? 6 : rawValue }
}
