import Engine
import EventLoop
import RESP
import Scripting
import Shard

/// Scripts that their client runs step by step, after SCRIPT DEBUG SYNC.
///
/// Such a script holds all shards from its beginning to its end, whatever its keys are: what its client looks at between
/// two steps stands still.
extension ScriptRunner {
  /// Takes a command of a session: its client waits for what it shows.
  func take(_ words: Arguments, for run: ScriptRun, _ connection: Connection) {
    guard let debugger = run.debugger else { preconditionFailure("a session without a debugger") }
    debugger.command = words.words
    connection.isSuspended = true
    append(run, reply: nil)
  }

  /// The client is gone: its script goes on alone.
  func release(_ connection: Connection) {
    // It has stopped: a connection that waits is not closed.
    guard let run = connection.debuggedRun else { return }
    connection.debuggedRun = nil
    run.debugger = nil
    interpreter.stopWatching()
    append(run, reply: nil)
  }

  /// Goes on with a run that is watched: with the script, or with what its client wants to know.
  func goOn(
    _ run: ScriptRun, watchedBy debugger: ScriptDebugger, _ reply: [UInt8]?, _ keyspace: inout Keyspace
  ) {
    let interpreter = self.interpreter
    switch debugger.stage {
    case .running:
      if let reply, debugger.steps { ByteView.with(reply) { debugger.show(reply: $0) } }
      step(run, debugger, reply, &keyspace)
    case .evaluating(let evaluation, let showsResult):
      if let reply, debugger.steps { ByteView.with(reply) { debugger.show(reply: $0) } }
      let state = go(unsafe worker, run, &keyspace) {
        guard let reply else { return interpreter.resume(evaluation) }
        return ByteView.with(reply) { interpreter.resume(evaluation, with: $0) }
      }
      concludeEvaluation(run, debugger, state, showsResult: showsResult)
    case .stopped: obey(run, debugger, &keyspace)
    }
  }

  /// The script goes on to where it stops next.
  private func step(
    _ run: ScriptRun, _ debugger: ScriptDebugger, _ reply: [UInt8]?, _ keyspace: inout Keyspace
  ) {
    guard let suspended = run.suspended else { preconditionFailure("a script that stands nowhere") }
    let elapsed = (EventLoop.monotonicNanoseconds &- debugger.resumeTime) / 1_000_000
    if unsafe elapsed >= UInt64(worker.settings.busyMilliseconds), !debugger.steps {
      debugger.steps = true
      debugger.isOvertime = true
    }
    interpreter.watch(
      suspended, stopsAtNextLine: debugger.steps, mayStopHere: debugger.isOvertime,
      breakpoints: debugger.breakpoints)
    step(run, suspended, reply, &keyspace)
  }

  /// Shows where a script has stopped, and waits for its client.
  func stop(_ run: ScriptRun) {
    guard let debugger = run.debugger else { preconditionFailure("a script that nobody watches has stopped") }
    debugger.stop(at: interpreter.lineOfStop, interpreter.reasonOfStop)
    hand(over: debugger, to: run.connection)
  }

  private func hand(over debugger: ScriptDebugger, to connection: Connection) {
    var reply = ReplyWriter()
    debugger.takeLines(&reply)
    unsafe worker.deliver(reply.bytes, to: connection.handle, isSilent: false)
  }

  // MARK: Commands of the session

  private func obey(_ run: ScriptRun, _ debugger: ScriptDebugger, _ keyspace: inout Keyspace) {
    let words = debugger.command
    let name = words.first.map { String(decoding: $0, as: UTF8.self).lowercased() } ?? ""
    switch name {
    case "s", "step", "n", "next", "c", "continue":
      debugger.steps = name.first != "c"
      debugger.stage = .running
      debugger.resumeTime = EventLoop.monotonicNanoseconds
      return step(run, debugger, nil, &keyspace)
    case "a", "abort":
      guard let suspended = run.suspended else { preconditionFailure("a script that stands nowhere") }
      return end(
        run, suspended, "ERR script aborted for user request",
        place: (Array("@user_script".utf8), interpreter.lineOfStop))
    case "e", "eval":
      let code = Array(words.dropFirst().joined(separator: [0x20]))
      return ByteView.with(code) { code in
        evaluate(run, debugger, showsResult: true, &keyspace) { self.interpreter.evaluate(code, in: $0) }
      }
    case "r" where words.count > 1, "redis" where words.count > 1:
      return Arguments.with(Array(words.dropFirst())) { words in
        evaluate(run, debugger, showsResult: false, &keyspace) { self.interpreter.evaluate(call: words, in: $0) }
      }
    case "h", "help": debugger.showHelp()
    case "t", "trace": debugger.showCalls(interpreter.calls)
    case "m", "maxlen": debugger.setLength(words)
    case "b", "break": debugger.setBreakpoints(words)
    case "p", "print":
      debugger.show(
        linesOf: words.count == 2
          ? ByteView.with(words[1]) { interpreter.variable($0) } : interpreter.variables)
    case "l", "list": debugger.list(words)
    case "w", "whole": debugger.listAll()
    default:
      debugger.show("<error> Unknown Redis Lua debugger command or wrong number of arguments.")
    }
    hand(over: debugger, to: run.connection)
  }

  private func evaluate(
    _ run: ScriptRun, _ debugger: ScriptDebugger, showsResult: Bool, _ keyspace: inout Keyspace,
    _ begin: (Interpreter.Run) -> Interpreter.State
  ) {
    guard let suspended = run.suspended else { preconditionFailure("a script that stands nowhere") }
    // What it calls is shown.
    debugger.steps = !showsResult
    let state = go(unsafe worker, run, &keyspace) { begin(suspended) }
    concludeEvaluation(run, debugger, state, showsResult: showsResult)
  }

  private func concludeEvaluation(
    _ run: ScriptRun, _ debugger: ScriptDebugger, _ state: Interpreter.State, showsResult: Bool
  ) {
    switch state {
    case .waits(let evaluation):
      debugger.stage = .evaluating(evaluation, showsResult: showsResult)
      return waitForCall(run)
    case .paused(let evaluation):
      debugger.stage = .evaluating(evaluation, showsResult: showsResult)
      return pause(run)
    case .done:
      if showsResult { debugger.show(linesOf: Array("<retval> ".utf8) + interpreter.describedResult) }
    case .failed:
      // Errors of a call have been shown with it.
      if showsResult { debugger.show(Array("<error> ".utf8) + interpreter.error) }
    case .ended, .stopped: preconditionFailure("an expression that stops")
    }
    debugger.steps = false
    debugger.stage = .stopped
    hand(over: debugger, to: run.connection)
  }
}
