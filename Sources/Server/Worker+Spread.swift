import CLinux
import Coordinator
import Engine
import RESP
import Shard

/// Commands that are not, or not only, this shard's, or that have to keep clear of a transaction.
extension Worker {
  /// Puts a command with one key into the parcel for the shard that holds it.
  @inline(never)
  func sendAway(_ call: inout Call, _ output: inout ReplyWriter) -> Outcome {
    let shard = Int(call.record.shard)
    if !mayReorder(call.connection, with: shard) { return .waitsBefore }
    send(&call, to: shard, &output)
    return .goesOn
  }

  func send(_ call: inout Call, to shard: Int, _ output: inout ReplyWriter) {
    let connection = call.connection
    let place = connection.replies.reserve(isSilent: !connection.wantsReply, output: output)
    unsafe connection.shardsAsked.insert(shard)
    let record = call.record
    let words = call.words
    let protocolVersion = output.protocolVersion
    mail.write(to: shard) { parcel in
      parcel.append(
        command: Int(record.command), database: connection.database,
        protocolVersion: protocolVersion, leavesAccessClocks: connection.leavesAccessClocks,
        isSubscriber: connection.isSubscriber,
        hash: record.hash, arguments: words,
        waiter: Parcel.Waiter(connection: connection.handle.bits, place: place))
    }
    connection.commandCount += 1
    unsafe traffic.foreignCommandCount += 1
    call.endTicks = clinux_ticks()
  }

  /// Whether a command for `shard` may run while earlier ones of the same client may not have: `pipeline-order`.
  func mayReorder(_ connection: Connection, with shard: Int) -> Bool {
    guard connection.replies.isWaiting else {
      unsafe connection.shardsAsked = .none
      return true
    }
    return unsafe !settings.isPipelineStrict || connection.shardsAsked == .one(shard)
  }

  /// The claim of a command with one key.
  func claim(of call: borrowing Call) -> KeyClaim {
    KeyClaim(
      hash: call.record.hash.rawValue,
      isExclusive: server.table.descriptors[Int(call.record.command)].flags.contains(.write))
  }

  /// Whether a command whose keys are all of this shard is better done in slices.
  @inline(never)
  func isLong(_ call: borrowing Call, _ keyspace: inout Keyspace) -> Bool {
    isLong(Int(call.record.command), call.words, call.record.hash, &keyspace)
  }

  /// - Parameter hash: the first key's, where the command has one at a known place.
  func isLong(_ command: Int, _ words: Arguments, _ hash: KeyHash, _ keyspace: inout Keyspace) -> Bool {
    prepareKey(of: command, words, hash, &keyspace)
    return server.table.isLong(command, &keyspace, words)
  }

  /// Runs a command of this shard when the transactions before it are done with its key.
  @inline(never)
  func putOff(_ call: inout Call, _ output: inout ReplyWriter) -> Outcome {
    let connection = call.connection
    let place = connection.replies.reserve(isSilent: !connection.wantsReply, output: output)
    let handle = connection.handle
    let program = BatchProgram([makeCall(call)], shard: index) { [unowned self] _, reply in
      guard let connection = connections[handle] else { return }
      connection.fill(place: place, taking: &reply)
      if !connection.replies.isWaiting { resume(connection) }
    }
    begin(program)
    connection.commandCount += 1
    call.endTicks = clinux_ticks()
    return .waitsAfter
  }

  func begin(_ program: any TransactionProgram) {
    unsafe traffic.transactionCount += 1
    Transaction(program, on: scheduler, ids: server.transactionIDs).start()
  }

  // MARK: Several keys

