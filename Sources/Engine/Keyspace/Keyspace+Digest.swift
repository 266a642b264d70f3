package import RESP

/// What DEBUG DIGEST and MEMORY USAGE tell about keys.
extension Keyspace {
  /// DEBUG DIGEST-VALUE: depends on the value, its type, and whether it expires, not on the key.
  package mutating func digest(_ key: ByteView) -> ContentDigest? {
    lookup(key, for: .peek).map { entry in entry.valueDigest }
  }

  /// DEBUG DIGEST: over all keys of all databases; zero when there are none. Digests of shards
  /// combine by `^`.
  ///
  /// - Complexity: O(all data).
  package mutating func digestAll() -> ContentDigest {
    var sum = ContentDigest()
    for index in 0..<databaseCount {
      let part = inDatabase(index) { keyspace in keyspace.digestDatabase(index) }
      sum = sum ^ part
    }
    return sum
  }

  private mutating func digestDatabase(_ index: Int) -> ContentDigest {
    var sum = ContentDigest()
    var position: UInt64? = 0
    let now = self.now
    while let current = position {
      position = unsafe database.pointee.table.visitBucket(from: current) { slot in
        let entry = unsafe Entry(slot: slot)
        if let expiry = entry.expiry, expiry <= now { return }
        var digest = entry.valueDigest
        digest.mix(entry.key)
        StringValue.integer(index).withBytes { digest.mix($0) }
        sum = sum ^ digest
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

extension Entry {
  fileprivate var valueDigest: ContentDigest {
    var digest = ContentDigest()
    digest.mix(type.name)
    switch type {
    case .string: string.withBytes { digest.mix($0) }
    case .list, .set, .sortedSet, .hash, .stream: block.collection.mix(into: &digest)
    }
    if expiry != nil { digest.mix("expires") }
    return digest
  }
}
