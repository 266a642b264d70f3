import CLinux
import Coordinator
import Engine
import EventLoop
import RESP
import Shard

/// Clients that wait for their keys (BLPOP and its like).
extension Worker {
  /// Runs a command whose keys are all here; if none has what it wants, the client waits.
  func runOrBlock(
    _ call: inout Call, _ request: CommandCall, _ keyspace: inout Keyspace,
    _ output: inout ReplyWriter, _ counts: inout CommandStatistics
  ) -> Outcome {
    guard let blocking = request.command.blocking else {
      preconditionFailure("\(request.command.name) does not wait")
    }
    let connection = call.connection
    let start = output.count
    connection.commandCount += 1
    keyspace.forgetPrepared()
    keyspace.effects.openUnit()
    defer {
      keyspace.effects.closeUnit()
      counts.count(request.commandIndex, ticks: clinux_ticks() &- call.startTicks)
      call.endTicks = clinux_ticks()
      scheduler.concluded(&keyspace, &counts)
    }
    do throws(CommandError) {
      let wait = try blocking.timeout(call.words)
      let found = try request.command.attempt(
        &keyspace, call.words, request.keys.map(\.position), &output)
      if found || wait == nil {
        counts.observe(
          request.commandIndex, call.words, ticks: clinux_ticks() &- call.startTicks,
          replyBytes: output.count - start)
      }
      guard !found, let wait else { return .goesOn }
      output.truncate(to: start)
      let words = settled(request, call.words, &keyspace)
      let blocked = block(connection, request, words, wait)
      scheduler.block(blocked, &keyspace)
      return .waitsAfter
    } catch {
      counts.fail(request.commandIndex, error, start, &output)
      return .goesOn
    }
  }

  /// The words with those that mean "as of now" replaced.
  private func settled(
    _ request: CommandCall, _ arguments: Arguments, _ keyspace: inout Keyspace
  ) -> StoredCommands {
    guard let settle = request.command.blocking?.settle else { return request.words }
    var words = (0..<arguments.count).map { arguments[$0].bytes }
    for key in request.keys {
      if let settled = settle(&keyspace, arguments, key.position) {
        words[settled.position] = settled.word
      }
    }
    return Arguments.with(words) { StoredCommands(command: request.commandIndex, arguments: $0) }
  }

  /// What has a transaction that finds nothing make the client wait; nil for a call that does not wait.
  func makeBlocker(
    _ request: CommandCall, _ connection: Connection, _ wait: Command.WaitTime?
  ) -> CommandProgram.Blocker? {
    guard let wait else { return nil }
    return CommandProgram.Blocker { [unowned self] words in
      block(connection, request, words, wait)
    }
  }

  /// Notes that a connection waits; the call is to be put into the lines of its keys.
  private func block(
    _ connection: Connection, _ request: CommandCall, _ words: StoredCommands,
    _ wait: Command.WaitTime
  ) -> BlockedCall {
    let keys = request.keys.map { key in
      BlockedCall.Key(
        name: DatabaseKey(
          database: key.database,
          name: words.withArguments(0) { $0[key.position].bytes }),
        shard: key.shard, position: key.position)
    }
    // A command of steps can be served here only if all its keys are.
    let isStepwise = if case .steps = request.command.execution { true } else { false }
    let call = BlockedCall(
      origin: index, connection: connection.handle.bits, command: request.commandIndex,
      words: words, database: request.database, protocolVersion: request.protocolVersion,
      keys: isStepwise ? Array(keys.prefix(1)) : keys, claims: request.keys.map(\.claim),
      isSelfContained: !isStepwise || request.onlyShard != nil)
    connection.isSuspended = true
    connection.blocked = call
    blockedCount += 1
    var timer: TimerID?
    if case .milliseconds(let time) = wait {
      timer = startTimer(call, connection, milliseconds: time)
    }
    connection.blockTimer = timer
    connection.stopWaiting = { [unowned self] in abandon(call, connection) }
    // A client that went away while its transaction was under way waits for nothing.
    if connection.isShutDown || connection.hasPeerClosed {
      loop.schedule(after: 0) { connection.stopWaiting?() }
    }
    return call
  }

  private func startTimer(
    _ call: BlockedCall, _ connection: Connection, milliseconds: Int
  ) -> TimerID {
    let (product, overflow) = UInt64(milliseconds).multipliedReportingOverflow(by: 1_000_000)
    return loop.schedule(after: overflow ? UInt64.max / 2 : product) { [unowned self] in
      timeOut(call, connection)
    }
  }

  private func timeOut(_ call: BlockedCall, _ connection: Connection) {
    guard connection.blocked === call else { return }
    if unblock(connection, with: nil) { return }
    // A shard is about to serve it, or to find that it can't.
    connection.blockTimer = startTimer(call, connection, milliseconds: 1)
  }

  /// Ends a wait with an error, or with the reply for a time that is over (nil). False if the call is being
  /// served at this moment.
  func unblock(_ connection: Connection, with error: CommandError?) -> Bool {
    guard let call = connection.blocked, scheduler.giveUp(call) else { return false }
    var reply = ReplyWriter(protocolVersion: call.protocolVersion)
    if let error {
      unsafe statistics.fail(call.command, error, 0, &reply)
    } else {
      server.table.commands[call.command].writeTimeout(to: &reply)
    }
    endWait(connection)
    deliver(reply.bytes, to: connection.handle, isSilent: !connection.wantsReply)
    return true
  }

  /// The client is on its way out: nobody wants a reply. If the call is being served at this moment, that ends the
  /// wait.
  private func abandon(_ call: BlockedCall, _ connection: Connection) {
    guard connection.blocked === call, scheduler.giveUp(call) else { return }
    endWait(connection)
    connection.isSuspended = false
    touch(connection)
  }

  private func endWait(_ connection: Connection) {
    if let timer = connection.blockTimer { loop.cancel(timer) }
    connection.blockTimer = nil
    connection.blocked = nil
    connection.stopWaiting = nil
    blockedCount -= 1
  }

  // MARK: What shards say about a call

  /// A shard has served a call.
  func served(_ call: BlockedCall, _ reply: [UInt8]) {
    scheduler.wasServed(call)
    let handle = ConnectionHandle(bits: call.connection)
    guard let connection = connections[handle], connection.blocked === call else { return }
    endWait(connection)
    ByteView.with(reply) { deliver($0, to: handle, isSilent: !connection.wantsReply) }
  }

  /// A shard has something for a call that it can't serve alone, and has claimed it: tries the whole command.
  func retry(_ call: BlockedCall) {
    let handle = ConnectionHandle(bits: call.connection)
    guard let connection = connections[handle], connection.blocked === call else {
      return scheduler.end(call)
    }
    let request = call.words.withArguments(0) { arguments in
      makeCall(call.words, 0, arguments, connection, database: call.database)
    }
    begin(
      CommandProgram(request, shardCount: server.shardCount, seed: server.seed) { [unowned self] reply, isMissing in
        retried(call, handle, reply.bytes, isMissing: isMissing)
      })
  }

  private func retried(
    _ call: BlockedCall, _ handle: ConnectionHandle, _ reply: ByteView, isMissing: Bool
  ) {
    if isMissing {
      scheduler.goesOnWaiting(call)
      // It may have gone away meanwhile.
      if let connection = connections[handle], connection.isShutDown || connection.hasPeerClosed {
        connection.stopWaiting?()
      }
      return
    }
    scheduler.end(call)
    guard let connection = connections[handle], connection.blocked === call else { return }
    endWait(connection)
    deliver(reply, to: handle, isSilent: !connection.wantsReply)
  }
}