  /// Commands with several keys, or for every shard, or that may wait.
  @inline(never)
  func dispatchSpread(
    _ call: inout Call, _ keyspace: inout Keyspace, _ output: inout ReplyWriter,
    _ counts: inout CommandStatistics
  ) -> Outcome {
    let connection = call.connection
    let request = makeCall(call)
    if connection.isSpread { return overlap(&call, request, &output) }
    if !request.isEveryShard || server.shardCount == 1, scheduler.intents.allows(request),
      request.keys.allSatisfy({ $0.shard == index }),
      request.command.slices == nil || !isLong(call, &keyspace)
    {
      if connection.replies.isWaiting, settings.isPipelineStrict { return .waitsBefore }
      if request.command.blocking != nil {
        return runOrBlock(&call, request, &keyspace, &output, &counts)
      }
      runBody(&call, &keyspace, &output, &counts)
      return .goesOn
    }
    if request.command.blocking == nil, !request.isEveryShard, let shard = request.onlyShard,
      shard != index
    {
      if !mayReorder(connection, with: shard) { return .waitsBefore }
      send(&call, to: shard, &output)
      return .goesOn
    }
    // What was sent away before may be about the same keys.
    if connection.replies.isWaiting { return .waitsBefore }
    var blocker: CommandProgram.Blocker?
    if let blocking = request.command.blocking {
      do throws(CommandError) {
        blocker = makeBlocker(request, connection, try blocking.timeout(call.words))
      } catch {
        counts.fail(request.commandIndex, error, output.count, &output)
        return .goesOn
      }
    }
    if blocker == nil, !request.isEveryShard, !settings.isPipelineStrict {
      let spread = connection.spread ?? SpreadFlight()
      connection.spread = spread
      connection.isSpread = true
      return overlap(&call, request, &output)
    }
    connection.isSuspended = true
    connection.commandCount += 1
    let isSilent = !connection.wantsReply
    let handle = connection.handle
    begin(
      CommandProgram(request, shardCount: server.shardCount, seed: server.seed, blocker: blocker) {
        [unowned self] reply, _ in
        deliver(taking: &reply, to: handle, isSilent: isSilent)
      })
    call.endTicks = clinux_ticks()
    return .waitsAfter
  }

  // MARK: Several at a time

  /// Whether a command may possibly run while transactions of the same client are under way.
  func mayOverlap(_ call: borrowing Call) -> Bool {
    guard call.record.command >= 0, !settings.isPipelineStrict, call.connection.multi == nil else {
      return false
    }
    let descriptor = server.table.descriptors[Int(call.record.command)]
    if server.footprints[Int(call.record.command)] != nil { return true }
    return (descriptor.routing == .manyKeys || descriptor.routing == .eachKey)
      && !descriptor.flags.contains(.blocking) && descriptor.allows(call.words.count)
  }

  /// Runs a command as a transaction while its client goes on, if nothing that is under way has to come first.
  private func overlap(
    _ call: inout Call, _ request: CommandCall, _ output: inout ReplyWriter
  ) -> Outcome {
    let connection = call.connection
    guard let spread = connection.spread, !request.isEveryShard, !request.keys.isEmpty,
      connection.replies.missingCount == spread.count, spread.admit(request.keys.lazy.map(\.claim))
    else { return .waitsBefore }
    let place = connection.replies.reserve(isSilent: !connection.wantsReply, output: output)
    let handle = connection.handle
    begin(
      CommandProgram(request, shardCount: server.shardCount, seed: server.seed) { [unowned self] reply, _ in
        guard let connection = connections[handle] else { return }
        endOverlap(connection, place, taking: &reply)
      })
    connection.commandCount += 1
    call.endTicks = clinux_ticks()
    return .goesOn
  }

  /// The reply of one of those that its client did not wait for.
  func endOverlap(_ connection: Connection, _ place: Int, _ reply: ByteView) {
    endOverlap(connection) { $0.fill(place: place, with: reply) }
  }

  /// As above, for a reply that may be large: `reply` is empty then.
  func endOverlap(_ connection: Connection, _ place: Int, taking reply: inout ReplyWriter) {
    endOverlap(connection) { $0.fill(place: place, taking: &reply) }
  }

