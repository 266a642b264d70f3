import EventLoop
import Glibc
import Logging
import Persistence
import RESP

/// Replies on their way out, and connections on theirs.
extension Worker {
  /// Has the end of the turn look at a connection.
  @inline(__always)
  func touch(_ connection: Connection) {
    guard !connection.isTouched else { return }
    connection.isTouched = true
    touched.append(connection)
  }

  /// Sends what the turn has written: one send a connection.
  func flushTouched() {
    deliverGathered()
    guard !touched.isEmpty else { return }
    for connection in touched {
      connection.isTouched = false
      flush(connection)
      if limitsClients { recount(connection) }
    }
    touched.removeAll(keepingCapacity: true)
  }

  private func flush(_ connection: Connection) {
    guard !connection.isShutDown else { return finishClosing(connection) }
    if !connection.held.isEmpty { sendHeld(connection) }
    if !connection.pushes.isEmpty, !connection.isMidReply, !connection.replies.isWaiting {
      connection.output.raw(connection.pushes.bytes)
      connection.pushes.removeAll()
    }
    if !connection.output.isEmpty, !connection.replies.isWaiting {
      // A large reply may be too much even before the first byte of it is sent.
      if connection.output.count > Connection.keptOutputBytesMax, exceedsOutputLimit(connection) {
        return
      }
      if journal.holdsReplies {
        hold(connection)
        if exceedsOutputLimit(connection) { return }
      } else if let sink = connection.sink {
        if connection.held.isEmpty { drain(&connection.output, into: sink) }
      } else if !connection.isSending, connection.held.isEmpty {
        swap(&connection.sending, &connection.output)
        connection.output.protocolVersion = connection.protocolVersion
        startSending(connection)
      } else if exceedsOutputLimit(connection) {
        return
      }
    }
    if connection.isClosing || connection.hasPeerClosed, !connection.isBusy, !connection.isSending,
      connection.output.isEmpty, connection.held.isEmpty
    {
      shutDown(connection)
      finishClosing(connection)
    }
  }

  /// Gives replies to a sink, which may look at the connection meanwhile.
  private func drain(_ replies: inout ReplyWriter, into sink: (inout ReplyWriter) -> Void) {
    var drained = ReplyWriter(protocolVersion: replies.protocolVersion)
    swap(&drained, &replies)
    sink(&drained)
    drained.protocolVersion = replies.protocolVersion
    if replies.isEmpty { swap(&drained, &replies) }
  }

  /// Keeps replies back until what the shard has appended so far is on disk.
  private func hold(_ connection: Connection) {
    guard connection.held.isEmpty else { return }
    swap(&connection.held, &connection.output)
    connection.output.protocolVersion = connection.protocolVersion
    connection.heldUntil = journal.appended
    holding.connections.append(connection)
  }

  /// Sends replies that were kept back, if the disk has what they tell of.
  private func sendHeld(_ connection: Connection) {
    guard journal.durable >= connection.heldUntil, !connection.isSending else { return }
    if let sink = connection.sink { return drain(&connection.held, into: sink) }
    swap(&connection.sending, &connection.held)
    startSending(connection)
  }

  private func startSending(_ connection: Connection) {
    connection.isSending = true
    let bytes = connection.sending.bytes
    unsafe loop.ring.send(
      connection.descriptor, unsafeBytes: bytes.unsafeBase, count: bytes.count,
      data: Self.data(.send, connection.handle.bits))
  }

  func sent(_ completion: Completion, _ handle: ConnectionHandle) {
    guard let connection = connections[handle] else { return }
    let count = connection.sending.count
    connection.finishSending(count)
    guard Int(completion.result) == count else {
      // The peer is gone, or the send was cut short by its going.
      return shutDown(connection)
    }
    unsafe traffic.sentByteCount += count
    unsafe traffic.writeCount &+= 1
    connection.sentByteCount += count
    touch(connection)
    // It may be below the limit again.
    if connection.softLimitSince != nil { _ = exceedsOutputLimit(connection) }
    if connection.isThrottled, connection.pendingOutputByteCount < Self.outputBytesPause / 2 {
      connection.isThrottled = false
      resume(connection)
    }
  }

