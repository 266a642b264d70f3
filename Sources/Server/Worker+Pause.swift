import EventLoop
import Synchronization

/// CLIENT PAUSE: commands of all clients, or those that write, wait on their workers until it is over.
extension Worker {
  /// Starts or prolongs a pause. One under way is made neither shorter nor weaker.
  func pause(nanoseconds: UInt64, onlyWrites: Bool) {
    guard nanoseconds > 0 else { return }
    server.beginPause(
      until: EventLoop.monotonicNanoseconds + nanoseconds, onlyWrites: onlyWrites)
    loop.schedule(after: nanoseconds) { [unowned self] in server.endPauseIfDue() }
  }

  /// Lets the connections that were held back go on; a pause that began since holds them back again.
  func resumePaused() {
    loop.preconditionOnLoop()
    let waiting = paused
    paused.removeAll(keepingCapacity: true)
    for connection in waiting {
      connection.isPaused = false
      if connection.isShutDown { finishClosing(connection) } else { resume(connection) }
    }
  }
}

extension ServerContext {
  fileprivate func beginPause(until deadline: UInt64, onlyWrites: Bool) {
    pauseChange.withLock { _ in
      let current = pauseDeadline.load(ordering: .relaxed)
      let holdsAll = current != 0 && !pausesOnlyWrites.load(ordering: .relaxed)
      pausesOnlyWrites.store(onlyWrites && !holdsAll, ordering: .relaxed)
      pauseDeadline.store(max(current, deadline), ordering: .relaxed)
    }
  }

  /// Ends the pause, if there is one, on all workers.
  func endPause() { endPause { _ in true } }

  /// As `endPause`, if its time has come: another pause may have prolonged it.
  fileprivate func endPauseIfDue() {
    let now = EventLoop.monotonicNanoseconds
    endPause { $0 <= now }
  }

  private func endPause(_ isDue: (UInt64) -> Bool) {
    let ended = pauseChange.withLock { _ in
      let deadline = pauseDeadline.load(ordering: .relaxed)
      guard deadline != 0, isDue(deadline) else { return false }
      pauseDeadline.store(0, ordering: .relaxed)
      return true
    }
    guard ended else { return }
    // A worker that saw the pause before this has its connection in `paused` by the time this job runs.
    for worker in workers { Task(executorPreference: worker.loop) { worker.resumePaused() } }
  }
}
