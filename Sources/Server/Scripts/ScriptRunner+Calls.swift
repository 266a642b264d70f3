import Coordinator
import Engine
import Logging
import RESP
import Scripting
import Shard

/// What scripts call.
extension ScriptRunner: ScriptHost {
  func call(_ words: Arguments, _ reply: inout ReplyWriter) -> ScriptCallOutcome {
    guard let run = unsafe current, let pointer = unsafe keyspacePointer else {
      preconditionFailure("a call of no script")
    }
    guard let command = server.table.index(of: words),
      server.table.descriptors[command].routing != .container
    else { return refuse("ERR Unknown Redis command called from script", &reply) }
    let descriptor = server.table.descriptors[command]
    guard descriptor.allows(words.count) else {
      return refuse("ERR Wrong number of args calling Redis command from script", &reply)
    }
    if descriptor.flags.contains(.noScript),
      descriptor.flags.contains(.blocking) || !server.allowsAllInScripts
    {
      return refuse("ERR This Redis command is not allowed from script", &reply)
    }
    if run.target.isReadOnly, !descriptor.flags.isDisjoint(with: [.write, .mayReplicate]) {
      return refuse("ERR Write commands are not allowed from read-only scripts.", &reply)
    }
    // A script that has begun to write goes on to its end.
    if run.isOutOfMemory, !run.hasWritten, descriptor.flags.contains(.denyOOM),
      run.target.flags?.contains(.allowOOM) != true
    {
      return refuse("OOM command not allowed when used memory > 'maxmemory'.", code: "OOM", &reply)
    }
    if descriptor.flags.contains(.write) { run.hasWritten = true }
    if server.insight.isMonitored { unsafe worker.monitorScript(command, words, database: run.database) }
    reply.protocolVersion = interpreter.protocolVersion
    unsafe pointer.pointee.select(run.database)
    if server.serviceBodies[command] != nil {
      return unsafe callService(command, words, run, &pointer.pointee, &reply)
    }
    if server.shardCount > 1, let foreign = foreignCall(command, words, run) {
      run.foreign = foreign
      if run.tracksReads {
        unsafe worker.rememberKeys(command, words, run.connection, .all, &pointer.pointee)
      }
      return .waits
    }
    unsafe worker.statistics.run(command, of: server.table, words, &pointer.pointee, &reply)
    if run.tracksReads {
      unsafe worker.rememberKeys(command, words, run.connection, .all, &pointer.pointee)
    }
    return .replied
  }

  private func refuse(
    _ text: StaticString, code: String = "ERR", _ reply: inout ReplyWriter
  ) -> ScriptCallOutcome {
    unsafe worker.statistics.countError(code: code)
    reply.raw(text)
    return .refused
  }

  /// A command that concerns other shards; nil if all its keys are here.
  private func foreignCall(_ command: Int, _ words: Arguments, _ run: ScriptRun) -> CommandCall? {
    let descriptor = server.table.descriptors[command]
    if descriptor.routing == .singleKey, unsafe server.shard(of: words[descriptor.firstKey]) == worker.index {
      return nil
    }
    let call = unsafe worker.makeCall(
      StoredCommands(command: command, arguments: words), 0, words, database: run.database,
      protocolVersion: interpreter.protocolVersion,
      leavesAccessClocks: run.connection.leavesAccessClocks, isFromScript: true, client: worker.client(run.connection))
    if !call.isEveryShard, call.keys.allSatisfy({ unsafe $0.shard == worker.index }) { return nil }
    return call
  }

  /// A command of the server rather than of the data.
  private func callService(
    _ command: Int, _ words: Arguments, _ run: ScriptRun, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter
  ) -> ScriptCallOutcome {
    guard let body = server.serviceBodies[command] else { return .refused }
    let inner = run.inner ?? run.connection.forScripts()
    run.inner = inner
    inner.database = run.database
    inner.protocolVersion = reply.protocolVersion
    inner.isSuspended = false
    inner.replyCapture = { [unowned self] bytes in
      inner.replyCapture = nil
      inner.isSuspended = false
      append(run, reply: bytes)
    }
    do throws(CommandError) {
      unsafe try body(worker, inner, words, &keyspace, &reply)
    } catch {
      unsafe worker.statistics.fail(command, error, 0, &reply)
    }
    unsafe worker.statistics.count(command, ticks: 0)
    run.database = inner.database
    if inner.isSuspended { return .waits }
    inner.replyCapture = nil
    return .replied
  }

  func log(level: Int, _ message: ByteView) {
    switch level {
    case 0: server.log.debug("\(message.string)")
    case 1: server.log.info("\(message.string)")
    case 2: server.log.notice("\(message.string)")
    default: server.log.warning("\(message.string)")
    }
  }

  func mayCall(_ words: Arguments) -> Bool? {
    guard let command = server.table.index(of: words),
      server.table.descriptors[command].routing != .container
    else { return nil }
    return true
  }
}

extension Connection {
  /// A connection that is nobody's, for the service commands of a script.
  func forScripts() -> Connection {
    let inner = Connection(
      id: id, descriptor: -1, handle: ConnectionHandle(slot: Int(UInt32.max), generation: 0),
      address: address, createdAt: createdAt, now: lastInteraction)
    inner.isAuthenticated = isAuthenticated
    return inner
  }
}
