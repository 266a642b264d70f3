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
    return sum
  }
}
