/// What a shard counts about its keyspace, since start or CONFIG RESETSTAT.
package struct KeyspaceStatistics: Sendable {
  package var hits = 0
  package var misses = 0
  package var expiredKeys = 0
  /// Part of `expiredKeys`: found by the active cycle rather than by an access.
  package var expiredActively = 0
  package var expireCycleOverruns = 0
  /// Gone because memory was short.
  package var evictedKeys = 0
  /// Entries of flushed databases, and large values, freed after nobody could reach them any more.
  package var lazilyFreedObjects = 0
  /// Fields of hashes.
  package var expiredFields = 0
  /// Blocks of memory that were moved, and looked at and left where they are; and keys that had some of the former, and
  /// those that had none.
  package var movedBlocks = 0
  package var unmovedBlocks = 0
  package var movedKeys = 0
  package var unmovedKeys = 0

  package init() {}

  package static func + (left: Self, right: Self) -> Self {
    var sum = left
    sum.hits += right.hits
    sum.misses += right.misses
    sum.expiredKeys += right.expiredKeys
    sum.expiredActively += right.expiredActively
    sum.expireCycleOverruns += right.expireCycleOverruns
    sum.evictedKeys += right.evictedKeys
    sum.lazilyFreedObjects += right.lazilyFreedObjects
    sum.expiredFields += right.expiredFields
    sum.movedBlocks += right.movedBlocks
    sum.unmovedBlocks += right.unmovedBlocks
    sum.movedKeys += right.movedKeys
    sum.unmovedKeys += right.unmovedKeys
    return sum
  }
}
