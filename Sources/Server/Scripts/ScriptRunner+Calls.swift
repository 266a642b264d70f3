import Coordinator
import Engine
import Logging
import RESP
import Scripting
import Shard

/// What scripts call.
extension Worker {
  /// Runs a command that a script calls, or notes it as the one that the script waits for.
  ///
  /// - Parameter table: the server's.
  func callFromScript(
    _ run: ScriptRun, _ words: Arguments, of table: CommandTable, _ keyspace: inout Keyspace, _ reply: inout ReplyWriter
  ) -> ScriptCallOutcome {
    guard let command = table.index(of: words) else { return refuseUnknown(&reply) }
    let traits = server.scriptTraits[command]
    if traits.contains(.container) { return refuseUnknown(&reply) }
    guard table.descriptors[command].allows(words.count) else {
      return refuse(command, "ERR Wrong number of args calling Redis command from script", &reply)
    }
    if traits.contains(.refused), traits.contains(.blocking) || !server.allowsAllInScripts {
      return refuse(command, "ERR This Redis command is not allowed from script", &reply)
    }
    if run.target.isReadOnly, !traits.isDisjoint(with: [.writes, .changesMore]) {
      return refuse(command, "ERR Write commands are not allowed from read-only scripts.", &reply)
    }
    // A script that has begun to write goes on to its end.
    if run.isOutOfMemory, !run.hasWritten, traits.contains(.needsMemory),
      run.target.flags?.contains(.allowOOM) != true
    {
      return refuse(command, "OOM command not allowed when used memory > 'maxmemory'.", code: "OOM", &reply)
    }
    if traits.contains(.writes) {
      if !run.hasWritten, server.persistence.isGuarding, !run.connection.isReplay,
        let refusal = server.persistence.refusalOfWrites()
      {
        unsafe statistics.countError(refusal)
        ByteView.with(refusal.message) { reply.raw($0) }
        return .refused
      }
      run.hasWritten = true
    }
    if server.insight.isMonitored { monitorScript(command, words, database: run.database) }
    keyspace.select(run.database)
    if traits.contains(.service) { return callService(command, words, run, &keyspace, &reply) }
    if server.shardCount > 1 {
      let isHere =
        traits.contains(.singleKey)
        && server.shard(of: words[table.descriptors[command].firstKey]) == index
      if !isHere, let foreign = foreignCall(command, words, run, reply.protocolVersion) {
        run.foreign = foreign
        if run.tracksReads { rememberKeys(command, words, run.connection, .all, &keyspace) }
        return .waits
      }
    }
    unsafe statistics.run(command, of: table, words, &keyspace, &reply)
    if run.tracksReads { rememberKeys(command, words, run.connection, .all, &keyspace) }
    return .replied
  }

  @inline(never)
  private func refuseUnknown(_ reply: inout ReplyWriter) -> ScriptCallOutcome {
    refuse(nil, "ERR Unknown Redis command called from script", &reply)
  }

  @inline(never)
  private func refuse(
    _ command: Int?, _ text: StaticString, code: String = "ERR", _ reply: inout ReplyWriter
  ) -> ScriptCallOutcome {
    unsafe statistics.countError(code: code)
    if let command { unsafe statistics.counters.countRejected(command) }
    reply.raw(text)
    return .refused
  }

  /// A command that concerns other shards; nil if all its keys are here.
  private func foreignCall(
    _ command: Int, _ words: Arguments, _ run: ScriptRun, _ protocolVersion: Int
  ) -> CommandCall? {
    let call = makeCall(
      StoredCommands(command: command, arguments: words), 0, words, database: run.database,
      protocolVersion: protocolVersion, leavesAccessClocks: run.connection.leavesAccessClocks,
      scriptTime: run.wallTime, client: client(run.connection))
    if !call.isEveryShard, call.keys.allSatisfy({ $0.shard == index }) { return nil }
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
      scripts.append(run, reply: bytes)
    }
    do throws(CommandError) {
      try body(self, inner, words, &keyspace, &reply)
    } catch {
      unsafe statistics.fail(command, error, 0, &reply)
    }
    unsafe statistics.count(command, ticks: 0)
    run.database = inner.database
    if inner.isSuspended { return .waits }
    inner.replyCapture = nil
    return .replied
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
