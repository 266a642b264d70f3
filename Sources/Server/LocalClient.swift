import EventLoop
import RESP
import Synchronization

/// A client inside the process: requests in and replies out as bytes, without a socket.
///
/// To its worker it is a connection like any other, so every command works as it does for a client of the
/// network. What several tasks send is one pipeline, in the order of their calls.
///
/// A caller on the worker's own thread has the commands run at once, as a small turn of their own. Others put theirs
/// into the worker's `intake`, and, as long as its loop is awake, look for the reply for a while before they suspend.
package final class LocalClient: @unchecked Sendable {
  // Unchecked: everything that changes belongs to the worker's loop.

  /// The connection is closed: the server stops, or somebody killed the client.
  package struct Closed: Error {}

  private let worker: Worker
  private var connection: Connection?
  private var isEnded = false
  /// Those that wait for replies, in their order.
  private var exchanges: [LocalExchange] = []
  /// The first of `exchanges` that is still awaited.
  private var nextExchange = 0
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

  /// Sends commands; returns when all their replies are there.
  package func send(_ exchange: LocalExchange) async throws(Closed) {
    unsafe precondition(exchange.commandCount > 0, "a request without a reply")
    unsafe exchange.missing = unsafe exchange.commandCount
    if worker.loop.isOnLoop, worker.mayRunDirectly, runDirectly(exchange) {
      if exchange.isDone { return try check(exchange) }
    } else {
      exchange.client = self
      guard let mayBeQuick = worker.intake.add(exchange, worker.loop) else { throw Closed() }
      if mayBeQuick, exchange.spin() { return try check(exchange) }
    }
    await exchange.wait()
    try check(exchange)
  }

  private func check(_ exchange: LocalExchange) throws(Closed) {
    if exchange.isRefused { throw Closed() }
  }

  /// Ends the client; whoever waits for a reply hears that it is closed.
  package func close() {
    Task(executorPreference: worker.loop) {
      if let connection = self.connection { self.worker.shutDown(connection) } else { self.end() }
    }
  }

  // MARK: On the loop

  /// Runs commands now.
  ///
  /// - Returns: false if others have to come first; then nothing was done.
  private func runDirectly(_ exchange: LocalExchange) -> Bool {
    guard !isEnded, nextExchange == exchanges.count else { return false }
    let connection = connection ?? connect()
    guard connection.takesInputInPlace else { return false }
    if unsafe exchange.commandCount == 1, pushed == nil, connection.hasSaidAll,
      unsafe worker.runAlone(connection, exchange.request.bytes, &exchange.reply)
    {
      exchange.finish()
      return true
    }
    exchanges.append(exchange)
    unsafe worker.runDirectly(connection, exchange.request.bytes)
    return true
  }

  /// Takes in commands that came from another thread.
  ///
  /// - Parameter isAlone: no others came with them.
  func take(_ exchange: LocalExchange, isAlone: Bool) {
    guard !isEnded else { return exchange.refuse() }
    let connection = connection ?? connect()
    let isNext = nextExchange == exchanges.count
    exchanges.append(exchange)
    if isAlone, isNext, connection.takesInputInPlace {
      unsafe worker.parse(connection, exchange.request.bytes, isFromInput: false)
    } else {
      unsafe connection.input.append(exchange.request.bytes)
      worker.resume(connection)
    }
  }

  private func connect() -> Connection {
    let connection = worker.makeLocalConnection()
    connection.sink = { self.received(&$0) }
    connection.closed = { self.end() }
    self.connection = connection
    return connection
  }

  /// Takes what the connection has to say, and may exchange the buffer for another one.
  private func received(_ output: inout ReplyWriter) {
    if pushed == nil, nextExchange + 1 == exchanges.count, connection?.hasSaidAll == true,
      unsafe exchanges[nextExchange].missing == exchanges[nextExchange].commandCount
    {
      // All commands of the only exchange have run: these are its replies.
      let exchange = exchanges[nextExchange]
      unsafe swap(&exchange.reply, &output)
      unsafe swap(&exchange.request, &output)
      output.removeAll()
      return answered()
    }
    split(output.bytes)
    output.removeAll()
  }

  /// Finds the ends of the replies.
  private func split(_ bytes: ByteView) {
    var offset = 0
    // What has not been handed over yet: replies are taken together, up to the end of an exchange.
    var start = 0
    while offset < bytes.count {
      guard let end = ReplyParser.skip(bytes, from: offset) else {
        preconditionFailure("a reply that is none, at \(offset) of \(bytes.count) bytes")
      }
      if bytes[offset] == 0x3E, let pushed {
        hand(bytes[start..<offset])
        pushed(bytes[offset..<end].bytes)
        start = end
      } else if isLastMissing() {
        hand(bytes[start..<end])
        answered()
        start = end
      }
      offset = end
    }
    hand(bytes[start..<offset])
  }

  /// Gives replies to whom they are for; nobody may wait for them any more.
  private func hand(_ replies: ByteView) {
    if nextExchange < exchanges.count { unsafe exchanges[nextExchange].reply.raw(replies) }
  }

  /// One more reply is there: whether it is the last that the exchange waits for.
  private func isLastMissing() -> Bool {
    guard nextExchange < exchanges.count else { return false }
    unsafe exchanges[nextExchange].missing -= 1
    return unsafe exchanges[nextExchange].missing == 0
  }

  private func answered() {
    exchanges[nextExchange].finish()
    nextExchange += 1
    if nextExchange == exchanges.count {
      exchanges.removeAll(keepingCapacity: true)
      nextExchange = 0
    }
  }

  private func end() {
    guard !isEnded else { return }
    isEnded = true
    connection?.sink = nil
    connection?.closed = nil
    connection = nil
    let waiting = exchanges[nextExchange...]
    exchanges = []
    nextExchange = 0
    for exchange in waiting { exchange.refuse() }
    ended?()
  }
}

extension Connection {
  /// Commands may be parsed where they are: nothing has to come before them.
  fileprivate var takesInputInPlace: Bool {
    input.isEmpty && !isBusy && !isScheduled && !isClosing && !parser.isMidCommand
  }

  /// All its commands have run and replied, and nothing is kept back.
  fileprivate var hasSaidAll: Bool {
    input.isEmpty && !isBusy && !isClosing && output.isEmpty && held.isEmpty
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
