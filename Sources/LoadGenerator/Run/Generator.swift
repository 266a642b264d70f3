import EventLoop
import Glibc
import RESP
import Synchronization

/// A thread's load: which connection sends what when, and what came back.
///
/// A turn takes in all that has arrived, then gives requests to connections that are ready and sends them, one send a
/// connection. Replies are timed when the turn begins, requests when the turn begins to write them.
struct Generator {
  private(set) var outcome: ThreadOutcome
  private var connections: [ClientConnection]
  private var encoder: RequestEncoder
  private let pipeline: Int
  private let extent: Extent
  private let control: RunControl
  private let threadRate: Double
  private var pacer: Pacer?
  private var timer: TimerID?
  private let alarm = Alarm()

  /// Connections that may be given requests, first come, first served.
  private var ready: IndexQueue
  private var touched: [Int] = []
  private var usedBuffers: [BufferID] = []

  /// Operations still to begin, and those under way.
  private var remaining: Int
  private var outstanding = 0
  /// Monotonic nanoseconds: from when on operations count, and when none begins any more.
  private var measureStart: UInt64 = 0
  private var deadline = UInt64.max
  /// No operation begins any more; nor are replies awaited; nor is anything done.
  private var isOver = false
  private var hasFailed = false
  private var isDone = false

  private let intervalLength: UInt64
  private var interval = 0
  private var intervalEnd = UInt64.max
  private var intervalLatencies = HDRHistogram()

  /// Connects; blocks until all connections are there.
  init(_ plan: RunPlan, thread: Int, connections count: Int, _ control: RunControl)
    throws(BenchmarkError)
  {
    encoder = plan.encoder(thread: thread)
    pipeline = plan.pipeline
    extent = plan.extent
    self.control = control
    remaining = plan.extent.operations.map { plan.share(of: $0, thread) } ?? .max
    intervalLength = plan.interval
    outcome = ThreadOutcome(latencies: plan.templates.map { _ in HDRHistogram() })
    if case .open(let rate) = plan.schedule {
      threadRate = rate / Double(plan.threads)
    } else {
      threadRate = 0
    }
    ready = IndexQueue(capacity: count)
    connections = []
    do throws(BenchmarkError) {
      for _ in 0..<count {
        let client = try SetupClient(plan.address)
        connections.append(
          ClientConnection(descriptor: client.descriptor, pipeline: plan.pipeline, plan.wire))
        try client.require(plan.handshake)
      }
    } catch {
      close()
      throw error
    }
  }

  /// Frees what the connections hold. Their operations are over.
  func close() {
    for connection in connections {
      Glibc.close(connection.descriptor)
      connection.deallocate()
    }
  }

  /// Starts receiving; the first turn sends.
  mutating func begin(_ start: UInt64, _ loop: EventLoop) {
    measureStart = start + UInt64(extent.warmup * 1e9)
    if let seconds = extent.seconds {
      deadline = measureStart + UInt64(seconds * 1e9)
      loop.schedule(after: deadline - start) { [alarm] in alarm.rings = true }
    }
    intervalEnd = measureStart + intervalLength
    outcome.end = measureStart
    if threadRate > 0 { pacer = Pacer(rate: threadRate, start: start) }
    for index in connections.indices {
      receive(index, loop)
      markReady(index)
    }
  }

  var hasWork: Bool { isDone || alarm.rings }

  /// Timers run between the turn and the sleep: what they ring for needs a turn more.
  private final class Alarm {
    var rings = false
  }

  // MARK: The turn

  mutating func turn(_ loop: EventLoop) {
    alarm.rings = false
    let now = EventLoop.monotonicNanoseconds
    if now >= intervalEnd { endInterval(now) }
    loop.ring.reap { completion in
      if !loop.consumes(completion) { handle(completion, now, loop) }
    }
    issue(loop)
    recycleBuffers(loop)
    if isOver, outstanding == 0 || hasFailed, !isDone {
      isDone = true
      endInterval(now)
      loop.stop()
    }
  }

  private enum Operation: UInt8 {
    case receive = 1
    case send = 2
  }

  private static func data(_ operation: Operation, _ index: Int) -> UInt64 {
    UInt64(operation.rawValue) << 56 | UInt64(index)
  }

  private mutating func handle(_ completion: Completion, _ now: UInt64, _ loop: EventLoop) {
    let index = Int(completion.data & 0x00FF_FFFF_FFFF_FFFF)
    switch Operation(rawValue: UInt8(truncatingIfNeeded: completion.data >> 56)) {
    case .receive: received(completion, index, now, loop)
    case .send: sent(completion, index, loop)
    case nil: preconditionFailure("a completion nobody asked for: \(completion.data)")
    }
  }

  // MARK: Replies

  private mutating func received(
    _ completion: Completion, _ index: Int, _ now: UInt64, _ loop: EventLoop
  ) {
    if let buffer = completion.buffer { usedBuffers.append(buffer) }
    guard completion.result > 0, let buffer = completion.buffer else {
      // Out of buffers: they come back at the end of the turn.
      guard completion.result == -ENOBUFS else { return lost(completion.result) }
      return receive(index, loop)
    }
    let bytes = unsafe ByteView(
      unsafeBase: loop.buffers.unsafeAddress(buffer), count: Int(completion.result))
    let isValid = connections[index].receive(bytes) { template, time, operations in
      outstanding &-= operations
      guard time >= measureStart else { return }
      let latency = now &- time
      outcome.latencies[template].record(latency, count: UInt64(operations))
      intervalLatencies.record(latency, count: UInt64(operations))
      outcome.end = now
    }
    let errors = connections[index].takeErrorCount()
    if errors > 0 { note(errors, index) }
    guard isValid else {
      return fail(
        BenchmarkError("The server sent something that is no reply, or replies nobody waits for"))
    }
    if connections[index].outstanding == 0
      || (pacer != nil && connections[index].outstanding < pipeline)
    {
      markReady(index)
    }
    if !completion.hasMore { receive(index, loop) }
  }

