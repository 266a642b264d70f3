import CLinux
import Coordinator
import Engine
import EventLoop
import RESP
import Shard

/// Parcels from and to the other shards' workers.
extension Worker {
  /// Hands out the replies that came back, and collects the commands that came.
  func takeMail() {
    guard server.shardCount > 1 else { return }
    mail.receive(server.mailboxes) { parcel in handOut(parcel) }
  }

  private func handOut(_ parcel: Parcel) {
    var index = 0
    while index < parcel.count {
      // Most have the same waiter as the one before.
      let handle = parcel.waiters[index].connection
      let first = index
      index += 1
      while index < parcel.count, parcel.waiters[index].connection == handle { index += 1 }
      guard let connection = connections[ConnectionHandle(bits: handle)] else { continue }
      for reply in first..<index where !parcel.isDeferred(reply) {
        connection.fill(place: parcel.waiters[reply].place, with: parcel.reply(at: reply))
      }
      if !connection.replies.isWaiting { resume(connection) }
    }
    answered.append(parcel)
  }

  private func handOut(_ late: LateReply) {
    guard let connection = connections[ConnectionHandle(bits: late.waiter.connection)] else { return }
    connection.fill(place: late.waiter.place, taking: &late.reply)
    if !connection.replies.isWaiting { resume(connection) }
    if limitsClients { noteReplies(of: connection) }
  }

  /// Executes the commands other shards sent, queues the answers, and takes in what else they have to say.
  func answerRequests(_ keyspace: inout Keyspace, _ counts: inout CommandStatistics) {
    guard !mail.requests.isEmpty else { return }
    let requests = mail.requests.take()
    for parcel in requests {
      if !parcel.trackings.isEmpty { takeTrackings(parcel, &keyspace) }
      if parcel.count > 0 { answer(parcel, &keyspace, &counts) }
      for message in parcel.messages { receive(message, &keyspace, &counts) }
      if parcel.count > 0 {
        sendBack(parcel, keyspace)
      } else {
        answered.append(parcel)
      }
    }
    mail.requests.giveBack(requests)
  }

  private func answer(
    _ parcel: Parcel, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    parcel.writeReplies { answer(parcel, &keyspace, &counts, &$0) }
  }

  private func answer(
    _ parcel: Parcel, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics,
    _ replies: inout ReplyWriter
  ) {
    // Shared by all threads: not to be counted as used for each command.
    let table = server.table
    var words = ArgumentTable(capacity: parcel.count * 3)
    var records: [Parcel.Record] = []
    records.reserveCapacity(parcel.count)
    parcel.read(into: &words) { record in
      records.append(record)
      if record.hash.rawValue != 0 {
        keyspace.prefetchBucket(record.hash, database: record.database)
      }
    }
    let ahead = 12
    for record in records.prefix(ahead) where record.hash.rawValue != 0 {
      keyspace.prefetchEntry(record.hash, database: record.database)
    }
    var ticks = clinux_ticks()
    var putOff = PutOffCommands()
    // Whose replies are being written, and where they begin.
    var reader: UInt64?
    var firstByte = 0
    for (index, record) in records.enumerated() {
      if index + ahead < records.count, records[index + ahead].hash.rawValue != 0 {
        keyspace.prefetchEntry(
          records[index + ahead].hash, database: records[index + ahead].database)
      }
      let waiter = parcel.waiters[index]
      if waiter.connection != reader {
        reader = waiter.connection
        firstByte = replies.count
      }
      let readableMax = settings.readableMax(isSubscriber: record.isSubscriber)
      replies.readableMax = readableMax == .max ? .max : firstByte + readableMax
      // Its client is going to be cut off for what it has asked before, and the rest of its pipeline is not run.
      if replies.isTooLong {
        replies.error("ERR the replies before this one exceed client-output-buffer-limit")
        parcel.endReply(replies)
        counts.counters.countRejected(record.command)
        continue
      }
      let arguments = words.arguments(from: record.firstWord, count: record.wordCount)
      let client = CommandObserver.Client(
        shard: parcel.origin, connection: waiter.connection)
      if unsafe room.isLimited, unsafe room.isExceeded,
        table.descriptors[record.command].flags.contains(.denyOOM), isOutOfMemory(&keyspace)
      {
        replies.error(CommandError.outOfMemory.message)
        parcel.endReply(replies)
        counts.countError(.outOfMemory)
        counts.counters.countRejected(record.command)
        continue
      }
      keyspace.select(record.database)
      if table.descriptors[record.command].routing == .service {
        // What is put off is to have its claims first.
        begin(putOff.takeAll(), origin: parcel.origin)
        let visit = Connection.Visit(
          origin: parcel.origin, waiter: waiter, isBehindOthers: putOff.holdsUp(waiter.connection))
        if runVisitor(record, arguments, visit, &keyspace, &counts, &replies) {
          parcel.endReply(replies)
        } else {
          putOff.holdUp(waiter.connection)
          parcel.deferReply(replies)
        }
        counts.observer.client = client
        ticks = clinux_ticks()
        continue
      }
      if slicesSnapshot { claimIfUnsaved(record.command, arguments, database: record.database, &keyspace) }
      let isLong =
        table.descriptors[record.command].hasSlices
        && isLong(record.command, arguments, record.hash, &keyspace)
      if isLong || !scheduler.intents.isEmpty || !putOff.isEmpty,
        putOff.take(
          makeCall(record, arguments, client), waiter, scheduler.intents,
          isLong: isLong)
      {
        parcel.deferReply(replies)
        continue
      }
      keyspace.leavesAccessClocks = record.leavesAccessClocks
      if keyspace.observed.isTracking {
        keyspace.observed.setWriter(
          ClientReference(worker: parcel.origin, handle: waiter.connection))
      }
      prepareKey(of: record.command, arguments, record.hash, &keyspace)
      counts.observer.client = client
      replies.protocolVersion = record.protocolVersion
      counts.run(record.command, of: table, arguments, ticks: &ticks, &keyspace, &replies)
      parcel.endReply(replies)
      scheduler.concluded(&keyspace, &counts)
    }
    begin(putOff.takeAll(), origin: parcel.origin)
  }