  private func endOverlap(_ connection: Connection, _ fill: (Connection) -> Void) {
    connection.spread?.end()
    connection.isSpread = connection.spread.map { $0.count > 0 } ?? false
    fill(connection)
    if !connection.replies.isWaiting { resume(connection) }
  }

  /// Gives a suspended connection its reply and lets it go on.
  func deliver(_ reply: ByteView, to handle: ConnectionHandle, isSilent: Bool) {
    deliver(to: handle, isSilent: isSilent) { $0.raw(reply) }
  }

  /// As above, for a reply that may be large: `reply` is empty then.
  func deliver(taking reply: inout ReplyWriter, to handle: ConnectionHandle, isSilent: Bool) {
    deliver(to: handle, isSilent: isSilent) { $0.take(&reply) }
  }

  private func deliver(
    to handle: ConnectionHandle, isSilent: Bool, _ write: (inout ReplyWriter) -> Void
  ) {
    guard let connection = connections[handle] else { return }
    connection.isSuspended = false
    guard !connection.isShutDown else { return finishClosing(connection) }
    if !isSilent { write(&connection.output) }
    resume(connection)
  }

  // MARK: Calls

  /// The command with copies of its words, and where its keys are.
  func makeCall(_ call: borrowing Call) -> CommandCall {
    let words = StoredCommands(command: Int(call.record.command), arguments: call.words)
    return makeCall(words, 0, call.words, call.connection, database: call.connection.database)
  }

  /// - Parameter arguments: the words of the `index`-th of `words`.
  func makeCall(
    _ words: StoredCommands, _ index: Int, _ arguments: Arguments, _ connection: Connection,
    database: Int, tracksReads: Bool = false
  ) -> CommandCall {
    makeCall(
      words, index, arguments, database: database, protocolVersion: connection.protocolVersion,
      leavesAccessClocks: connection.leavesAccessClocks, client: client(connection),
      tracksReads: tracksReads)
  }

  func makeCall(
    _ words: StoredCommands, _ index: Int, _ arguments: Arguments, database: Int,
    protocolVersion: Int, leavesAccessClocks: Bool, scriptTime: Int64? = nil,
    client: CommandObserver.Client, tracksReads: Bool = false
  ) -> CommandCall {
    let commandIndex = words.command(at: index)
    let command = server.table.commands[commandIndex]
    // Where the words do not fit, the body itself says what is wrong.
    let positions = command.keyPositions(in: arguments) ?? []
    let written = writtenPositions(command, positions, arguments)
    let databases = 0..<settings.keyspace.databaseCount
    let keys = positions.enumerated().map { ordinal, position in
      let hash = KeyHash(arguments[position], seed: server.seed)
      let other = command.databaseOfKey?(arguments, ordinal) ?? database
      return CommandCall.Key(
        position: position,
        shard: server.shardCount == 1 ? 0 : server.shard(of: arguments[position], hash),
        database: databases.contains(other) ? other : database, hash: hash,
        isWritten: written?.contains(position) ?? true)
    }
    return CommandCall(
      command: command, commandIndex: commandIndex, words: words, index: index,
      database: database, protocolVersion: protocolVersion,
      leavesAccessClocks: leavesAccessClocks, scriptTime: scriptTime, keys: keys,
      client: client, tracksReads: tracksReads)
  }

  /// The positions of keys that may be changed; nil for all.
  private func writtenPositions(
    _ command: Command, _ positions: [Int], _ arguments: Arguments
  ) -> Set<Int>? {
    guard command.flags.contains(.write) else { return [] }
    if positions.count == 1 { return nil }
    if case .eachKey = command.execution { return nil }
    return command.writtenPositions(in: arguments)
  }
}

extension IntentTable {
  /// Whether a command may use all its keys right now.
  func allows(_ call: CommandCall) -> Bool {
    if isEmpty { return true }
    if call.isEveryShard { return false }
    for key in call.keys where !allows(key.claim) { return false }
    return true
  }
}
