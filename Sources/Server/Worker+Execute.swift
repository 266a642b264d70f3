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
        // Nothing changes during a pause, not even by itself.
        keyspace.keepsExpiredKeys = server.isPausing
        // Counting goes to a local for the turn: a property of a class is checked for exclusive access each time.
        var counts = CommandStatistics(commandCount: 0)
        swap(&counts, &statistics)
        answerRequests(&keyspace, &counts)
        executeRuns(&batch, &keyspace, &counts)
        exchangeMessages(&keyspace, &counts)
        swap(&counts, &statistics)
        keyspace.forgetPrepared()
      }
    }
    batch.removeAll()
  }

  private func executeRuns(
    _ batch: inout Batch, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    for index in 0..<min(batch.records.count, Self.bucketsAhead) {
      prefetchBucket(batch, index, keyspace)
    }
    for index in 0..<min(batch.records.count, Self.entriesAhead) {
      prefetchEntry(batch, index, keyspace)
    }
    for index in batch.runs.indices {
      let connection = batch.runs[index].connection
      connection.isScheduled = false
      if connection.isClosing { continue }
      // The output moves here for the run, so that writing to it needs no look at the connection.
      var output = ReplyWriter()
      swap(&output, &connection.output)
      let end = executeRun(index, of: connection, batch, &keyspace, &output, &counts)
      swap(&output, &connection.output)
      keepRest(ofRun: index, batch, from: end)
      touch(connection)
    }
  }

  /// How far ahead of the executed command memory is asked for.
  private static let bucketsAhead = 24
  private static let entriesAhead = 12

  @inline(__always)
  private func prefetchBucket(_ batch: borrowing Batch, _ index: Int, _ keyspace: borrowing Keyspace) {
    guard index < batch.records.count else { return }
    let record = batch.records[index]
    if record.shard == ownShard, record.hash.rawValue != 0 {
      keyspace.prefetchBucket(record.hash, database: keyspace.selected)
    }
  }

  @inline(__always)
  private func prefetchEntry(_ batch: borrowing Batch, _ index: Int, _ keyspace: borrowing Keyspace) {
    guard index < batch.records.count else { return }
    let record = batch.records[index]
    if record.shard == ownShard, record.hash.rawValue != 0 {
      keyspace.prefetchEntry(record.hash, database: keyspace.selected)
    }
  }

  /// Executes the commands of one connection, until they end or it has to wait.
  ///
  /// - Returns: how many of the run's bytes are done with.
  private func executeRun(
    _ run: Int, of connection: Connection, _ batch: borrowing Batch,
    _ keyspace: inout Keyspace, _ output: inout ReplyWriter, _ counts: inout CommandStatistics
  ) -> Int {
    var done = 0
    keyspace.select(connection.database)
    keyspace.leavesAccessClocks = connection.leavesAccessClocks
    var ticks = clinux_ticks()
    for index in batch.runs[run].records {
      prefetchBucket(batch, index &+ Self.bucketsAhead, keyspace)
      prefetchEntry(batch, index &+ Self.entriesAhead, keyspace)
      let record = batch.records[index]
      let words = batch.arguments.arguments(
        from: record.firstWord, count: Int(record.wordCount))
      var call = Call(
        connection: connection, record: record, words: words, startTicks: ticks)
      let outcome = dispatch(&call, &keyspace, &output, &counts)
      ticks = call.endTicks
      if outcome == .waitsBefore {
        connection.parser.reset()
        return done
      }
      done = record.end
      if outcome == .goesOn { continue }
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

  /// One command on its way through `dispatch`.
  struct Call {
    let connection: Connection
    let record: Batch.Record
    let words: Arguments
    let startTicks: UInt64
    var endTicks: UInt64

    init(connection: Connection, record: Batch.Record, words: Arguments, startTicks: UInt64) {
      self.connection = connection
      self.record = record
      self.words = words
      self.startTicks = startTicks
      endTicks = startTicks
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
    guard record.command >= 0, call.connection.isPlain, !server.isPausing else {
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
    switch server.table.descriptors[command].routing {
    case .singleKey:
      if record.shard == ownShard {
        if !scheduler.intents.isEmpty, !scheduler.intents.allows(claim(of: call)) {
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
      if server.shardCount == 1, scheduler.intents.isEmpty,
        !server.table.descriptors[command].flags.contains(.blocking)
      {
        runBody(&call, &keyspace, &output, &counts)
        return .goesOn
      }
      return dispatchSpread(&call, &keyspace, &output, &counts)
    }
  }

  /// Runs a command's body on this shard.
  @inline(__always)
  func runBody(
    _ call: inout Call, _ keyspace: inout Keyspace, _ output: inout ReplyWriter,
    _ counts: inout CommandStatistics
  ) {
    let command = Int(call.record.command)
    let firstKey = server.table.descriptors[command].firstKey
    if firstKey > 0, firstKey < call.words.count {
      keyspace.prepare(call.words[firstKey], call.record.hash)
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
    if call.record.command >= 0 { counts.counters[Int(call.record.command)].rejected += 1 }
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
    if connection.replyMode == .skipNext { connection.replyMode = .skip }
    if call.record.command < 0 {
      reject(&call, .unknownCommand(call.words), &output, &counts)
      outcome = .goesOn
    } else if let refusal = refusal(of: call) {
      reject(&call, refusal, &output, &counts)
      outcome = .goesOn
    } else if server.pauses(server.table.commands[Int(call.record.command)], connection) {
      connection.isPaused = true
      paused.append(connection)
      return .waitsBefore
    } else if connection.multi != nil, queues(call) {
      queue(&call, &output, &counts)
      outcome = .goesOn
    } else {
      outcome = dispatchAdmitted(&call, &keyspace, &output, &counts)
    }
    switch connection.replyMode {
    case .on, .skipNext: break
    case .off: output.truncate(to: min(start, output.count))
    case .skip:
      if outcome == .waitsBefore { break }
      output.truncate(to: min(start, output.count))
      connection.replyMode = .on
    }
    return outcome
  }

  /// Why the client may not run this command, nil if it may.
  private func refusal(of call: Call) -> CommandError? {
    let descriptor = server.table.descriptors[Int(call.record.command)]
    if !descriptor.allows(call.words.count) {
      return .wrongArity(server.table.fullNames[Int(call.record.command)])
    }
    if !call.connection.isAuthenticated, !descriptor.flags.contains(.noAuth) {
      return CommandError("NOAUTH Authentication required.")
    }
    return nil
  }
}
