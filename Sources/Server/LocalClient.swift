import EventLoop
package import RESP
import Synchronization

/// A client inside the process: requests in and replies out as bytes, without a socket.
///
/// To its worker it is a connection like any other, so every command works as it does for a client of the
/// network. What several tasks send is one pipeline, in the order of their calls.
///
/// A caller on the worker's own thread has a single command run as a call (`run`), or several at once as a small turn of their
/// own. Others put theirs into the worker's `intake`, and, as long as its loop is awake, look for the reply for a while before they suspend.
package final class LocalClient: @unchecked Sendable {
  // Unchecked: everything that changes belongs to the worker's loop.

  /// The connection is closed: the server stops, or somebody killed the client.
  package struct Closed: Error {}

  private let worker: Worker
  private let loop: EventLoop
  private var connection: Connection?
  private var isEnded = false
  /// Somebody's work is being done, at the beginning of a turn.
  private var isPerforming = false
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
    loop = worker.loop
    self.pushed = pushed
    self.ended = ended
  }

  /// Sends commands; returns when all their replies are there.
  package func send(_ exchange: LocalExchange) async throws(Closed) {
    unsafe precondition(exchange.commandCount > 0, "a request without a reply")
    unsafe exchange.missing = unsafe exchange.commandCount
    if worker.loop.isOnLoop, worker.mayRunDirectly, runDirectly(exchange) {
      if exchange.isDone { return try check(exchange) }
      await exchange.wait()
      return try check(exchange)
    }
    try await submit(exchange)
  }

  /// Has the worker's thread do something at the beginning of its next turn: `work` may call `run`.
  ///
  /// - Parameter commandCount: about how many commands it runs.
  package func perform(
    commandCount: Int, _ work: @escaping @Sendable () -> Void
  ) async throws(Closed) {
    let exchange = LocalExchange()
    exchange.work = work
    unsafe exchange.commandCount = commandCount
    try await submit(exchange)
  }

  private func submit(_ exchange: LocalExchange) async throws(Closed) {
    exchange.client = self
    guard let mayBeQuick = worker.intake.add(exchange, worker.loop) else { throw Closed() }
    if mayBeQuick, exchange.spin() { return try check(exchange) }
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

  /// Runs a command of up to two words behind its name now. Only where `isHere`.
  ///
  /// - Returns: the reply as RESP3, valid until the next command; nil if something else has to come first: then nothing was
  ///   done.
  package func run(_ name: StaticString, _ first: ByteView?, _ second: ByteView?) -> ByteView? {
    guard let connection = connectionAtRest() else { return nil }
    return worker.runAlone(connection) { words in
      words.append(ByteView(name))
      if let first { words.append(first) }
      if let second { words.append(second) }
    }
  }

  /// Runs commands one after the other, as far as they can be run like this. Only where `isHere`.
  ///
  /// - Returns: how many were run: the first ones.
  package func run(_ commands: DirectCommands) -> Int {
    guard let connection = connectionAtRest() else { return 0 }
    return worker.runAll(connection, commands)
  }

  /// As for a single one, for any words.
  package func run(_ arguments: Arguments) -> ByteView? {
    guard let connection = connectionAtRest() else { return nil }
    return worker.runAlone(connection) { words in
      for index in 0..<arguments.count { words.append(arguments[index]) }
    }
  }

  /// Whether this is the worker's thread.
  package var isHere: Bool { loop.isOnLoop }

  /// The connection, if nothing of it is under way and others have had their turn.
  @inline(__always)
  private func connectionAtRest() -> Connection? {
    guard isPerforming || worker.mayRunDirectly, !isEnded, nextExchange == exchanges.count, pushed == nil
    else { return nil }
    let connection = connection ?? connect()
    return connection.takesInputInPlace && connection.hasSaidAll ? connection : nil
  }

  /// Runs commands now.
  ///
  /// - Returns: false if others have to come first; then nothing was done.
  private func runDirectly(_ exchange: LocalExchange) -> Bool {
    guard !isEnded, nextExchange == exchanges.count else { return false }
    let connection = connection ?? connect()
    guard connection.takesInputInPlace else { return false }
    exchanges.append(exchange)
    unsafe worker.runDirectly(connection, exchange.request.bytes)
    return true
  }

  /// Takes in commands that came from another thread.
  ///
  /// - Parameter isAlone: no others came with them.
  func take(_ exchange: LocalExchange, isAlone: Bool) {
    guard !isEnded else { return exchange.refuse() }
    if let work = exchange.work {
      isPerforming = true
      work()
      isPerforming = false
      exchange.work = nil
      return exchange.finish()
    }
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
      // The next replies are likely to be as long: the larger of the buffers that are free now is kept for them.
      if unsafe exchange.request.allocatedByteCount > output.allocatedByteCount {
        unsafe swap(&exchange.request, &output)
      }
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
  @inline(__always)
  fileprivate var takesInputInPlace: Bool {
    input.isEmpty && !isBusy && !isScheduled && !isClosing && !parser.isMidCommand
  }

  /// All its commands have run and replied, and nothing is kept back.
  @inline(__always)
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
