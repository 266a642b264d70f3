import CLinux
import Engine
import EventLoop
import Glibc
import Logging
import Persistence
import RESP
import Shard

/// One thread's part of the server: its shard, the connections it accepted, and its mail with the other
/// threads.
///
/// A turn: take in what arrived (replies from other shards, bytes from clients, commands from other
/// shards), execute all of it in one go inside the shard's isolation, then send: one gathered send per
/// connection, one parcel per other shard.
final class Worker: LoopClient, @unchecked Sendable {
  // Unchecked: everything below is touched on `loop` only; `perform` is the way in from elsewhere.

  let shard: Shard
  /// Who may use the shard's keys when: transactions, clients that wait, clients that watch.
  let scheduler: ShardScheduler
  let loop: EventLoop
  let server: ServerContext
  let index: Int
  /// `index` as batch records have it.
  let ownShard: Int32

  var connections = ConnectionTable()
  var batch = Batch()
  /// Of every command that ran here. Anybody may read them.
  let counters: CommandCounters
  @exclusivity(unchecked)
  var statistics: CommandStatistics
  @exclusivity(unchecked)
  var traffic = TrafficStatistics()
  var settings: WorkerSettings {
    didSet {
      configureObserver()
      loop.batching.delay = settings.arrivalBatchNanoseconds
      if settings.journalPolicy != oldValue.journalPolicy { applyJournalPolicy() }
    }
  }
  /// The last write of the journal failed.
  var journalHasFailed = false
  var mail: Mail
  /// Parcels whose replies were handed out this turn.
  var answered: [Parcel] = []

  /// Receive buffers to give back at the end of the turn.
  private var usedBuffers: [BufferID] = []
  /// Bytes that arrived for a connection whose run is not executed yet; for the next pass of the turn.
  private var deferred: [(connection: Connection, buffer: BufferID, byteCount: Int)] = []
  /// Connections whose input can be looked at again.
  var resumable: [Connection] = []
  /// Connections with output, or on their way out.
  var touched: [Connection] = []
  /// Commands of transactions that run on this thread rather than on a shard.
  var pendingServices: [PendingService] = []
  /// The scripts that run on this thread.
  private(set) lazy var scripts = ScriptRunner(self)
  /// Connections for commands of other shards' clients, not in use.
  var visitors: [Connection] = []
  /// Clients that wait for keys.
  var blockedCount = 0
  /// Held back by CLIENT PAUSE.
  var paused: [Connection] = []
  /// This thread's subscribers, and where messages of its clients go.
  var audiences = LocalAudiences()
  var routes = ChannelRoutes()
  let backlog = PublicationBacklog()
  /// Clients that track keys, and those of them that hear of all changes.
  var trackingCount = 0
  var broadcastClients: [Connection] = []
  /// Clients that publish too fast for other threads.
  var flooding: [Connection] = []
  /// What this turn has for one channel's subscribers.
  var gathered = GatheredMessages()
  /// Monotonic nanoseconds, and milliseconds since 1970, as of this turn.
  private(set) var turnTime: UInt64 = 0
  private(set) var wallTime: Int64 = 0
  /// The server is stopping: connections close once their replies are out.
  var isDraining = false
  var drainWaiter: CheckedContinuation<Void, Never>?
  /// Flushed entries or expired keys wait to be freed: turns go on without waiting, a slice each.
  var hasBackgroundWork = false
  /// When blocks of memory are moved.
  var defragmentation = Defragmentation()
  /// What the shard has done, on its way to the disk.
  var journal = Journal()
  /// A snapshot is being written, large values in slices.
  var slicesSnapshot = false
  var snapshotClaims = SnapshotClaims()
  /// Microseconds that a test wants the thread to sleep before it writes.
  var journalWriteDelay: UInt32 = 0
  /// The journal's sync is due.
  var wantsSync = false
  /// When its next write begins.
  var gathering = WriteGathering()
  /// A timer is set for it.
  var isJournalTimed = false
  /// Seconds since 1970 of the last line of time in it.
  var journalTimestamp: Int64 = 0
  /// What waits for the journal.
  var holding = Holding()
  /// Who waits for writes to other files.
  var fileOperations: [UInt64: (Int32) -> Void] = [:]
  var lastFileOperation: UInt64 = 0
  var cronTicks = 0
  /// DEBUG PAUSE-CRON.
  var isCronPaused = false
  /// What INFO's `instantaneous_` fields show.
  var rates = TrafficRates()
  /// The metrics port; the first worker's.
  var metrics: MetricsServer?
  var insight = Insight()
  /// Commands until the next sample for `HotKeys`.
  @exclusivity(unchecked)
  var hotKeyCountdown = HotKeys.samplePeriod
  /// A turn of so many ticks is counted.
  @exclusivity(unchecked)
  var longTurnTicks = UInt64.max

