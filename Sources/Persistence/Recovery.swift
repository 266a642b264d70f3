import Engine

/// What of the logs of several shards is to be applied, after a crash at any moment.
///
/// A transaction that spans shards counts only if each of them has its part on disk. Where a part is missing:
///
/// - A *held* transaction kept its keys until all parts were on disk, so nothing else in any log builds upon it:
///   its other parts are skipped.
/// - After an *open* one, others may have gone on with what it did. Each log that has a part of it ends there; what
///   stands behind was not promised to be kept. That may cut parts of further transactions away, and so on.
package struct Recovery: Sendable {
  /// Of each shard's log: how many bytes of it count.
  package private(set) var ends: [Int]
  /// Of each shard's log: what is to be left out, in order.
  package private(set) var skipped: [[Range<Int>]]
  /// Transactions that are not applied.
  package private(set) var abandonedCount = 0

  /// - Parameter logs: of each shard, what is whole of its log, and its parts of transactions in order.
  package init(_ logs: [(byteCount: Int, parts: [AppendOnlyScan.Part])]) {
    ends = logs.map(\.byteCount)
    skipped = logs.map { _ in [] }
    var abandoned: Set<UInt64> = []
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      var holders: [UInt64: Set<Int>] = [:]
      for (shard, log) in logs.enumerated() {
        for part in log.parts where part.range.upperBound <= ends[shard] {
          holders[part.line.id, default: []].insert(shard)
        }
      }
      for (shard, log) in logs.enumerated() {
        for part in log.parts where part.range.upperBound <= ends[shard] {
          let line = part.line
          if abandoned.contains(line.id), line.wasHeld { continue }
          guard !line.shards.allSatisfy({ holders[line.id]?.contains($0) == true }) else { continue }
          abandoned.insert(line.id)
          hasChanged = true
          if !line.wasHeld {
            ends[shard] = part.range.lowerBound
            break
          }
        }
      }
    }
    abandonedCount = abandoned.count
    for (shard, log) in logs.enumerated() {
      skipped[shard] = log.parts.filter {
        abandoned.contains($0.line.id) && $0.range.upperBound <= ends[shard]
      }.map(\.range)
    }
  }
}
