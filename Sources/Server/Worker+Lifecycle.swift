import Engine
import EventLoop
import Glibc
import RESP
import ServerConfig
import Shard
import Synchronization

/// Connections coming and going.
extension Worker {
  /// Takes on a connection that was accepted for this worker.
  func adopt(_ descriptor: Int32) {
    loop.preconditionOnLoop()
    let configuration = server.configuration
    let address = SocketAddresses(descriptor: descriptor)
    let open = server.connectionCount.add(1, ordering: .relaxed).newValue
    if let refusal = greeting(refusing: address, openConnections: open, configuration) {
      unsafe traffic.rejectedConnections += 1
      server.connectionClosed()
      // Best effort: a socket just accepted has room for one line.
      _ = unsafe refusal.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      close(descriptor)
      return
    }
    if !address.isUnix {
      Listener.setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
      setKeepalive(descriptor)
    }
    let connection = Connection(
      id: server.nextClientID(), descriptor: descriptor, handle: connections.nextHandle(),
      address: address, createdAt: WallClock.milliseconds / 1000,
      now: EventLoop.monotonicNanoseconds)
    connection.isAuthenticated = configuration[.requirepass].isEmpty
    connections.insert(connection)
    unsafe traffic.acceptedConnections += 1
    startReceiving(connection)
    if isDraining { shutDown(connection) }
  }

  /// The error for a connection that can't be served, nil if it can.
  private func greeting(
    refusing address: SocketAddresses, openConnections: Int, _ configuration: Configuration
  ) -> [UInt8]? {
    if openConnections > configuration[.maxclients] {
      return Array("-ERR max number of clients reached\r\n".utf8)
    }
    if configuration[.protectedMode], configuration[.requirepass].isEmpty, !address.isLoopback {
      return Array(
        """
        -DENIED Martlet is running in protected mode: no password is set for the default user, so only \
        clients on this machine are served. To allow others, set a password with requirepass, or switch \
        protected-mode off and make sure that the server can't be reached from the internet.\r\n
        """.utf8)
    }
    return nil
  }

  private func setKeepalive(_ descriptor: Int32) {
    let seconds = Int32(settings.keepaliveSeconds)
    guard seconds > 0 else { return }
    Listener.setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
    Listener.setOption(descriptor, Int32(IPPROTO_TCP), TCP_KEEPIDLE, seconds)
    Listener.setOption(descriptor, Int32(IPPROTO_TCP), TCP_KEEPINTVL, max(seconds / 3, 1))
    Listener.setOption(descriptor, Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
  }

  /// How log lines name a connection.
  func describe(_ connection: Connection) -> String {
    "id=\(connection.id) addr=\(connection.address.peer) laddr=\(connection.address.local) "
      + "name=\(String(decoding: connection.name, as: UTF8.self)) "
      + "qbuf=\(connection.input.count) omem=\(connection.pendingOutputByteCount)"
  }

  // MARK: Stopping

  /// Closes every connection as soon as its replies are out.
  func drain() {
    isDraining = true
    for connection in connections.all {
      connection.isClosing = true
      if connection.blocked != nil { shutDown(connection) }
      touch(connection)
    }
  }

  /// Waits until all connections are closed, or until `deadline` (monotonic nanoseconds).
  func drained(until deadline: UInt64) async {
    await withTaskExecutorPreference(loop) { await waitForDrain(until: deadline) }
  }

  private func waitForDrain(until deadline: UInt64) async {
    loop.preconditionOnLoop()
    guard connections.count > 0 else { return }
    await withCheckedContinuation { continuation in
      drainWaiter = continuation
      let now = EventLoop.monotonicNanoseconds
      loop.schedule(after: deadline > now ? deadline - now : 0) { self.finishDraining() }
    }
  }

  func finishDraining() {
    drainWaiter?.resume()
    drainWaiter = nil
  }
}