  /// What clients inside the process have sent.
  let intake = LocalIntake()
  /// How many of them have had their commands run outside of a turn since the last one.
  @exclusivity(unchecked)
  var directRuns = 0
  private(set) var isInTurn = false
  @exclusivity(unchecked)
  var directWords = ArgumentTable(capacity: 64)
  @exclusivity(unchecked)
  var directReply = ReplyWriter(protocolVersion: 3)
  /// When such a run has last read the clocks.
  @exclusivity(unchecked)
  var directTicks: UInt64 = 0

  /// What its clients take, while that is limited.
  var clientByteCount = 0
  /// How much of the memory limit is left.
  @exclusivity(unchecked)
  var room: MemoryRoom

  init(shard: Shard, server: ServerContext, settings: WorkerSettings) {
    self.shard = shard
    index = shard.index
    ownShard = Int32(shard.index)
    loop = shard.loop
    self.server = server
    self.settings = settings
    unsafe room = MemoryRoom(server.memory, shard: shard.index)
    counters = CommandCounters(commandCount: server.table.commands.count)
    unsafe statistics = CommandStatistics(counters)
    scheduler = ShardScheduler(
      shard: shard.index, table: server.table, ids: server.transactionIDs, seed: server.seed)
    mail = Mail(origin: shard.index, shardCount: server.shardCount)
    loop.batching.delay = settings.arrivalBatchNanoseconds
    calibrateWatch()
  }

  deinit { counters.deallocate() }

  /// Runs `body` on this worker's loop, from anywhere.
  @concurrent
  func perform<Result: Sendable>(
    _ body: @escaping @Sendable (Worker) -> Result
  ) async -> Result {
    await withTaskExecutorPreference(loop) { body(self) }
  }

  /// As `perform`, inside the shard's isolation.
  func performWithKeyspace<Result: Sendable>(
    _ body: @escaping @Sendable (Worker, inout Keyspace) -> Result
  ) async -> Result {
    await shard.withKeyspace { keyspace in body(self, &keyspace) }
  }

  // MARK: The turn

  var hasWork: Bool {
    unsafe !resumable.isEmpty || hasBackgroundWork || room.isWanted || scheduler.hasUnfinished || scripts.hasPaused || hasMessages
      || defragmentation.isDue
      || intake.hasAny
      || mail.hasWork(server.mailboxes)
  }

  func readClocks() {
    turnTime = EventLoop.monotonicNanoseconds
    wallTime = WallClock.milliseconds
  }

  func turn() {
    isInTurn = true
    defer { isInTurn = false }
    unsafe directRuns = 0
    readClocks()
    unsafe traffic.turnCount &+= 1
    var marks = TurnMarks()
    marks.start = clinux_ticks()
    takeMail()
    takeLocal()
    marks.mail = clinux_ticks()
    loop.ring.reap { completion in
      if !loop.consumes(completion) { handle(completion) }
    }
    // A message sent before a client asked for the end of its subscription is delivered before that.
    if !audiences.isEmpty { takeMail() }
    parseResumable()
    marks.input = clinux_ticks()
    scripts.wakePaused()
    while !batch.runs.isEmpty || !mail.requests.isEmpty || hasMessages {
      execute()
      parseDeferred()
    }
    marks.commands = clinux_ticks()
    if unsafe hasBackgroundWork || scheduler.hasUnfinished || room.isWanted { workInBackground() }
    if defragmentation.isDue { moveBlocks(after: marks) }
    if journal.isOpen { advanceJournal() }
    marks.background = clinux_ticks()
    flushTouched()
    if limitsClients { evictClients() }
    if unsafe room.isLimited { endTurnWithLimit() }
    ship()
    recycleBuffers()
    marks.output = clinux_ticks()
    unsafe traffic.turnTicks &+= marks.output &- marks.start
    unsafe traffic.executionTicks &+= marks.commands &- marks.input
    watchTurn(marks)
  }

