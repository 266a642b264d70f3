import EventLoop
import Glibc
import RESP

/// The metrics port: a small HTTP server on the first worker's loop.
///
/// It never asks a shard for anything: pages are made of what each worker tells about itself once a second, and
/// off the loop, so that whoever reads them holds nobody up.
final class MetricsServer {
  private unowned let worker: Worker
  private let listeners: [Listener]
  private var slots: [HTTPConnection?] = []
  private var generation: UInt32 = 0

  /// Further clients are turned away.
  private static let connectionsMax = 64
  /// A connection on which nothing happens for so long is closed.
  private static let idleNanoseconds: UInt64 = 30_000_000_000

  /// One client's connection.
  private final class HTTPConnection {
    let descriptor: Int32
    let handle: ConnectionHandle
    var input: [UInt8] = []
    var sending = ReplyWriter()
    var isReceiving = false
    var isSending = false
    /// An answer is being made; the next request waits.
    var isAnswering = false
    var isClosing = false
    var isShutDown = false
    var lastInteraction: UInt64

    init(descriptor: Int32, handle: ConnectionHandle, now: UInt64) {
      self.descriptor = descriptor
      self.handle = handle
      lastInteraction = now
    }
  }

  init(_ worker: Worker, listeners: [Listener]) {
    self.worker = worker
    self.listeners = listeners
    for index in listeners.indices { accept(index) }
  }

  private func accept(_ index: Int) {
    worker.loop.ring.acceptMultishot(
      listeners[index].descriptor, data: Worker.data(.metricsAccept, UInt64(index)))
  }

  /// Stops listening and breaks all connections off.
  func close() {
    for listener in listeners {
      shutdown(listener.descriptor, Int32(SHUT_RDWR))
      listener.close()
    }
    for case let connection? in slots { shutDown(connection) }
  }

  /// For the cron.
  func closeIdle(now: UInt64) {
    for case let connection? in slots
    where now > connection.lastInteraction
      && now - connection.lastInteraction > Self.idleNanoseconds
    {
      shutDown(connection)
    }
  }

  // MARK: Connections

  func accepted(_ completion: Completion) {
    let index = Int(completion.data & 0xFF_FFFF)
    guard completion.result >= 0 else {
      if completion.result != -ECANCELED, completion.result != -EINVAL, !completion.hasMore {
        accept(index)
      }
      return
    }
    if !completion.hasMore { accept(index) }
    let slot = slots.firstIndex { $0 == nil } ?? slots.count
    guard slot < Self.connectionsMax else {
      Glibc.close(completion.result)
      return
    }
    if slot == slots.count { slots.append(nil) }
    generation &+= 1
    let connection = HTTPConnection(
      descriptor: completion.result,
      handle: ConnectionHandle(slot: slot, generation: generation), now: worker.turnTime)
    slots[slot] = connection
    receive(connection)
  }

  private subscript(handle: ConnectionHandle) -> HTTPConnection? {
    guard handle.slot < slots.count, let connection = slots[handle.slot],
      connection.handle == handle
    else { return nil }
    return connection
  }

  private func receive(_ connection: HTTPConnection) {
    connection.isReceiving = true
    worker.loop.ring.receiveMultishot(
      connection.descriptor, group: worker.loop.buffers.group,
      data: Worker.data(.metricsReceive, connection.handle.bits))
  }

  /// The worker gives the buffer back at the end of the turn.
  func received(_ completion: Completion, _ handle: ConnectionHandle) {
    guard let connection = self[handle] else { return }
    if !completion.hasMore { connection.isReceiving = false }
    guard completion.result > 0, let buffer = completion.buffer else {
      if completion.result == -ENOBUFS { return receive(connection) }
      return shutDown(connection)
    }
    if connection.isShutDown { return finishClosing(connection) }
    connection.lastInteraction = worker.turnTime
    let bytes = unsafe ByteView(
      unsafeBase: worker.loop.buffers.unsafeAddress(buffer), count: Int(completion.result))
    // A client that sends on without reading answers is none.
    guard connection.input.count + bytes.count <= HTTPRequest.headBytesMax * 4 else {
      return shutDown(connection)
    }
    connection.input += bytes.bytes
    if !connection.isReceiving, !connection.isShutDown { receive(connection) }
    answerNext(connection)
  }

  func sent(_ completion: Completion, _ handle: ConnectionHandle) {
    guard let connection = self[handle] else { return }
    connection.isSending = false
    let isComplete = Int(completion.result) == connection.sending.count
    connection.sending.removeAll()
    connection.lastInteraction = worker.turnTime
    if connection.isShutDown { return finishClosing(connection) }
    guard isComplete, !connection.isClosing else { return shutDown(connection) }
    answerNext(connection)
  }

  private func shutDown(_ connection: HTTPConnection) {
    if !connection.isShutDown {
      connection.isShutDown = true
      shutdown(connection.descriptor, Int32(SHUT_RDWR))
      if connection.isReceiving {
        worker.loop.ring.cancel(
          Worker.data(.metricsReceive, connection.handle.bits), data: EventLoop.ignoredData)
      }
    }
    finishClosing(connection)
  }

  private func finishClosing(_ connection: HTTPConnection) {
    guard connection.isShutDown, !connection.isReceiving, !connection.isSending,
      self[connection.handle] === connection
    else { return }
    slots[connection.handle.slot] = nil
    Glibc.close(connection.descriptor)
  }

  // MARK: Answers

  private func answerNext(_ connection: HTTPConnection) {
    guard !connection.isAnswering, !connection.isSending, !connection.isClosing,
      !connection.isShutDown, !connection.input.isEmpty
    else { return }
    switch HTTPRequest.parse(connection.input) {
    case .incomplete: return
    case .failure(let status):
      connection.isClosing = true
      send(HTTPResponse(status: status).bytes(isHead: false, staysOpen: false), connection)
    case .request(let request, let byteCount):
      connection.input.removeFirst(byteCount)
      connection.isClosing = !request.staysOpen
      answer(request, connection)
    }
  }

  private func answer(_ request: HTTPRequest, _ connection: HTTPConnection) {
    connection.isAnswering = true
    let handle = connection.handle
    let worker = self.worker
    let server = worker.server
    Task.detached {
      let bytes = MetricsPages.answer(request, server)
      await worker.perform { $0.metrics?.answered(bytes, handle) }
    }
  }

  private func answered(_ bytes: [UInt8], _ handle: ConnectionHandle) {
    guard let connection = self[handle], !connection.isShutDown else { return }
    connection.isAnswering = false
    send(bytes, connection)
  }

  private func send(_ bytes: [UInt8], _ connection: HTTPConnection) {
    connection.isSending = true
    ByteView.with(bytes) { connection.sending.raw($0) }
    let view = connection.sending.bytes
    unsafe worker.loop.ring.send(
      connection.descriptor, unsafeBytes: view.unsafeBase, count: view.count,
      data: Worker.data(.metricsSend, connection.handle.bits))
  }
}
