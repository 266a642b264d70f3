import CLinux
import Coordinator
import Engine
import Logging
import EventLoop
import RESP
import Shard

/// MULTI, EXEC, WATCH: commands that are kept for later, and run as one.
extension Worker {
  // MARK: Queueing

  /// Whether a command of a connection in MULTI is kept rather than run.
  func queues(_ call: borrowing Call) -> Bool {
    !server.isOutsideMulti[Int(call.record.command)]
  }

  /// Keeps a command for EXEC.
  func queue(_ call: inout Call, _ output: inout ReplyWriter, _ counts: inout CommandStatistics) {
    let connection = call.connection
    let command = Int(call.record.command)
    let descriptor = server.table.descriptors[command]
    if descriptor.routing == .container, server.serviceBodies[command] == nil || call.words.count > 1 {
      let name = server.table.commands[command].name
      return reject(
        &call,
        call.words.count > 1 ? .unknownSubcommand(call.words[1], of: name) : .wrongArity(name),
        &output, &counts)
    }
    if descriptor.flags.contains(.noMulti) {
      return reject(
        &call, CommandError("ERR Command not allowed inside a transaction"), &output, &counts)
    }
    guard let multi = connection.multi else { preconditionFailure("queueing without MULTI") }
    guard multi.commands.byteCount <= settings.queryBufferBytesMax else {
      server.log.warning("Closing client that queued too much: \(describe(connection))")
      return shutDown(connection)
    }
    multi.commands.append(command: command, arguments: call.words)
    if server.mayWrite(command, call.words) { multi.mayWrite = true }
    if descriptor.flags.contains(.write) { multi.writes = true }
    if descriptor.flags.contains(.denyOOM) { multi.usesMemory = true }
    if descriptor.routing == .service || descriptor.routing == .container { multi.hasServices = true }
    output.raw("+QUEUED\r\n")
  }

  // MARK: Running

  /// Runs what was queued: at once if all of it is this shard's and free, else as a transaction.
  func execute(
    _ multi: MultiState, _ connection: Connection, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter
  ) {
    if connection.watches.contains(where: \.isDirty) {
      stopWatching(connection)
      return reply.nullArray()
    }
    if server.shardCount == 1, !multi.hasServices, connection.watches.isEmpty, scheduler.intents.isEmpty,
      connection.tracking == nil, !server.insight.isMonitored
    {
      return executeAlone(multi.commands, connection, &keyspace, &reply)
    }
    var database = connection.database
    var words = ArgumentTable(capacity: 16)
    var calls: [CommandCall?] = []
    calls.reserveCapacity(multi.commands.count)
    for index in 0..<multi.commands.count {
      words.truncate(to: 0)
      let arguments = multi.commands.read(index, into: &words)
      let command = multi.commands.command(at: index)
      if server.insight.isMonitored { monitor(command, arguments, connection, database: database) }
      if server.serviceBodies[command] != nil {
        // What follows is about another database.
        if command == server.selectCommand, arguments.count == 2,
          let chosen = try? arguments[1].databaseIndex(in: keyspace)
        {
          database = chosen
        }
        calls.append(nil)
      } else {
        let tracksReads = connection.tracking?.remembers == true
        let call = makeCall(
          multi.commands, index, arguments, connection, database: database, tracksReads: tracksReads)
        if tracksReads, !call.isTracked {
          rememberKeys(command, arguments, connection, .all, &keyspace)
        }
        calls.append(call)
      }
    }
    if !multi.hasServices, connection.watches.allSatisfy({ $0.shard == index }),
      calls.allSatisfy({ isLocal($0) })
    {
      executeHere(calls, connection, &keyspace, &reply)
    } else {
      executeOnShards(calls, multi.commands, connection)
    }
  }

  /// Runs what was queued where there is only this shard and nobody has a claim: no key needs a look before.
  private func executeAlone(
    _ commands: StoredCommands, _ connection: Connection, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter
  ) {
    var words = ArgumentTable(capacity: 16)
    reply.array(commands.count)
    if keyspace.observed.isTracking { keyspace.observed.setWriter(reference(to: connection)) }
    unsafe statistics.observer.client = client(connection)
    keyspace.effects.openUnit()
    keyspace.forgetPrepared()
    prepareKeys(of: commands, connection.database, &keyspace)
    for index in 0..<commands.count {
      words.truncate(to: 0)
      let arguments = commands.read(index, into: &words)
      keyspace.select(connection.database)
      keyspace.leavesAccessClocks = connection.leavesAccessClocks
      unsafe statistics.run(commands.command(at: index), of: server.table, arguments, &keyspace, &reply)
    }
    keyspace.effects.closeUnit()
    keyspace.forgetPrepared()
    unsafe scheduler.concluded(&keyspace, &statistics)
  }

  /// Has the keys of several commands in memory before the first of them runs.
  private func prepareKeys(
    of commands: StoredCommands, _ database: Int, _ keyspace: inout Keyspace
  ) {
    guard commands.count > 1 else { return }
    for index in 0..<commands.count {
      let descriptor = server.table.descriptors[commands.command(at: index)]
      guard descriptor.routing == .singleKey, descriptor.firstKey < commands.wordCount(at: index)
      else { continue }
      let key = commands.word(descriptor.firstKey, at: index)
      keyspace.prepareNext(key, KeyHash(key, seed: server.seed), database: database)
    }
    keyspace.prefetchPrepared()
  }

  private func isLocal(_ call: CommandCall?) -> Bool {
    guard let call else { return false }
    return (!call.isEveryShard || server.shardCount == 1) && scheduler.intents.allows(call)
      && call.keys.allSatisfy { $0.shard == index }
  }