  /// What a completion is about: the top byte of its data.
  enum Operation: UInt8 {
    case accept = 1
    case receive = 2
    case send = 3
    case file = 4
    // Of the metrics port
    case metricsAccept = 5
    case metricsReceive = 6
    case metricsSend = 7
  }

  static func data(_ operation: Operation, _ bits: UInt64) -> UInt64 {
    UInt64(operation.rawValue) << 56 | bits
  }

  private func handle(_ completion: Completion) {
    let bits = completion.data & 0x00FF_FFFF_FFFF_FFFF
    switch Operation(rawValue: UInt8(truncatingIfNeeded: completion.data >> 56)) {
    case .receive: received(completion, ConnectionHandle(bits: bits))
    case .send: sent(completion, ConnectionHandle(bits: bits))
    case .file: fileDone(completion, bits)
    case .accept: server.accepted(completion, listener: bits, worker: self)
    case .metricsAccept: metrics?.accepted(completion)
    case .metricsReceive:
      if let buffer = completion.buffer { usedBuffers.append(buffer) }
      metrics?.received(completion, ConnectionHandle(bits: bits))
    case .metricsSend: metrics?.sent(completion, ConnectionHandle(bits: bits))
    case nil: preconditionFailure("a completion nobody asked for: \(completion.data)")
    }
  }

  // MARK: Input

  private func received(_ completion: Completion, _ handle: ConnectionHandle) {
    if let buffer = completion.buffer { usedBuffers.append(buffer) }
    guard let connection = connections[handle] else { return }
    if !completion.hasMore { connection.isReceiving = false }
    guard completion.result > 0, let buffer = completion.buffer else {
      // Out of buffers: they come back at the end of the turn, and the receive is started again.
      if completion.result == -ENOBUFS {
        startReceiving(connection)
      } else {
        peerClosed(connection)
        finishClosing(connection)
      }
      return
    }
    let byteCount = Int(completion.result)
    loop.batching.note(&connection.arrivals)
    unsafe traffic.receivedByteCount += byteCount
    unsafe traffic.readCount &+= 1
    connection.receivedByteCount += byteCount
    connection.lastInteraction = turnTime
    if connection.isClosing { return restartReceiving(connection) }
    if connection.isScheduled {
      deferred.append((connection, buffer, byteCount))
    } else {
      take(connection, buffer, byteCount)
    }
    restartReceiving(connection)
  }

  private func restartReceiving(_ connection: Connection) {
    if !connection.isReceiving, !connection.isShutDown, !connection.hasPeerClosed { startReceiving(connection) }
  }

  func startReceiving(_ connection: Connection) {
    connection.isReceiving = true
    loop.ring.receiveMultishot(
      connection.descriptor, group: loop.buffers.group,
      data: Self.data(.receive, connection.handle.bits))
  }

  /// Parses received bytes where they are, unless older ones wait before them.
  private func take(_ connection: Connection, _ buffer: BufferID, _ byteCount: Int) {
    let bytes = unsafe ByteView(
      unsafeBase: loop.buffers.unsafeAddress(buffer), count: byteCount)
    if connection.input.isEmpty && !connection.isBusy {
      parse(connection, bytes, isFromInput: false)
      return
    }
    connection.input.append(bytes, expecting: connection.missingInputByteCount)
    guard connection.input.count <= settings.queryBufferBytesMax else {
      server.log.warning(
        "Closing client that reached max query buffer length: \(describe(connection))")
      unsafe traffic.queryBufferDisconnections += 1
      return shutDown(connection)
    }
    if !connection.isBusy { parseInput(connection) }
  }

  private func parseInput(_ connection: Connection) {
    parse(connection, connection.input.view, isFromInput: true)
  }

  private func parseDeferred() {
    guard !deferred.isEmpty else { return }
    let arrived = deferred
    deferred.removeAll(keepingCapacity: true)
    for (connection, buffer, byteCount) in arrived where !connection.isClosing {
      if connection.isScheduled {
        deferred.append((connection, buffer, byteCount))
      } else {
        take(connection, buffer, byteCount)
      }
    }
  }

