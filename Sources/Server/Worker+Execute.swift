import CLinux
import Engine
import RESP
import Shard

extension Worker {
  /// Executes everything this turn has parsed or received from other shards.
  func execute() {
    shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        keyspace.now = wallTime
        keyspace.observed.setBroadcasting(!server.broadcasters.isEmpty)
        // Nothing changes during a pause, not even by itself.
        keyspace.keepsExpiredKeys = server.isPausing || scheduler.keysStandStill
        // Counting goes to a local for the turn: a property of a class is checked for exclusive access each time.
        var counts = CommandStatistics.placeholder
        unsafe swap(&counts, &statistics)
        if unsafe room.isLimited { beginTurnWithLimit(&keyspace) }
        answerRequests(&keyspace, &counts)
        keyspace.forgetPrefetched()
        executeRuns(&batch, &keyspace, &counts)
        takeNoted(&counts)
        deliverFeed()
        exchangeMessages(&keyspace, &counts)
        takeNoted(&counts)
        // What scripts have called meanwhile.
        deliverFeed()
        publishEvents(&keyspace)
        publishInvalidations(&keyspace)
        unsafe swap(&counts, &statistics)
        keyspace.forgetPrepared()
        keyspace.forgetPrefetched()
        collectEffects(&keyspace)
        // Its freeing begins before the replies are sent: who asks for the memory in use next finds little of it.
        if keyspace.hasGarbage { hasBackgroundWork = true }
        if keyspace.refusedPayload != nil { logRefusedPayload(&keyspace) }
      }
    }
    holdBackFlooding(batch)
    batch.removeAll()
  }

  private func executeRuns(
    _ batch: inout Batch, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    for index in 0..<min(batch.records.count, Self.bucketsAhead) {
      prefetchBucket(batch, index, &keyspace)
    }
    for index in 0..<min(batch.records.count, Self.entriesAhead) {
      prefetchEntry(batch, index, &keyspace)
    }
    if batch.hasManyKeys {
      for index in 0..<Keyspace.keysLookAhead { expectKeys(batch, index, &keyspace) }
    }
    for index in batch.runs.indices {
      let connection = batch.runs[index].connection
      connection.isScheduled = false
      if connection.isClosing { continue }
      // What was published before comes before its replies.
      if connection.isSubscriber { deliverGathered() }
      // The output moves here for the run, so that writing to it needs no look at the connection.
      var output = ReplyWriter()
      swap(&output, &connection.output)
      if !connection.replies.isWaiting { appendPushes(connection, to: &output) }
      connection.isRunning = true
      let end = executeRun(index, of: connection, batch, &keyspace, &output, &counts)
      connection.isRunning = false
      swap(&output, &connection.output)
      keepRest(ofRun: index, batch, from: end)
      touch(connection)
      if limitsClients { noteReplies(of: connection) }
    }
  }

  /// How far ahead of the executed command memory is asked for.
  private static let bucketsAhead = 24
  private static let entriesAhead = 12
  private static let elementBucketsAhead = 8
  private static let elementEntriesAhead = 4

  @inline(__always)
  private func prefetchBucket(_ batch: borrowing Batch, _ index: Int, _ keyspace: inout Keyspace) {
    guard index < batch.records.count else { return }
    let record = batch.records[index]
    if record.shard == ownShard, record.hash.rawValue != 0 {
      keyspace.prefetchBucket(record.hash, database: keyspace.selected)
    }
  }

  @inline(__always)
  private func prefetchEntry(_ batch: borrowing Batch, _ index: Int, _ keyspace: inout Keyspace) {
    guard index < batch.records.count else { return }
    let record = batch.records[index]
    if record.shard == ownShard, record.hash.rawValue != 0 {
      keyspace.prefetchEntry(record.hash, database: keyspace.selected)
    }
  }

  /// The same for what commands will read inside large values.
  @inline(__always)
  private func prefetchElements(_ batch: borrowing Batch, _ index: Int, _ keyspace: inout Keyspace) {
    keyspace.prefetchElementEntry(index &+ Self.elementEntriesAhead)
    let index = index &+ Self.elementBucketsAhead
    guard index < batch.records.count else { return }
    let record = batch.records[index]
    guard record.command >= 0, record.shard == ownShard else { return }
    let descriptor = server.table.descriptors[Int(record.command)]
    guard descriptor.element > 0, descriptor.element < Int(record.wordCount) else { return }
    let words = batch.arguments.arguments(from: record.firstWord, count: Int(record.wordCount))
    keyspace.prefetchElementBucket(
      index, words[descriptor.firstKey], record.hash, words[descriptor.element])
  }

  /// The same for the keys of a command that has several, all on this shard.
  private func expectKeys(_ batch: borrowing Batch, _ index: Int, _ keyspace: inout Keyspace) {
    guard index < batch.records.count, server.shardCount == 1 else { return }
    let record = batch.records[index]
    guard record.command >= 0 else { return }
    let descriptor = server.table.descriptors[Int(record.command)]
    guard descriptor.keyStep > 0, descriptor.firstKey < Int(record.wordCount) else { return }
    let words = batch.arguments.arguments(from: record.firstWord, count: Int(record.wordCount))
    keyspace.expectKeys(of: index, words, from: descriptor.firstKey, by: descriptor.keyStep)
  }

  /// Replies that one run may write; the rest of its commands come in the next turn, so that a pipeline of
  /// large replies neither holds up the others nor fills memory before anybody looks at its limits.
  private static let runOutputBytesMax = 1 << 20

  /// Executes the commands of one connection, until they end, it has to wait, or it has had its share of the turn.
  ///
  /// - Returns: how many of the run's bytes are done with.
  private func executeRun(
    _ run: Int, of connection: Connection, _ batch: borrowing Batch,
    _ keyspace: inout Keyspace, _ output: inout ReplyWriter, _ counts: inout CommandStatistics
  ) -> Int {
    var done = 0
    let outputEnd = output.count + Self.runOutputBytesMax
    output.readableMax = settings.readableMax(isSubscriber: connection.isSubscriber)
    keyspace.select(connection.database)
    keyspace.leavesAccessClocks = connection.leavesAccessClocks
    counts.observer.client = client(connection)
    let isMonitored = server.insight.isMonitored
    let requestBytesMin = settings.logLimits[.largeRequest].valueMin ?? .max
    unsafe hotKeyCountdown &-= batch.runs[run].records.count
    if unsafe hotKeyCountdown <= 0 { sampleKey(run, batch) }
    var call = Call(connection: connection, ticks: clinux_ticks(), isMonitored: isMonitored)
    for index in batch.runs[run].records {
      prefetchBucket(batch, index &+ Self.bucketsAhead, &keyspace)
      prefetchEntry(batch, index &+ Self.entriesAhead, &keyspace)
      prefetchElements(batch, index, &keyspace)
      if batch.hasManyKeys {
        expectKeys(batch, index &+ Keyspace.keysLookAhead, &keyspace)
        keyspace.reachCommand(index)
      }
      call.begin(batch.records[index], batch.arguments)
      let outcome = dispatch(&call, &keyspace, &output, &counts)
      if outcome == .waitsBefore {
        connection.parser.reset()
        return done
      }
      let end = call.record.end
      if end &- done >= requestBytesMin, call.record.command >= 0 {
        counts.observer.note(
          Int(call.record.command), call.words, ticks: 0, replyBytes: 0, requestBytes: end - done)
      }
      done = end
      if outcome == .goesOn, output.count <= outputEnd { continue }
      connection.parser.reset()
      return done
    }
    if let failure = batch.runs[run].failure {
      counts.countError(code: "ERR")
      output.error(Array("ERR Protocol error: ".utf8) + failure.message)
      connection.isClosing = true
    }
    return batch.runs[run].end
  }

  /// Saves the bytes that a run did not get to, and forgets those it did.
  private func keepRest(ofRun run: Int, _ batch: borrowing Batch, from end: Int) {
    let connection = batch.runs[run].connection
    let source = batch.runs[run].source
    if batch.runs[run].isFromInput {
      connection.input.consume(end)
    } else if end < source.count {
      connection.input.append(
        source[end..<source.count], expecting: connection.missingInputByteCount)
    }
    // Commands beyond what one run may hold, or behind one that waited.
    if !connection.isBusy, !connection.isClosing, !connection.input.isEmpty,
      !connection.parser.isMidCommand, connection.missingInputByteCount == 0
    {
      resumable.append(connection)
    }
  }

  /// A connection's command on its way through `dispatch`: one after the other of its run.
  struct Call: ~Copyable {
    let connection: Connection
    private(set) var record = Batch.Record.none
    private(set) var words = Arguments.none
    private(set) var startTicks: UInt64
    var endTicks: UInt64
    /// Somebody looks on by MONITOR.
    let isMonitored: Bool

    init(connection: Connection, ticks: UInt64, isMonitored: Bool) {
      self.connection = connection
      self.isMonitored = isMonitored
      startTicks = ticks
      endTicks = ticks
    }

    /// Goes on with the next command, which begins when the one before ended.
    @inline(__always)
    mutating func begin(_ record: Batch.Record, _ arguments: borrowing ArgumentTable) {
      self.record = record
      words = arguments.arguments(from: record.firstWord, count: Int(record.wordCount))
      startTicks = endTicks
    }
  }

  enum Outcome {
    case goesOn
    /// The command is under way or done, and the connection can't go on with the next yet.
    case waitsAfter
    /// The connection has to come back to this very command.
    case waitsBefore
  }

  /// Sends one command where it belongs.
  @inline(__always)
  private func dispatch(
    _ call: inout Call, _ keyspace: inout Keyspace, _ output: inout ReplyWriter,
    _ counts: inout CommandStatistics
  ) -> Outcome {
    let record = call.record
    guard record.command >= 0, call.connection.isPlain, !server.isGuarded, !call.isMonitored,
      !server.slowScripts.areBusy
    else {
      return dispatchGuarded(&call, &keyspace, &output, &counts)
    }
    return dispatchAdmitted(&call, &keyspace, &output, &counts)
  }

  @inline(__always)
  private func dispatchAdmitted(
    _ call: inout Call, _ keyspace: inout Keyspace, _ output: inout ReplyWriter,
    _ counts: inout CommandStatistics
  ) -> Outcome {
    let record = call.record
    let command = Int(record.command)
    guard server.table.descriptors[command].allows(Int(record.wordCount)) else {
      reject(&call, .wrongArity(server.table.fullNames[command]), &output, &counts)
      return .goesOn
    }
    call.connection.lastCommand = command
    if unsafe room.isLimited, isRefusedForMemory(call, &keyspace) {
      refuse(&call, .outOfMemory, &output, &counts)
      return .goesOn
    }
    switch server.table.descriptors[command].routing {
    case .singleKey:
      if record.shard == ownShard {
        if slicesSnapshot { claimIfUnsaved(command, call.words, database: keyspace.selected, &keyspace) }
        if !scheduler.intents.isEmpty, !scheduler.intents.allows(claim(of: call)) {
          return putOff(&call, &output)
        }
        if server.table.descriptors[command].hasSlices, isLong(call, &keyspace) {
          return putOff(&call, &output)
        }
        runBody(&call, &keyspace, &output, &counts)
        return .goesOn
      }
      return sendAway(&call, &output)
    case .service:
      return runService(&call, &keyspace, &output, &counts)
    case .container:
      if call.words.count == 1, server.serviceBodies[command] != nil {
        return runService(&call, &keyspace, &output, &counts)
      }
      let name = server.table.commands[command].name
      reject(
        &call, call.words.count > 1 ? .unknownSubcommand(call.words[1], of: name) : .wrongArity(name),
        &output, &counts)
      return .goesOn
    case .manyKeys, .eachKey, .everyShard:
      if server.shardCount == 1, scheduler.intents.isEmpty, !call.connection.isSpread,
        !server.table.descriptors[command].flags.contains(.blocking),
        !server.table.descriptors[command].hasSlices || !isLong(call, &keyspace)
      {
        runBody(&call, &keyspace, &output, &counts)
        return .goesOn
      }
      return dispatchSpread(&call, &keyspace, &output, &counts)
    }
  }

  /// Tells the keyspace the hash of the key that a command begins with.
  ///
  /// - Parameter hash: 0 where there is none at a known place.
  @inline(__always)
  func prepareKey(
    of command: Int, _ words: Arguments, _ hash: KeyHash, _ keyspace: inout Keyspace
  ) {
    let firstKey = server.table.descriptors[command].firstKey
    if hash.rawValue != 0, firstKey > 0, firstKey < words.count {
      keyspace.prepare(words[firstKey], hash)
    } else {
      keyspace.forgetPrepared()
    }
  }

  /// Runs a command's body on this shard.
  @inline(__always)
  func runBody(
    _ call: inout Call, _ keyspace: inout Keyspace, _ output: inout ReplyWriter,
    _ counts: inout CommandStatistics
  ) {
    let command = Int(call.record.command)
    prepareKey(of: command, call.words, call.record.hash, &keyspace)
    if keyspace.observed.isTracking {
      keyspace.observed.setWriter(reference(to: call.connection))
    }
    counts.run(
      command, of: server.table, call.words, ticks: &call.endTicks, &keyspace, &output)
    scheduler.concluded(&keyspace, &counts)
    call.connection.commandCount &+= 1
  }

  /// Replies with an error to a command that did not run.
  @inline(never)
  func reject(
    _ call: inout Call, _ error: CommandError, _ output: inout ReplyWriter,
    _ counts: inout CommandStatistics
  ) {
    output.error(error.message)
    call.connection.multi?.hasFailed = true
    counts.countError(error)
    if call.record.command >= 0 { counts.counters.countRejected(Int(call.record.command)) }
  }

  /// A script has gone on for longer than others should wait.
  private func rejectAsBusy(
    _ call: inout Call, _ output: inout ReplyWriter, _ counts: inout CommandStatistics
  ) {
    var error = server.slowScripts.busyError
    if Int(call.record.command) == server.execCommand, call.connection.multi != nil {
      error = CommandError(
        composed: Array("EXECABORT Transaction discarded because of: ".utf8)
          + error.message)
      call.connection.multi = nil
      stopWatching(call.connection)
    }
    reject(&call, error, &output, &counts)
  }

  /// The way of commands that can't be simply run: unknown ones, clients that have not authenticated or
  /// want no replies, and everybody during a pause.
  @inline(never)
  private func dispatchGuarded(
    _ call: inout Call, _ keyspace: inout Keyspace, _ output: inout ReplyWriter,
    _ counts: inout CommandStatistics
  ) -> Outcome {
    let connection = call.connection
    let start = output.count
    let outcome: Outcome
    // What is under way may be about the same keys.
    if connection.isSpread, !mayOverlap(call) { return .waitsBefore }
    if let run = connection.debuggedRun {
      scripts.take(call.words, for: run, connection)
      return .waitsAfter
    }
    if connection.replyMode == .skipNext { connection.replyMode = .skip }
    if call.record.command < 0 {
      reject(&call, .unknownCommand(call.words), &output, &counts)
      outcome = .goesOn
    } else if let refusal = refusal(of: call) ?? persistenceRefusal(of: call) {
      refuse(&call, refusal, &output, &counts)
      outcome = .goesOn
    } else if server.slowScripts.areBusy,
      !server.table.descriptors[Int(call.record.command)].flags.contains(.allowBusy)
    {
      rejectAsBusy(&call, &output, &counts)
      outcome = .goesOn
    } else if server.pauses(Int(call.record.command), call.words, connection) {
      connection.isPaused = true
      paused.append(connection)
      return .waitsBefore
    } else if connection.multi != nil, queues(call) {
      if unsafe room.isLimited, isOutOfMemory(&keyspace) {
        reject(&call, .outOfMemory, &output, &counts)
        return .goesOn
      }
      queue(&call, &output, &counts)
      outcome = .goesOn
    } else {
      // Of the commands of a transaction, EXEC tells.
      let database = connection.database
      outcome =
        connection.tracking != nil
        ? dispatchTracking(&call, &keyspace, &output, &counts)
        : dispatchAdmitted(&call, &keyspace, &output, &counts)
      if call.isMonitored, outcome != .waitsBefore, isMonitorable(call) {
        let command = Int(call.record.command)
        monitor(
          command, call.words, connection,
          database: command == server.selectCommand ? connection.database : database)
      }
    }
    switch connection.replyMode {
    case .on, .skipNext: break
    case _ where server.pushingCommands.contains(Int(call.record.command)): break
    case .off: output.truncate(to: min(start, output.count))
    case .skip:
      if outcome == .waitsBefore { break }
      output.truncate(to: min(start, output.count))
      connection.replyMode = .on
    }
    return outcome
  }

  /// What files have against it. Whoever feeds the server from files is not meant.
  private func persistenceRefusal(of call: borrowing Call) -> CommandError? {
    guard server.persistence.isGuarding, !call.connection.isReplay else { return nil }
    if Int(call.record.command) == server.execCommand, call.connection.multi?.writes == true,
      let refusal = server.persistence.refusalOfWrites()
    {
      return refusal
    }
    return server.persistence.refusal(of: server.table.commands[Int(call.record.command)])
  }

  /// Whether a command was run rather than refused for its name.
  private func isMonitorable(_ call: borrowing Call) -> Bool {
    let command = Int(call.record.command)
    return server.table.descriptors[command].routing != .container
      || call.words.count == 1 && server.serviceBodies[command] != nil
  }

  /// As `dispatchAdmitted`, for a client that tracks what it reads.
  private func dispatchTracking(
    _ call: inout Call, _ keyspace: inout Keyspace, _ output: inout ReplyWriter,
    _ counts: inout CommandStatistics
  ) -> Outcome {
    let connection = call.connection
    let command = Int(call.record.command)
    let remembers = connection.tracking?.remembers == true
    if remembers { rememberKeys(command, call.words, connection, .foreign, &keyspace) }
    let outcome = dispatchAdmitted(&call, &keyspace, &output, &counts)
    if outcome == .waitsBefore { return outcome }
    // This shard's keys now: what it read may have just expired.
    if remembers { rememberKeys(command, call.words, connection, .own, &keyspace) }
    if connection.tracking?.hasCachingChoice == true, connection.multi == nil,
      !server.clientCommands.contains(command)
    {
      connection.tracking?.hasCachingChoice = false
    }
    return outcome
  }

  /// Why the client may not run this command, nil if it may.
  private func refusal(of call: borrowing Call) -> CommandError? {
    let descriptor = server.table.descriptors[Int(call.record.command)]
    if !descriptor.allows(call.words.count) {
      return .wrongArity(server.table.fullNames[Int(call.record.command)])
    }
    if !call.connection.isAuthenticated, !descriptor.flags.contains(.noAuth) {
      return CommandError("NOAUTH Authentication required.")
    }
    if call.connection.isMonitor,
      !descriptor.flags.isDisjoint(with: [.write, .readOnly, .mayReplicate])
    {
      return CommandError("ERR Replica can't interact with the keyspace")
    }
    if call.connection.isConfined,
      !server.commandsOfSubscribers.contains(Int(call.record.command))
    {
      let name = server.table.fullNames[Int(call.record.command)]
      return CommandError(
        composed:
          "ERR Can't execute '\(name)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
      )
    }
    return nil
  }
}
