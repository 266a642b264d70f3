import EventLoop
import RESP

/// How commands that take more than one turn wait and reply piece by piece. For `suspend` bodies.
extension Worker {
  /// Returns in the next turn, after everybody else has had theirs.
  func nextTurn() async { await Task.yield() }

  /// Waits until the time is over (nil: for ever), or the connection is on its way out.
  func pause(_ connection: Connection, milliseconds: Int?) async {
    loop.preconditionOnLoop()
    guard !connection.isShutDown, !connection.hasPeerClosed else { return }
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      var timer: TimerID?
      let end = {
        connection.stopWaiting = nil
        if let timer { self.loop.cancel(timer) }
        continuation.resume()
      }
      connection.stopWaiting = end
      if let milliseconds {
        timer = loop.schedule(after: UInt64(milliseconds) * 1_000_000) {
          connection.stopWaiting?()
        }
      }
    }
  }

  /// Sends a part of a suspended connection's reply ahead of the rest, and lets a turn pass.
  func sendPart(_ part: ByteView, to connection: Connection) {
    loop.preconditionOnLoop()
    precondition(connection.isSuspended, "a reply in parts for a connection that goes on meanwhile")
    guard !connection.isShutDown, connection.replyMode == .on else { return }
    connection.output.raw(part)
    touch(connection)
  }
}