  /// Looks again at the input of connections that had to wait.
  private func parseResumable() {
    guard !resumable.isEmpty else { return }
    let ready = resumable
    resumable.removeAll(keepingCapacity: true)
    for connection in ready
    where !connection.isBusy && !connection.isClosing && !connection.isScheduled
      && !connection.input.isEmpty
    {
      parseInput(connection)
    }
  }

  /// Lets a connection go on with what it has sent already.
  func resume(_ connection: Connection) {
    touch(connection)
    if !connection.input.isEmpty && !connection.isBusy { resumable.append(connection) }
  }

  /// Finds the commands in `bytes` and schedules them as one run.
  func parse(_ connection: Connection, _ bytes: ByteView, isFromInput: Bool) {
    var parser = RequestParser()
    swap(&parser, &connection.parser)
    defer { swap(&parser, &connection.parser) }
    parse(connection, bytes, isFromInput: isFromInput, &parser, &batch)
  }

  private func parse(
    _ connection: Connection, _ bytes: ByteView, isFromInput: Bool, _ parser: inout RequestParser,
    _ batch: inout Batch
  ) {
    let firstRecord = batch.records.count
    var offset = 0
    var failure: ProtocolError?
    let limits = connection.isAuthenticated ? settings.parserLimits : .unauthenticated
    while offset < bytes.count, batch.records.count - firstRecord < Self.runRecordsMax {
      let firstWord = batch.arguments.count
      let outcome = parser.next(
        bytes[offset..<bytes.count], limits: limits, into: &batch.arguments)
      if case .incomplete(let missing) = outcome {
        connection.missingInputByteCount = missing
        break
      }
      if case .failure(let error) = outcome {
        failure = error
        break
      }
      guard case .command(let consumed) = outcome else { break }
      offset += consumed
      let wordCount = batch.arguments.count - firstWord
      if wordCount > 0 {
        let record = record(batch, firstWord: firstWord, wordCount: wordCount, end: offset)
        if record.command >= 0, server.table.descriptors[Int(record.command)].keyStep > 0 {
          batch.hasManyKeys = true
        }
        batch.records.append(record)
      }
    }
    connection.isScheduled = true
    batch.runs.append(
      Batch.Run(
        connection: connection, records: firstRecord..<batch.records.count, source: bytes,
        isFromInput: isFromInput, end: offset, failure: failure))
  }

  /// Commands of one connection that run before others get their turn.
  private static let runRecordsMax = 1024

  @inline(__always)
  private func record(
    _ batch: borrowing Batch, firstWord: Int, wordCount: Int, end: Int
  ) -> Batch.Record {
    let words = batch.arguments.arguments(from: firstWord, count: wordCount)
    guard let command = server.table.index(of: words) else {
      return Batch.Record(
        command: Batch.Record.unknown, wordCount: Int32(wordCount), firstWord: firstWord, end: end,
        hash: KeyHash(rawValue: 0), shard: Int32(index))
    }
    let firstKey = server.table.descriptors[command].firstKey
    var hash = KeyHash(rawValue: 0)
    var shard = index
    if firstKey > 0, firstKey < wordCount {
      hash = KeyHash(words[firstKey], seed: server.seed)
      if server.shardCount > 1 { shard = server.shard(of: words[firstKey], hash) }
    } else if wordCount > 3, server.runsScript[command], !words[2].matches("0") {
      // Only for a prefetch: what a script asks for first is most often its first key.
      hash = KeyHash(words[3], seed: server.seed)
      if server.shardCount > 1 { shard = server.shard(of: words[3], hash) }
    }
    return Batch.Record(
      command: Int32(command), wordCount: Int32(wordCount), firstWord: firstWord, end: end,
      hash: hash, shard: Int32(shard))
  }

  private func recycleBuffers() {
    guard !usedBuffers.isEmpty else { return }
    for (offset, buffer) in usedBuffers.enumerated() {
      loop.buffers.recycle(buffer, offset: offset)
    }
    loop.buffers.publish(usedBuffers.count)
    usedBuffers.removeAll(keepingCapacity: true)
  }
}