  private func makeCall(
    _ record: Parcel.Record, _ arguments: Arguments, _ client: CommandObserver.Client
  ) -> CommandCall {
    makeCall(
      StoredCommands(command: record.command, arguments: arguments), 0, arguments,
      database: record.database, protocolVersion: record.protocolVersion,
      leavesAccessClocks: record.leavesAccessClocks, client: client)
  }

  /// Runs commands of another shard's clients when the transactions before them are done with their keys.
  private func begin(_ putOff: [PutOffCommands.OfOneConnection], origin: Int) {
    for commands in putOff {
      begin(
        BatchProgram(commands.calls, shard: index) { [unowned self] index, reply in
          let late = LateReply(waiter: commands.waiters[index], taking: &reply)
          scheduler.outbox.append((.lateReply(late), origin))
        })
    }
  }

  // MARK: Messages

  var hasMessages: Bool {
    !scheduler.outbox.isEmpty || !pendingServices.isEmpty || !holding.released.isEmpty
      || scripts.hasDue
  }

  /// Delivers this shard's messages to itself until there are none, and puts the others' into their parcels.
  func exchangeMessages(_ keyspace: inout Keyspace, _ counts: inout CommandStatistics) {
    while hasMessages {
      sendReleased(&keyspace, &counts)
      let outgoing = scheduler.outbox.take()
      for (message, shard) in outgoing {
        if holds(message, for: shard, keyspace) { continue }
        if shard == index {
          receive(message, &keyspace, &counts)
        } else {
          mail.outgoing(to: shard).messages.append(message)
        }
      }
      scheduler.outbox.giveBack(outgoing)
      runPendingServices(&keyspace, &counts)
      if scripts.hasDue { scripts.runDue(&keyspace, &counts) }
    }
  }

  func receive(
    _ message: ShardMessage, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    switch message {
    case .granted(let part): part.owner.granted(part)
    case .done(let part): part.owner.done(part)
    case .lateReply(let late): handOut(late)
    case .served(let call, let reply): served(call, reply)
    case .retry(let call): retry(call)
    case .noted(let command): log(command)
    case .monitored(let lines): showMonitors(lines)
    case .publish(let publication): deliver(publication)
    case .invalidate(let invalidations): invalidate(invalidations)
    case .redirectInvalidation(let keys, let target, let source):
      redirected(keys, to: target, from: source)
    case .redirectBroken(let source): redirectBroken(source)
    case .schedule, .run, .release, .retried, .lookAgain, .forget, .unwatch:
      scheduler.receive(message, &keyspace, &counts)
    }
  }

  /// Sends the turn's parcels, and wakes their readers with this turn's own system call.
  func ship() {
    guard server.shardCount > 1 else { return }
    for parcel in answered { mail.reuse(parcel) }
    answered.removeAll(keepingCapacity: true)
    mail.ship(server.mailboxes) { shard in
      unsafe traffic.parcelCount += 1
      loop.wakeWithNextSubmission(server.loops[shard])
    }
  }
}

/// Commands of a parcel that can't run yet: those whose keys a transaction has a claim on, and whatever the same
/// clients sent after them.
private struct PutOffCommands {
  struct OfOneConnection {
    let connection: UInt64
    var calls: [CommandCall] = []
    var waiters: [Parcel.Waiter] = []
  }

  /// Each client that has to wait: whatever it sends is put off.
  private var byConnection: [OfOneConnection] = []

  var isEmpty: Bool { byConnection.isEmpty }

  /// Takes the commands out, by client; who has to wait goes on waiting.
  mutating func takeAll() -> [OfOneConnection] {
    let taken = byConnection.filter { !$0.calls.isEmpty }
    for index in byConnection.indices { byConnection[index] = OfOneConnection(connection: byConnection[index].connection) }
    return taken
  }

  func holdsUp(_ connection: UInt64) -> Bool { byConnection.contains { $0.connection == connection } }

  /// A command of this client takes its time, though it is none of those here.
  mutating func holdUp(_ connection: UInt64) {
    if !holdsUp(connection) { byConnection.append(OfOneConnection(connection: connection)) }
  }

  /// Whether the command has to wait; then it is taken in.
  mutating func take(
    _ call: CommandCall, _ waiter: Parcel.Waiter, _ intents: borrowing IntentTable,
    isLong: Bool
  ) -> Bool {
    let known = byConnection.firstIndex { $0.connection == waiter.connection }
    if known == nil, !isLong, intents.allows(call) { return false }
    let index = known ?? byConnection.count
    if known == nil { byConnection.append(OfOneConnection(connection: waiter.connection)) }
    byConnection[index].calls.append(call)
    byConnection[index].waiters.append(waiter)
    return true
  }
}
