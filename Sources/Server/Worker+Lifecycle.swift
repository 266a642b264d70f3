import EventLoop
import Glibc

extension Worker {
  /// Takes on a connection that was accepted for this worker.
  func adopt(_ descriptor: Int32) {
    loop.preconditionOnLoop()
    Listener.setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    let handle = connections.nextHandle()
    let connection = Connection(
      id: server.nextClientID(), descriptor: descriptor, handle: handle,
      address: SocketAddresses(descriptor: descriptor), createdAt: wallTime / 1000, now: turnTime)
    connections.insert(connection)
    server.connectionCount.add(1, ordering: .relaxed)
    traffic.acceptedConnections += 1
    startReceiving(connection)
  }

  func describe(_ connection: Connection) -> String {
    "id=\(connection.id) addr=\(connection.address.peer)"
  }
}
