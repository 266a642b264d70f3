import EventLoop
import Logging
import Persistence
import ServerConfig
import Synchronization

/// What is written without anybody asking: `save` points, and append-only files that have grown.
extension Persistence {
  /// Looks once a second, until the server stops.
  func startCron() {
    let worker = server.workers[0]
    worker.loop.preconditionOnLoop()
    worker.loop.schedule(after: 1_000_000_000) { [unowned self] in
      Task(executorPreference: worker.loop) { await self.tick() }
      startCron()
    }
  }

  private func tick() async {
    guard !isLoading else { return }
    if state.withLock({ $0.isRewriteScheduled && $0.save == nil && $0.rewrite == nil }) {
      _ = startRewrite()
      return
    }
    let configuration = server.configuration
    await saveIfDue(configuration)
    await rewriteIfDue(configuration)
  }

  /// After a failure, the next try has to wait so long.
  private static let retryMilliseconds: Int64 = 5000

  private func saveIfDue(_ configuration: Configuration) async {
    guard !configuration.savePoints.isEmpty else { return }
    let now = WallClock.milliseconds
    let (isBusy, last, mayTry) = state.withLock { state in
      (
        state.save != nil || state.rewrite != nil, state.lastSave,
        state.lastSaveSucceeded || now - state.lastSaveTry > Self.retryMilliseconds
      )
    }
    guard !isBusy, mayTry else { return }
    let seconds = Int((now - last) / 1000)
    guard configuration.savePoints.contains(where: { seconds > $0.seconds }) else { return }
    let changes = await changeCount() - state.withLock { $0.changesAtSave }
    guard let due = configuration.savePoints.first(where: { seconds > $0.seconds && changes >= $0.changes })
    else { return }
    log.notice("\(due.changes) changes in \(due.seconds) seconds. Saving...")
    _ = try? startSave()
  }

  private func rewriteIfDue(_ configuration: Configuration) async {
    let percentage = configuration[.autoAofRewritePercentage]
    let (isReady, base) = state.withLock { state in
      (state.isAppending && state.save == nil && state.rewrite == nil && state.failedRewrites == 0, state.baseByteCount)
    }
    guard percentage > 0, isReady else { return }
    let size = await appendOnlyByteCount()
    guard size > configuration[.autoAofRewriteMinSize] else { return }
    let growth = size * 100 / max(base, 1) - 100
    guard growth >= percentage else { return }
    log.notice("Starting automatic rewriting of AOF on \(growth)% growth")
    _ = startRewrite()
  }

  /// Bytes of all files that hold the data together.
  func appendOnlyByteCount() async -> Int {
    var size = 0
    for worker in server.workers { size += await worker.perform { $0.journal.fileByteCount } }
    return size + state.withLock { $0.baseByteCount }
  }

  // MARK: The end

  /// Puts everything on disk before the server stops.
  ///
  /// - Parameter saves: whether a snapshot is taken; nil: if there are save points.
  /// - Returns: false if the snapshot failed.
  func finish(saves: Bool?) async -> Bool {
    if state.withLock({ $0.isAppending }) {
      log.notice("Calling fsync() on the AOF file.")
      await syncJournals()
    }
    // One that is under way is of an earlier instant, and nobody waits for it any more.
    state.withLock { $0.save }?.snapshot.cancel()
    guard saves ?? !server.configuration.savePoints.isEmpty else { return true }
    log.notice("Saving the final RDB snapshot before exiting.")
    while true {
      do throws(SaveRefusal) {
        return await (try startSave(isScheduled: true, isAwaited: true)).value
      } catch {
        await turnstile.enter()
        turnstile.leave()
      }
    }
  }
}
