import Coordinator
import Engine
import EventLoop
import Glibc
import Persistence
import Shard
import Synchronization

/// How far a snapshot is, over all shards.
final class SnapshotProgress: Sendable {
  let savedKeys = Atomic<Int>(0)
  let totalKeys = Atomic<Int>(0)
  /// Nobody wants it any more once all data is flushed.
  let endsWithFlush: Bool
  private let cancelled = Atomic<Bool>(false)

  init(endsWithFlush: Bool = false) { self.endsWithFlush = endsWithFlush }

  private let beginning = ExitCode()

  /// Returns when the instant has come that the snapshot is of, or never will.
  func untilBegun() async { _ = await beginning.value }
  func begun() { beginning.setOnce(0) }

  var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
  func cancel() { cancelled.store(true, ordering: .relaxed) }
}

/// The worker's part of a snapshot.
extension Worker {
  /// How long a slice of a sweep may take; the turn has other things to do.
  static let sweepNanoseconds: UInt64 = 400_000
  /// How much is written at a time.
  static let partByteCount = 256 << 10

  /// Coordinates a look at all shards in one instant.
  func cut(
    _ body: @escaping @Sendable (Worker, inout Keyspace) -> Void, then conclude: @escaping () -> Void
  ) {
    let workers = server.workers
    let wallTime = WallClock.milliseconds
    begin(
      CutProgram(shardCount: server.shardCount) { shard, keyspace in
        keyspace.now = wallTime
        body(workers[shard], &keyspace)
      } onConclusion: {
        conclude()
      })
  }

  /// Writes the snapshot that was begun into a file, slice by slice, between the turns' other work.
  ///
  /// After a failure it goes on without writing, until the next snapshot can begin.
  ///
  /// - Parameter head: a part that comes before the keys'.
  func writeSnapshot(
    _ file: PartFile, _ head: [UInt8], _ progress: SnapshotProgress
  ) async throws(SystemError) {
    loop.preconditionOnLoop()
    slicesSnapshot = true
    defer {
      slicesSnapshot = false
      releaseAllSnapshotClaims()
    }
    var failure: SystemError?
    var part = head
    var hasMore = true
    var saved = 0
    while hasMore {
      if part.isEmpty { (part, hasMore, saved) = sweepSlice(file, progress) }
      defer { part = [] }
      do throws(SystemError) {
        if !part.isEmpty, failure == nil { try await write(part, to: file.descriptor, at: file.place(part)) }
        while failure == nil, let save = nextLargeValue() { try await write(save, file, progress) }
      } catch {
        failure = error
        cancelSnapshot()
      }
      if progress.isCancelled, failure == nil {
        failure = SystemError("snapshot", ECANCELED)
        cancelSnapshot()
      }
      if failure == nil { await delay(entries: saved, settings.saveDelayMicroseconds) { !progress.isCancelled } }
      await nextTurn()
    }
    if let failure { throw failure }
  }

  /// Sweeps for a moment.
  ///
  /// - Returns: what is to be written now, empty if it is too little, whether there will be more, and how many entries
  ///   were written since the last time.
  private func sweepSlice(_ file: PartFile, _ progress: SnapshotProgress) -> (part: [UInt8], hasMore: Bool, saved: Int) {
    shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        guard let cut = keyspace.currentSnapshot else { return ([], false, 0) }
        if cut.isFlushed, progress.endsWithFlush { progress.cancel() }
        let isDelayed = settings.saveDelayMicroseconds != 0
        let end = EventLoop.monotonicNanoseconds + (isDelayed ? 0 : Self.sweepNanoseconds)
        let hasMore = keyspace.sweepSnapshot(Self.partByteCount) { EventLoop.monotonicNanoseconds < end }
        if !hasMore { file.need(version: cut.version) }
        let saved = cut.takeSavedCount()
        progress.savedKeys.add(saved, ordering: .relaxed)
        hasBackgroundWork = hasBackgroundWork || keyspace.hasGarbage
        let isDue = !hasMore || cut.pendingByteCount >= Self.partByteCount
        return (isDue ? cut.takePart() : [], hasMore, saved)
      }
    }
  }

  private func cancelSnapshot() {
    shard.assumeIsolated { $0.withKeyspace { $0.cancelSnapshot() } }
  }
}
