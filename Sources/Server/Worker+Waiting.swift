import CLinux
import Engine
import EventLoop
import RESP
import Shard

/// How commands that take more than one turn wait and reply piece by piece. For `suspend` bodies.
extension Worker {
  /// Lets a connection wait for `body`, which runs on this loop and may await other threads; its reply, or
  /// the error it throws, goes out next.
  ///
  /// At most one body a connection: it takes no further command meanwhile.
  func suspend(
    _ connection: Connection,
    _ body: @escaping @Sendable (inout ReplyWriter) async throws(CommandError) -> Void
  ) {
    precondition(!connection.isSuspended, "a connection suspended twice")
    connection.isSuspended = true
    connection.suspendedCall = SuspendedCall()
    let version = connection.protocolVersion
    let isSilent = !connection.wantsReply
    Task(executorPreference: loop) {
      var reply = ReplyWriter(protocolVersion: version)
      do throws(CommandError) {
        try await body(&reply)
      } catch {
        reply.removeAll()
        reply.error(error.message)
        self.loop.preconditionOnLoop()
        unsafe self.statistics.countError(error)
      }
      self.loop.preconditionOnLoop()
      self.concludeSuspended(connection, replyBytes: reply.count)
      if let capture = connection.replyCapture {
        let parts = connection.capturedParts
        connection.capturedParts = []
        return capture(parts + reply.bytes.bytes)
      }
      self.deliver(reply.bytes, to: connection.handle, isSilent: isSilent)
    }
  }

  /// Counts a service command that has run, or will when it is over.
  ///
  func countService(
    _ command: Int, _ words: Arguments, _ connection: Connection, startTicks: UInt64, endTicks: UInt64,
    replyBytes: Int
  ) {
    if connection.suspendedCall != nil {
      connection.suspendedCall?.command = command
      connection.suspendedCall?.startTicks = startTicks
      connection.suspendedCall?.words = NotedCommand.shortened(words)
      return
    }
    unsafe statistics.count(command, ticks: endTicks &- startTicks)
    unsafe statistics.observe(command, words, ticks: endTicks &- startTicks, replyBytes: replyBytes)
  }

  private func concludeSuspended(_ connection: Connection, replyBytes: Int) {
    guard let call = connection.suspendedCall else { return }
    connection.suspendedCall = nil
    let ticks = clinux_ticks() &- call.startTicks
    unsafe statistics.count(call.command, ticks: ticks)
    if unsafe statistics.observer.isRemarkable(ticks: ticks, replyBytes: replyBytes) {
      // Not held up by it was the thread: this is no long turn.
      log(
        NotedCommand(
          command: call.command, words: call.words, ticks: ticks, replyBytes: replyBytes,
          client: client(connection)))
    }
  }

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
    if connection.replyCapture != nil {
      connection.capturedParts += part.bytes
      return
    }
    guard !connection.isShutDown, connection.replyMode == .on else { return }
    connection.output.raw(part)
    touch(connection)
  }
}

/// A service command that takes more than one turn.
struct SuspendedCall {
  var command = 0
  var startTicks: UInt64 = 0
  /// As the command log keeps them.
  var words: [[UInt8]] = []
}