  private func executeHere(
    _ calls: [CommandCall?], _ connection: Connection, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter
  ) {
    let isDirty = connection.watches.contains { scheduler.isDirty($0, &keyspace) }
    stopWatching(connection)
    if isDirty { return reply.nullArray() }
    let work = CommandsWork()
    for case let call? in calls { _ = work.add(call) }
    keyspace.effects.openUnit()
    unsafe work.run(&keyspace, scheduler, &statistics)
    keyspace.effects.closeUnit()
    reply.array(calls.count)
    reply.raw(work.replies.bytes)
    unsafe scheduler.concluded(&keyspace, &statistics)
  }

  private func executeOnShards(
    _ calls: [CommandCall?], _ commands: StoredCommands, _ connection: Connection
  ) {
    let handle = connection.handle
    let isSilent = !connection.wantsReply
    connection.isSuspended = true
    let items = calls.enumerated().map { ordinal, call in
      call.map { ExecProgram.Item.command($0) } ?? .service(ordinal: ordinal)
    }
    let execution = Execution()
    let program = ExecProgram(
      items, watches: connection.watches,
      hasScripts: (0..<commands.count).contains {
        server.scriptCommands.contains(commands.command(at: $0))
      }, shardCount: server.shardCount, homeShard: index,
      protocolVersion: connection.protocolVersion, seed: server.seed
    ) { [unowned self] ordinal in
      pendingServices.append(
        PendingService(
          connection: connection, commands: commands, ordinal: ordinal, hops: execution.program
        ) { reply in
          execution.program?.serviceDone(reply)
          execution.transaction?.goOn()
        })
    } onConclusion: { [unowned self] reply in
      execution.end()
      if let connection = connections[handle] { stopWatching(connection) }
      deliver(reply, to: handle, isSilent: isSilent)
    }
    execution.program = program
    unsafe traffic.transactionCount += 1
    let transaction = Transaction(program, on: scheduler, ids: server.transactionIDs)
    execution.transaction = transaction
    program.transaction = transaction
    transaction.start()
  }

  /// Ties a program with services to its transaction, until both are over.
  private final class Execution {
    var program: ExecProgram?
    var transaction: Transaction?

    func end() {
      program = nil
      transaction = nil
    }
  }

  /// Runs the service commands whose turn in their transactions has come.
  func runPendingServices(_ keyspace: inout Keyspace, _ counts: inout CommandStatistics) {
    guard !pendingServices.isEmpty else { return }
    let pending = pendingServices
    pendingServices.removeAll()
    unsafe swap(&counts, &statistics)
    defer { unsafe swap(&counts, &statistics) }
    for service in pending { run(service, &keyspace) }
  }

  private func run(_ service: PendingService, _ keyspace: inout Keyspace) {
    let connection = service.connection
    let command = service.commands.command(at: service.ordinal)
    guard let body = server.serviceBodies[command] else {
      preconditionFailure("service command \(server.table.fullNames[command]) without a body")
    }
    keyspace.forgetPrepared()
    keyspace.select(connection.database)
    var reply = ReplyWriter(protocolVersion: connection.protocolVersion)
    // A body that waits suspends the connection, as it would outside of a transaction.
    connection.isSuspended = false
    connection.hops = service.hops
    defer { connection.hops = nil }
    connection.replyCapture = { [unowned self] bytes in
      loop.preconditionOnLoop()
      connection.replyCapture = nil
      connection.isSuspended = true
      service.finish(bytes)
    }
    let start = clinux_ticks()
    unsafe statistics.observer.client = client(connection)
    unsafe takeNoted(&statistics)
    service.commands.withArguments(service.ordinal) { arguments in
      do throws(CommandError) {
        try body(self, connection, arguments, &keyspace, &reply)
      } catch {
        unsafe statistics.fail(command, error, 0, &reply)
      }
      countService(
        command, arguments, connection, startTicks: start, endTicks: clinux_ticks(),
        replyBytes: reply.count)
    }
    if connection.isSuspended { return }
    connection.replyCapture = nil
    connection.isSuspended = true
    service.finish(reply.bytes.bytes)
  }

  // MARK: Watching

  /// Begins to watch keys. Replies by itself.
  func watch(
    _ keys: [DatabaseKey], _ connection: Connection, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter
  ) {
    var fresh: [Int: [DatabaseKey]] = [:]
    let known = Set(connection.watches.flatMap(\.keys))
    for key in Set(keys).subtracting(known) {
      let shard = ByteView.with(key.name) { server.shard(of: $0) }
      fresh[shard, default: []].append(key)
    }
    let watches = fresh.sorted { $0.key < $1.key }.map { Watch(shard: $0.key, keys: $0.value) }
    connection.watches += watches
    let isLocal = watches.allSatisfy { watch in
      watch.shard == index
        && watch.keys.allSatisfy { key in
          let hash = ByteView.with(key.name) { KeyHash($0, seed: server.seed) }
          return scheduler.intents.allows(KeyClaim(hash: hash.rawValue, isExclusive: false))
        }
    }
    if isLocal {
      for watch in watches { scheduler.watch(watch, &keyspace) }
      return reply.ok()
    }
    connection.isSuspended = true
    let handle = connection.handle
    let isSilent = !connection.wantsReply
    begin(
      WatchProgram(watches, seed: server.seed) { [unowned self] in
        // It may have gone meanwhile, and then nobody watches.
        if connections[handle] == nil || connection.isShutDown { stopWatching(connection) }
        deliver(ByteView("+OK\r\n"), to: handle, isSilent: isSilent)
      })
  }

  /// Forgets all that a connection watches.
  func stopWatching(_ connection: Connection) {
    for watch in connection.watches { scheduler.outbox.append((.unwatch(watch), watch.shard)) }
    connection.watches = []
  }
}
