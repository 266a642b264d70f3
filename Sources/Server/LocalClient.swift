import EventLoop
import RESP
import Synchronization

/// A client inside the process: requests in and replies out as bytes, without a socket.
///
/// To its worker it is a connection like any other, so every command works as it does for a client of the
/// network. What several tasks send is one pipeline, in the order of their calls.
package final class LocalClient: @unchecked Sendable {
  // Unchecked: `submitted` has its lock; everything else belongs to the worker's loop.

  /// The connection is closed: the server stops, or somebody killed the client.
  package struct Closed: Error {}

  private struct Request: Sendable {
    let bytes: [UInt8]
    let replyCount: Int
    let continuation: CheckedContinuation<Result<[UInt8], Closed>, Never>
  }

  private struct Submitted: Sendable {
    var requests: [Request] = []
    var isClosed = false
  }

  /// A request whose replies are not complete.
  private struct Exchange {
    var awaited: Int
    let continuation: CheckedContinuation<Result<[UInt8], Closed>, Never>
  }

  private let worker: Worker
  private let submitted = Mutex(Submitted())
  private var connection: Connection?
  private var exchanges: [Exchange] = []
  /// The first of `exchanges` that is still awaited.
  private var nextExchange = 0
  /// What came for the exchange that is awaited now.
  private var replies: [UInt8] = []
  private let pushed: (@Sendable ([UInt8]) -> Void)?
  private let ended: (@Sendable () -> Void)?

  /// - Parameters:
  ///   - pushed: takes messages that answer no request, each as it comes, on the worker's thread.
  ///   - ended: hears once that nothing comes any more.
  init(
    _ worker: Worker, pushed: (@Sendable ([UInt8]) -> Void)?, ended: (@Sendable () -> Void)?
  ) {
    self.worker = worker
    self.pushed = pushed
    self.ended = ended
  }

  /// Sends commands and waits for all their replies.
  ///
  /// - Parameters:
  ///   - request: whole commands, as RESP.
  ///   - replyCount: how many replies they have.
  /// - Returns: the replies, as RESP3.
  package func send(_ request: [UInt8], replyCount: Int) async throws(Closed) -> [UInt8] {
    precondition(replyCount > 0, "a request without a reply")
    let outcome = await withCheckedContinuation { continuation in
      submit(Request(bytes: request, replyCount: replyCount, continuation: continuation))
    }
    return try outcome.get()
  }

  /// Ends the client; whoever waits for a reply hears that it is closed.
  package func close() {
    Task(executorPreference: worker.loop) {
      if let connection = self.connection { self.worker.shutDown(connection) } else { self.end() }
    }
  }

  private func submit(_ request: Request) {
    let (isClosed, isFirst) = submitted.withLock { submitted in
      if submitted.isClosed { return (true, false) }
      submitted.requests.append(request)
      return (false, submitted.requests.count == 1)
    }
    if isClosed { return request.continuation.resume(returning: .failure(Closed())) }
    if isFirst { Task(executorPreference: worker.loop) { self.take() } }
  }

  // MARK: On the loop

  /// Hands the worker what was submitted since the last time.
  private func take() {
    worker.loop.preconditionOnLoop()
    let requests = submitted.withLock { submitted in
      let requests = submitted.requests
      submitted.requests = []
      return requests
    }
    guard !requests.isEmpty else { return }
    let connection = connection ?? connect()
    for request in requests {
      exchanges.append(Exchange(awaited: request.replyCount, continuation: request.continuation))
      ByteView.with(request.bytes) { connection.input.append($0) }
    }
    worker.resume(connection)
  }

  private func connect() -> Connection {
    let connection = worker.makeLocalConnection()
    connection.sink = { self.received($0.bytes) }
    connection.closed = { self.end() }
    self.connection = connection
    return connection
  }

  private func received(_ bytes: ByteView) {
    var offset = 0
    // What has not been put into `replies` yet: replies are taken together, up to the end of an exchange.
    var start = 0
    while offset < bytes.count {
      guard let end = ReplyParser.skip(bytes, from: offset) else {
        preconditionFailure("a reply that is none, at \(offset) of \(bytes.count) bytes")
      }
      if bytes[offset] == 0x3E, let pushed {
        replies.append(bytes[start..<offset])
        pushed(bytes[offset..<end].bytes)
        start = end
      } else if isLastAwaited() {
        replies.append(bytes[start..<end])
        answered()
        start = end
      }
      offset = end
    }
    replies.append(bytes[start..<offset])
    // Replies that nobody waits for any more.
    if nextExchange == exchanges.count { replies.removeAll() }
  }

  /// One more reply is there: whether it is the last that the exchange waits for.
  private func isLastAwaited() -> Bool {
    guard nextExchange < exchanges.count else { return false }
    exchanges[nextExchange].awaited -= 1
    return exchanges[nextExchange].awaited == 0
  }

  private func answered() {
    exchanges[nextExchange].continuation.resume(returning: .success(replies))
    replies = []
    nextExchange += 1
    if nextExchange == exchanges.count {
      exchanges.removeAll(keepingCapacity: true)
      nextExchange = 0
    }
  }

  private func end() {
    let (requests, isFirst) = submitted.withLock { submitted in
      let requests = submitted.requests
      let isFirst = !submitted.isClosed
      submitted = Submitted(isClosed: true)
      return (requests, isFirst)
    }
    connection?.sink = nil
    connection?.closed = nil
    connection = nil
    let waiting = exchanges[nextExchange...]
    exchanges = []
    nextExchange = 0
    for exchange in waiting { exchange.continuation.resume(returning: .failure(Closed())) }
    for request in requests { request.continuation.resume(returning: .failure(Closed())) }
    if isFirst { ended?() }
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ view: ByteView) {
    unsafe append(contentsOf: UnsafeRawBufferPointer(start: view.unsafeBase, count: view.count))
  }
}

extension Worker {
  /// A connection that has no socket; its owner gives it a `sink`.
  func makeLocalConnection() -> Connection {
    loop.preconditionOnLoop()
    let connection = Connection(
      id: server.nextClientID(), descriptor: -1, handle: connections.nextHandle(),
      address: SocketAddresses(descriptor: -1), createdAt: WallClock.milliseconds / 1000,
      now: EventLoop.monotonicNanoseconds)
    connection.protocolVersion = 3
    connection.output.protocolVersion = 3
    connections.insert(connection)
    server.connectionCount.add(1, ordering: .relaxed)
    return connection
  }
}
