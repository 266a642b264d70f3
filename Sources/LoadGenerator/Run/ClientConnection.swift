import RESP

/// One connection of the generator: what it sends, and what it waits for.
struct ClientConnection {
  let descriptor: Int32
  /// Requests not sent yet, and those that the kernel has.
  var output: RequestBuffer
  private(set) var sending: RequestBuffer
  private(set) var isSending = false
  /// It waits for its thread to give it requests.
  var isReady = false
  private var scanner = ReplyScanner()
  /// Instead of `scanner`, if the server is memcached.
  private var memcached: MemcachedScanner?
  /// Operations without all their replies.
  private(set) var outstanding = 0
  private var runs: [Run]
  private var firstRun = 0
  private var runCount = 0
  private var errorsSeen = 0

  /// Operations of one template that count from the same time.
  private struct Run {
    var time: UInt64 = 0
    var template: Int32 = 0
    var repliesEach: Int32 = 1
    var operations: Int32 = 0
    /// Replies that the operation under way still lacks.
    var missing: Int32 = 0
  }

  init(descriptor: Int32, pipeline: Int, _ wire: WireProtocol) {
    self.descriptor = descriptor
    if wire == .memcached { memcached = MemcachedScanner() }
    output = RequestBuffer(capacity: 4096)
    sending = RequestBuffer(capacity: 4096)
    runs = Array(repeating: Run(), count: min(pipeline, Self.runsAtFirst))
  }

  func deallocate() {
    output.deallocate()
    sending.deallocate()
  }

  /// Notes a request that goes out now and whose latency counts from `time`.
  @inline(__always)
  mutating func expect(_ template: Int, replies: Int, since time: UInt64) {
    outstanding &+= 1
    if runCount > 0 {
      let last = index(runCount &- 1)
      if runs[last].time == time, runs[last].template == Int32(truncatingIfNeeded: template) {
        runs[last].operations &+= 1
        return
      }
    }
    if runCount == runs.count { growRuns() }
    runs[index(runCount)] = Run(
      time: time, template: Int32(template), repliesEach: Int32(replies), operations: 1,
      missing: Int32(replies))
    runCount &+= 1
  }

  private static let runsAtFirst = 16

  /// Makes room for twice as many: a mix or an open loop with a deep pipeline.
  private mutating func growRuns() {
    let inOrder = (0..<runCount).map { runs[index($0)] }
    runs = inOrder + Array(repeating: Run(), count: runCount)
    firstRun = 0
  }

  /// Turns what is to be sent over to the kernel; the bytes stay until `endSending`.
  @inline(__always)
  mutating func beginSending() -> ByteView {
    swap(&output, &sending)
    isSending = true
    return sending.bytes
  }

  /// - Returns: how many bytes were to be sent.
  @inline(__always)
  mutating func endSending() -> Int {
    isSending = false
    defer { sending.removeAll() }
    return sending.count
  }

  @inline(__always)
  private func index(_ offset: Int) -> Int {
    let index = firstRun &+ offset
    return index < runs.count ? index : index &- runs.count
  }

  /// Takes bytes from the server.
  ///
  /// - Parameter completed: told of operations that have all their replies: their template, since when they count, how many.
  /// - Returns: false if the bytes are no replies, or replies nobody asked for.
  @inline(__always)
  mutating func receive(
    _ bytes: ByteView, _ completed: (_ template: Int, _ time: UInt64, _ operations: Int) -> Void
  ) -> Bool {
    var replies = Int32(truncatingIfNeeded: memcached?.scan(bytes) ?? scanner.scan(bytes))
    while replies > 0 {
      guard runCount > 0 else { return false }
      let available =
        (runs[firstRun].operations &- 1) &* runs[firstRun].repliesEach &+ runs[firstRun].missing
      let taken = min(replies, available)
      replies &-= taken
      let left = available &- taken
      let each = runs[firstRun].repliesEach
      let unfinished = each == 1 ? left : (left &+ each &- 1) / each
      let done = runs[firstRun].operations &- unfinished
      runs[firstRun].operations = unfinished
      runs[firstRun].missing = unfinished > 0 ? left &- (unfinished &- 1) &* each : 0
      if done > 0 {
        outstanding &-= Int(done)
        completed(Int(runs[firstRun].template), runs[firstRun].time, Int(done))
      }
      if unfinished == 0 {
        firstRun = index(1)
        runCount &-= 1
      }
    }
    return !(memcached?.isMalformed ?? scanner.isMalformed)
  }

  /// Error replies since this was last asked.
  mutating func takeErrorCount() -> Int {
    let seen = memcached?.errorCount ?? scanner.errorCount
    defer { errorsSeen = seen }
    return seen &- errorsSeen
  }

  /// The text of the last error.
  var errorText: String {
    String(decoding: memcached?.errorText ?? scanner.errorText, as: UTF8.self)
  }
}