  /// Replies that a client leaves unread up to here; then its commands wait, so that memory is bounded even
  /// without `client-output-buffer-limit`.
  static let outputBytesPause = 64 << 20

  /// Nobody who has not said who he is may have replies pile up here.
  private static let unauthenticatedOutputBytesMax = 1024

  /// Applies `client-output-buffer-limit` to output that waits behind a send; true if the client was cut
  /// off.
  func exceedsOutputLimit(_ connection: Connection) -> Bool {
    let waiting = connection.pendingOutputByteCount
    if !connection.isAuthenticated, waiting > Self.unauthenticatedOutputBytesMax {
      return disconnectSlow(connection)
    }
    let limits = connection.isSubscriber ? settings.pubsubOutputLimits : settings.outputLimits
    if limits.hardBytes > 0, waiting > limits.hardBytes {
      return disconnectSlow(connection)
    }
    if limits.softBytes > 0, waiting > limits.softBytes {
      let since = connection.softLimitSince ?? turnTime
      connection.softLimitSince = since
      if turnTime - since > UInt64(limits.softSeconds) * 1_000_000_000 {
        return disconnectSlow(connection)
      }
    } else {
      connection.softLimitSince = nil
    }
    if waiting > Self.outputBytesPause { connection.isThrottled = true }
    return false
  }

  @discardableResult
  func disconnectSlow(_ connection: Connection) -> Bool {
    guard !connection.isShutDown else { return true }
    server.log.warning(
      "Client \(describe(connection)) scheduled to be closed ASAP for overcoming of output buffer limits."
    )
    unsafe traffic.outputBufferDisconnections += 1
    abandon(connection)
    return true
  }

  /// Breaks a connection off whose buffers take too much.
  func abandon(_ connection: Connection) {
    shutDown(connection)
    connection.output.removeAll(retaining: 0)
    connection.pushes.removeAll(retaining: 0)
    connection.replies.abandon()
    if !connection.isScheduled, !connection.isRunning {
      connection.input.consume(connection.input.count)
      connection.multi = nil
    }
  }

  // MARK: The end of a connection

  /// The peer sent its last byte: what it sent is still answered, as far as it wants to know.
  func peerClosed(_ connection: Connection) {
    // What CLIENT PAUSE holds back is not worth keeping the connection for.
    if connection.isPaused { return shutDown(connection) }
    connection.hasPeerClosed = true
    connection.stopWaiting?()
    touch(connection)
  }

  /// Breaks the connection off. Its descriptor closes when the kernel is done with it.
  func shutDown(_ connection: Connection) {
    connection.isClosing = true
    connection.stopWaiting?()
    unsubscribeFromAll(connection)
    stopTracking(connection)
    if !connection.isShutDown {
      connection.isShutDown = true
      if connection.descriptor >= 0 { Glibc.shutdown(connection.descriptor, Int32(SHUT_RDWR)) }
      if connection.isReceiving {
        loop.ring.cancel(
          Self.data(.receive, connection.handle.bits), data: EventLoop.ignoredData)
      }
    }
    touch(connection)
  }

  /// Closes the descriptor and frees the slot once no operation uses them.
  func finishClosing(_ connection: Connection) {
    guard connection.isShutDown, !connection.isReceiving, !connection.isSending,
      !connection.isSuspended, connections[connection.handle] === connection
    else { return }
    connections.remove(connection)
    clientByteCount -= connection.countedByteCount
    connection.countedByteCount = 0
    stopWatching(connection)
    stopMonitoring(connection)
    scripts.release(connection)
    if connection.descriptor >= 0 { close(connection.descriptor) }
    connection.closed?()
    server.connectionClosed()
    if isDraining, connections.count == 0 { finishDraining() }
  }
}