  private func receive(_ index: Int, _ loop: EventLoop) {
    loop.ring.receiveMultishot(
      connections[index].descriptor, group: loop.buffers.group, data: Self.data(.receive, index))
  }

  private mutating func note(_ errors: Int, _ index: Int) {
    outcome.errors += errors
    if outcome.errorText.isEmpty {
      outcome.errorText = connections[index].errorText
    }
  }

  private mutating func lost(_ result: Int32) {
    // The ring's own end cancels what is under way.
    guard !isDone, !hasFailed else { return }
    let reason = result < 0 ? ServerAddress.text(of: -result) : "end of stream"
    fail(BenchmarkError("The server closed a connection: \(reason)"))
  }

  private mutating func fail(_ error: BenchmarkError) {
    control.fail(error)
    isOver = true
    hasFailed = true
  }

  // MARK: Requests

  private mutating func markReady(_ index: Int) {
    guard !connections[index].isReady else { return }
    connections[index].isReady = true
    ready.append(index)
  }

  private mutating func issue(_ loop: EventLoop) {
    guard !isOver, !ready.isEmpty || pacer != nil else { return }
    let now = EventLoop.monotonicNanoseconds
    if remaining == 0 || now >= deadline || control.isStopping.load(ordering: .relaxed) {
      // What was due in time goes out all the same, if a connection is free.
      if pacer != nil, now >= deadline { issueDue(deadline - 1, loop) }
      return end(now)
    }
    if pacer != nil { issueDue(now, loop) } else { issueBatches(now, loop) }
    if remaining == 0 { end(now) }
  }

  /// Closed loop: each connection without anything under way gets a full pipeline.
  private mutating func issueBatches(_ now: UInt64, _ loop: EventLoop) {
    while remaining > 0, let index = ready.popFirst() {
      connections[index].isReady = false
      let count = min(pipeline, remaining)
      for _ in 0..<count { request(index, since: now) }
      if now >= measureStart, remaining != .max { remaining &-= count }
      send(index, loop)
    }
  }

  /// Open loop: what is due goes to the connections in turn.
  private mutating func issueDue(_ now: UInt64, _ loop: EventLoop) {
    guard var pacer else { return }
    var waiting = min(pacer.waiting(at: now), remaining)
    while waiting > 0, let index = ready.popFirst() {
      let time = pacer.take()
      request(index, since: time)
      waiting &-= 1
      if time >= measureStart, remaining != .max { remaining &-= 1 }
      if connections[index].outstanding < pipeline {
        ready.append(index)
      } else {
        connections[index].isReady = false
      }
      touched.append(index)
    }
    self.pacer = pacer
    for index in touched where !connections[index].output.isEmpty { send(index, loop) }
    touched.removeAll(keepingCapacity: true)
    // With connections to spare, the next request's time is what to wait for; else their replies.
    if !ready.isEmpty, remaining > 0 { wake(at: pacer.nextDue, now, loop) }
  }

  private mutating func wake(at time: UInt64, _ now: UInt64, _ loop: EventLoop) {
    if let timer { loop.cancel(timer) }
    timer = loop.schedule(after: time > now ? time - now : 0) { [alarm] in alarm.rings = true }
  }

  @inline(__always)
  private mutating func request(_ index: Int, since time: UInt64) {
    let template = encoder.draw()
    encoder.encode(template, into: &connections[index].output)
    connections[index].expect(template, replies: encoder.replyCount(of: template), since: time)
    outstanding &+= 1
  }

  private mutating func send(_ index: Int, _ loop: EventLoop) {
    guard !connections[index].isSending else { return }
    let bytes = connections[index].beginSending()
    unsafe loop.ring.send(
      connections[index].descriptor, unsafeBytes: bytes.unsafeBase, count: bytes.count,
      data: Self.data(.send, index))
  }

  private mutating func sent(_ completion: Completion, _ index: Int, _ loop: EventLoop) {
    let count = connections[index].endSending()
    guard Int(completion.result) == count else { return lost(completion.result) }
    if !connections[index].output.isEmpty { send(index, loop) }
  }

  // MARK: Time

  /// No operation begins any more.
  private mutating func end(_ now: UInt64) {
    isOver = true
    if let pacer, remaining > 0 { outcome.unsent = pacer.waiting(at: min(now, deadline - 1)) }
  }

  private mutating func endInterval(_ now: UInt64) {
    control.publish(IntervalSample(index: interval, latencies: intervalLatencies))
    intervalLatencies.removeAll()
    interval = Int((max(now, measureStart) - measureStart) / intervalLength)
    intervalEnd = measureStart + UInt64(interval + 1) * intervalLength
  }

  private mutating func recycleBuffers(_ loop: EventLoop) {
    guard !usedBuffers.isEmpty else { return }
    for (offset, buffer) in usedBuffers.enumerated() {
      loop.buffers.recycle(buffer, offset: offset)
    }
    loop.buffers.publish(usedBuffers.count)
    usedBuffers.removeAll(keepingCapacity: true)
  }
}
