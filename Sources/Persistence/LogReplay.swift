import Engine
import RESP

/// The logs of all shards as what is to be run again: records in pieces, and in between what concerns all shards at
/// once and therefore is run once, when every log has come to it.
package struct LogReplay: Sendable {
  /// One file's part of a shard's log.
  package struct Input: Sendable {
    package let file: MappedFile
    /// Where the records begin, behind an RDB preamble.
    package let start: Int
    package let scan: AppendOnlyScan

    package init(file: MappedFile, start: Int, scan: AppendOnlyScan) {
      self.file = file
      self.start = start
      self.scan = scan
    }
  }

  /// Records of one file, one after the other. May have MULTI, EXEC and comments between them.
  package struct Piece: Sendable {
    package let file: MappedFile
    package let range: Range<Int>
  }

  /// What is run in parallel, one list of pieces a log; then, all of them done, the record that all logs have there.
  package struct Round: Sendable {
    package var pieces: [[Piece]]
    package var shared: Piece?
  }

  /// Where a shard's log ends, in which of its files.
  package struct End: Sendable {
    package let file: Int
    package let byteCount: Int
  }

  package private(set) var rounds: [Round] = []
  package private(set) var ends: [End] = []
  package private(set) var abandonedCount = 0
  /// The largest id of a transaction in the logs.
  package private(set) var lastTransaction: UInt64 = 0

  /// Of logs whose shared records differ.
  package struct Mismatch: Error, Sendable {
    package let counts: [Int]
  }

  /// - Parameter logs: each shard's files, in the order they were written.
  /// - Throws: when the logs do not have the same records that concern all shards.
  package init(_ logs: [[Input]]) throws(Mismatch) {
    let recovery = Recovery(
      logs.map { files in
        var start = 0
        var parts: [AppendOnlyScan.Part] = []
        for input in files {
          parts += input.scan.parts.map { $0.shifted(by: start) }
          start += input.scan.validByteCount
        }
        return (start, parts)
      })
    abandonedCount = recovery.abandonedCount
    lastTransaction = logs.joined().lazy.flatMap { $0.scan.parts }.map(\.line.id).max() ?? 0
    // One log meets nobody.
    let meets = logs.count > 1
    var lists: [[[Piece]]] = []
    var shared: [[Piece]] = []
    for (shard, files) in logs.enumerated() {
      let list = Self.pieces(
        files, end: recovery.ends[shard], skipping: recovery.skipped[shard], meets: meets)
      lists.append(list.pieces)
      shared.append(list.shared)
      ends.append(Self.end(files, recovery.ends[shard]))
    }
    let counts = shared.map(\.count)
    guard Set(counts).count <= 1 else { throw Mismatch(counts: counts) }
    for round in 0...(counts.first ?? 0) {
      rounds.append(
        Round(pieces: lists.map { $0[round] }, shared: shared.first.flatMap { $0.indices.contains(round) ? $0[round] : nil }))
    }
  }

  /// A log's records up to its end, cut where others have to be waited for.
  private static func pieces(
    _ files: [Input], end: Int, skipping skipped: [Range<Int>], meets: Bool
  ) -> (pieces: [[Piece]], shared: [Piece]) {
    var rounds: [[Piece]] = [[]]
    var shared: [Piece] = []
    var start = 0
    for input in files {
      // What is left out, or stands for itself, in this file's own offsets.
      var cuts = skipped.filter { $0.lowerBound >= start && $0.upperBound <= start + input.scan.validByteCount }
        .map { (range: $0.lowerBound - start..<$0.upperBound - start, isShared: false) }
      if meets {
        let left = cuts
        cuts += input.scan.sharedRecords.filter { record in
          !left.contains { $0.range.contains(record.lowerBound) }
        }.map { (range: $0, isShared: true) }
      }
      cuts.sort { $0.range.lowerBound < $1.range.lowerBound }
      let limit = min(input.scan.validByteCount, end - start)
      var position = input.start
      for cut in cuts where cut.range.upperBound <= limit {
        if position < cut.range.lowerBound {
          rounds[rounds.count - 1].append(Piece(file: input.file, range: position..<cut.range.lowerBound))
        }
        if cut.isShared {
          shared.append(Piece(file: input.file, range: cut.range))
          rounds.append([])
        }
        position = cut.range.upperBound
      }
      if position < limit {
        rounds[rounds.count - 1].append(Piece(file: input.file, range: position..<limit))
      }
      start += input.scan.validByteCount
    }
    return (rounds, shared)
  }

  private static func end(_ files: [Input], _ byteCount: Int) -> End {
    var left = byteCount
    for (index, input) in files.enumerated() {
      if left <= input.scan.validByteCount || index == files.count - 1 {
        return End(file: index, byteCount: left)
      }
      left -= input.scan.validByteCount
    }
    return End(file: 0, byteCount: 0)
  }
}

extension AppendOnlyScan.Part {
  fileprivate func shifted(by offset: Int) -> AppendOnlyScan.Part {
    AppendOnlyScan.Part(
      line: line, range: range.lowerBound + offset..<range.upperBound + offset)
  }
}
