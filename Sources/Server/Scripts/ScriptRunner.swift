import Coordinator
import Engine
import EventLoop
import Logging
import RESP
import Scripting
import Shard
import Synchronization

/// Runs the scripts of one thread.
///
/// A script whose keys are all here, and free, runs within the turn. Any other one is a transaction: it begins when it
/// has its claims, and may be suspended while a command runs on another shard. A script that takes long is suspended
/// too, after each slice; it takes its claims then if it had none.
@safe final class ScriptRunner: ScriptHost {
  /// Owns this runner.
  unowned(unsafe) let worker: Worker
  /// The same, for the way of a call, where each count of a reference is felt.
  private let host: Unmanaged<Worker>
  private let table: Unmanaged<CommandTable>
  let server: ServerContext

  private var made: Interpreter?
  var compiled = CompiledScripts()

  /// The run that goes on right now, and the keyspace that is lent to it.
  @exclusivity(unchecked)
  private var current: Unmanaged<ScriptRun>?
  @exclusivity(unchecked)
  private var keyspacePointer: UnsafeMutablePointer<Keyspace>?

  /// One that is over.
  private var spare: ScriptRun?

  /// Suspended because their slice was over.
  private var paused: [ScriptRun] = []
  /// What is to go on in this turn: runs with the reply that they wait for, nil for those that wait for none.
  private var due: [(run: ScriptRun, reply: [UInt8]?)] = []

  init(_ worker: Worker) {
    unsafe self.worker = worker
    unsafe host = .passUnretained(worker)
    server = worker.server
    unsafe table = .passUnretained(worker.server.table)
  }

  /// Made when the first script comes.
  var interpreter: Interpreter {
    if let made { return made }
    let interpreter = Interpreter(
      host: self, version: Version.redis, callsMayWait: server.shardCount > 1,
      hasDeprecatedFunctions: server.hasDeprecatedFunctions)
    made = interpreter
    return interpreter
  }

  var hasDue: Bool { !due.isEmpty }
  var hasPaused: Bool { !paused.isEmpty }
  var heapByteCount: Int { made?.heapByteCount ?? 0 }
  func collectGarbage() { made?.collectGarbage() }

  /// Gives paused scripts their next slice.
  func wakePaused() {
    guard !paused.isEmpty else { return }
    for run in paused { due.append((run, nil)) }
    paused.removeAll()
  }

  func append(_ run: ScriptRun, reply: [UInt8]?) { due.append((run, reply)) }

  // MARK: Running

  /// Runs a script: within the turn if that is possible, else the connection waits for it.
  ///
  /// - Parameters:
  ///   - arguments: the whole command; the keys begin at its word 3.
  ///   - worker: this runner's, whom the caller holds already.
  func run(
    on worker: Worker, _ target: ScriptTarget, _ arguments: Arguments, keyCount: Int, isOutOfMemory: Bool,
    _ connection: Connection, _ keyspace: inout Keyspace, _ reply: inout ReplyWriter
  ) {
    let run = makeRun(on: worker, target, connection, keyCount: keyCount, isOutOfMemory: isOutOfMemory)
    if !connection.isPlain, connection.isDebugging, connection.hops == nil {
      return beginSession(run, arguments)
    }
    if let hops = connection.hops {
      run.hops = hops
    } else if connection.visit?.isBehindOthers == true
      || !canBeginAtOnce(worker, target, arguments, keyCount, isVisit: connection.visit != nil)
    {
      run.words = arguments.words
      return schedule(run)
    }
    run.hasBegun = true
    let interpreter = self.interpreter
    let state = begin(worker, interpreter, run, arguments, &keyspace)
    if conclude(worker, interpreter, run, state, &keyspace, &reply) {
      if run.isRenewable { spare = run }
    } else {
      detach(run)
      run.words = arguments.words
      wait(run, state)
    }
  }

  /// Most runs are over within the turn, and their object serves the next.
  @inline(__always)
  private func makeRun(
    on worker: Worker, _ target: ScriptTarget, _ connection: Connection, keyCount: Int, isOutOfMemory: Bool
  ) -> ScriptRun {
    guard let run = spare else {
      return ScriptRun(
        target, connection, keyCount: keyCount, isOutOfMemory: isOutOfMemory,
        startTime: worker.turnTime, wallTime: worker.wallTime)
    }
    spare = nil
    run.renew(
      target, connection, keyCount: keyCount, isOutOfMemory: isOutOfMemory,
      startTime: worker.turnTime, wallTime: worker.wallTime)
    return run
  }

  /// Whether a script needs no claims to begin: nobody can see it half done unless it is suspended.
  ///
  /// - Parameter isVisit: it was sent here because all its keys are here.
  private func canBeginAtOnce(
    _ worker: Worker, _ target: ScriptTarget, _ arguments: Arguments, _ keyCount: Int, isVisit: Bool
  ) -> Bool {
    if server.shardCount == 1 { return worker.scheduler.intents.isEmpty }
    guard target.namesOnlyDeclaredKeys else { return false }
    if isVisit, worker.scheduler.intents.isEmpty { return true }
    for index in 3..<3 + keyCount {
      let key = arguments[index]
      let hash = KeyHash(key, seed: server.seed)
      let claim = KeyClaim(hash: hash.rawValue, isExclusive: !target.isReadOnly)
      guard server.shard(of: key, hash) == worker.index, worker.scheduler.intents.allows(claim) else { return false }
    }
    return true
  }

  private func beginSession(_ run: ScriptRun, _ arguments: Arguments) {
    let debugger = ScriptDebugger(arguments[1])
    debugger.resumeTime = run.startTime
    run.debugger = debugger
    run.connection.debuggedRun = run
    run.words = arguments.words
    schedule(run)
  }

  /// What a script claims.
  private func claims(_ run: ScriptRun, _ keys: [[UInt8]]) -> [ShardClaims] {
    let target = run.target
    var collector = ClaimCollector()
    if target.namesOnlyDeclaredKeys, server.shardCount > 1, run.debugger == nil {
      unsafe collector.add(shard: worker.index)
      for key in keys {
        ByteView.with(key) { key in
          let hash = KeyHash(key, seed: server.seed)
          collector.add(
            KeyClaim(hash: hash.rawValue, isExclusive: !target.isReadOnly),
            shard: server.shard(of: key, hash))
        }
      }
    } else {
      for shard in 0..<server.shardCount { collector.add(wholeShard: shard) }
    }
    return collector.finish()
  }

  private func schedule(_ run: ScriptRun) {
    detach(run)
    let transaction = makeTransaction(run)
    unsafe worker.traffic.transactionCount += 1
    transaction.start()
  }

  /// Its client waits for it, or goes on with the next command.
  private func detach(_ run: ScriptRun) {
    run.place = run.connection.overlapPlace
    run.connection.overlapPlace = nil
    run.connection.isSuspended = run.place == nil
  }

  private func makeTransaction(_ run: ScriptRun) -> Transaction {
    let words = run.words ?? []
    let program = ScriptProgram(
      claims: claims(run, Array(words[3..<3 + run.keyCount])), shardCount: server.shardCount, seed: server.seed
    ) { [unowned self] in
      due.append((run, nil))
    } onConclusion: { [unowned self] in
      run.hops = nil
      run.program = nil
      ByteView.with(run.reply ?? []) { unsafe worker.deliver($0, of: run) }
    }
    run.hops = program
    run.program = program
    let transaction = unsafe Transaction(program, on: worker.scheduler, ids: server.transactionIDs)
    program.transaction = transaction
    return transaction
  }

  /// Goes on with what is due.
  func runDue(_ keyspace: inout Keyspace, _ counts: inout CommandStatistics) {
    let due = self.due
    self.due.removeAll()
    unsafe swap(&counts, &worker.statistics)
    defer { unsafe swap(&counts, &worker.statistics) }
    for (run, reply) in due { goOn(run, reply, &keyspace) }
  }

  private func goOn(_ run: ScriptRun, _ reply: [UInt8]?, _ keyspace: inout Keyspace) {
    if run.hasBegun {
      if let debugger = run.debugger { return goOn(run, watchedBy: debugger, reply, &keyspace) }
      guard let suspended = run.suspended else { preconditionFailure("a script that stands nowhere") }
      step(run, suspended, reply, &keyspace)
    } else {
      run.hasBegun = true
      if let debugger = run.debugger {
        interpreter.watch(nil, stopsAtNextLine: debugger.steps, mayStopHere: true, breakpoints: [])
      }
      let worker = unsafe self.worker
      let state = Arguments.with(run.words ?? []) { begin(worker, interpreter, run, $0, &keyspace) }
      concludeOrWait(run, state, &keyspace)
    }
  }

  /// Lets a suspended run go on.
  func step(_ run: ScriptRun, _ suspended: Interpreter.Run, _ reply: [UInt8]?, _ keyspace: inout Keyspace) {
    let interpreter = self.interpreter
    run.suspended = nil
    if let slow = run.slow, slow.isKilled.load(ordering: .relaxed) {
      let kind = run.target.isFunction ? "FUNCTION" : "SCRIPT"
      return end(run, suspended, "ERR Script killed by user with \(kind) KILL.", place: nil)
    }
    let state = go(unsafe worker, run, &keyspace) {
      guard let reply else { return interpreter.resume(suspended) }
      return ByteView.with(reply) { interpreter.resume(suspended, with: $0) }
    }
    concludeOrWait(run, state, &keyspace)
  }

  private func concludeOrWait(_ run: ScriptRun, _ state: Interpreter.State, _ keyspace: inout Keyspace) {
    let worker = unsafe self.worker
    var output = ReplyWriter(protocolVersion: run.protocolVersion)
    guard conclude(worker, interpreter, run, state, &keyspace, &output) else { return wait(run, state) }
    finish(run, output)
  }

  /// Ends a run from outside: it can't notice.
  func end(_ run: ScriptRun, _ suspended: Interpreter.Run, _ text: String, place: (source: [UInt8], line: Int)?) {
    interpreter.abandon(suspended)
    var output = ReplyWriter(protocolVersion: run.protocolVersion)
    fail(run, Array(text.utf8), place: place, isCounted: false, &output)
    finish(run, output)
  }

  @inline(__always)
  private func begin(
    _ worker: Worker, _ interpreter: Interpreter, _ run: ScriptRun, _ arguments: Arguments, _ keyspace: inout Keyspace
  ) -> Interpreter.State {
    let keys = arguments.part(from: 3, count: run.keyCount)
    let rest = arguments.dropFirst(3 + run.keyCount)
    return go(worker, run, &keyspace) {
      interpreter.begin(
        run.target.reference, isFunction: run.target.isFunction, keys: keys, arguments: rest)
    }
  }

  /// Lets the interpreter go on with a run, until it is over or suspended.
  @inline(__always)
  func go(
    _ worker: Worker, _ run: ScriptRun, _ keyspace: inout Keyspace, _ step: () -> Interpreter.State
  ) -> Interpreter.State {
    let now = keyspace.now
    let database = keyspace.selected
    // A service command that a script has called may run another script.
    let previous = unsafe current
    keyspace.now = run.wallTime
    keyspace.forgetPrepared()
    keyspace.leavesAccessClocks = run.connection.leavesAccessClocks
    keyspace.servesScript = true
    if keyspace.observed.isTracking {
      keyspace.observed.setWriter(worker.reference(to: run.connection))
    }
    unsafe current = unsafe .passUnretained(run)
    // What it does is one unit: with claims that of its transaction, else its own; that waits for the transaction
    // where the script does not end here.
    let transaction = run.hops?.transaction
    transaction == nil ? keyspace.effects.openUnit() : keyspace.effects.openDetachedUnit()
    let state = unsafe withUnsafeMutablePointer(to: &keyspace) { pointer in
      unsafe keyspacePointer = unsafe pointer
      defer { unsafe keyspacePointer = nil }
      return step()
    }
    if let transaction {
      transaction.add(effects: keyspace.effects.takeUnit())
    } else {
      switch state {
      case .paused, .waits, .stopped: run.effects = keyspace.effects.takeUnit()
      case .done, .failed, .ended: keyspace.effects.closeUnit()
      }
    }
    unsafe current = previous
    keyspace.servesScript = false
    keyspace.now = now
    keyspace.select(database)
    keyspace.forgetPrepared()
    return state
  }

  /// Writes the reply of a run that is over.
  ///
  /// - Returns: false if it is not: it waits.
  private func conclude(
    _ worker: Worker, _ interpreter: Interpreter, _ run: ScriptRun, _ state: Interpreter.State,
    _ keyspace: inout Keyspace, _ output: inout ReplyWriter
  ) -> Bool {
    switch state {
    // Nobody who waits for its keys is served from the middle of it.
    case .paused, .waits, .stopped: return false
    case .done:
      if run.hops == nil { unsafe worker.scheduler.concluded(&keyspace, &worker.statistics) }
      let start = output.count
      interpreter.writeResult(to: &output)
      noteError(run, interpreter, output.bytes, from: start)
    case .failed:
      if run.hops == nil { unsafe worker.scheduler.concluded(&keyspace, &worker.statistics) }
      let place = interpreter.errorPlace ?? unknownPlace(run)
      var message = interpreter.error
      if interpreter.errorLacksPlace {
        message = Array("ERR ".utf8) + place.source.dropFirst() + Array(":\(place.line): ".utf8) + message.dropFirst(4)
      }
      fail(run, message, place: place, isCounted: interpreter.isErrorCounted, &output)
    case .ended: preconditionFailure("nothing ends a script from within")
    }
    return true
  }

  /// Arranges for a suspended run to go on.
  private func wait(_ run: ScriptRun, _ state: Interpreter.State) {
    switch state {
    case .waits(let suspended):
      run.suspended = suspended
      // One that always waits for others is never paused.
      if run.debugger == nil, isBusy(run) { noteSlow(run) }
      waitForCall(run)
    case .paused(let suspended):
      run.suspended = suspended
      holdClaims(run)
      if run.debugger == nil { noteSlow(run) }
      pause(run)
    case .stopped(let suspended):
      run.suspended = suspended
      stop(run)
    case .done, .failed, .ended: preconditionFailure("a run that is over can't wait")
    }
  }

  /// It goes on when the command that it has called is done.
  func waitForCall(_ run: ScriptRun) {
    guard let foreign = run.foreign else { return holdClaims(run) }
    run.foreign = nil
    guard let hops = run.hops else { preconditionFailure("a call of a script without claims") }
    hops.run(foreign) { [unowned self] reply in due.append((run, reply.bytes)) }
  }

  /// It goes on with its next slice.
  func pause(_ run: ScriptRun) { paused.append(run) }

  /// Nobody has seen what it did so far, and from here on its claims are in the way.
  private func holdClaims(_ run: ScriptRun) {
    guard run.hops == nil else { return }
    let transaction = makeTransaction(run)
    transaction.startHolding()
    transaction.add(effects: run.effects)
    run.effects = []
  }

  /// It has gone on for longer than others should wait.
  private func isBusy(_ run: ScriptRun) -> Bool {
    let elapsed = EventLoop.monotonicNanoseconds &- run.startTime
    return unsafe elapsed / 1_000_000 >= UInt64(worker.settings.busyMilliseconds)
  }

  /// Has it known that a script does not end within a turn, so that it can be killed.
  private func noteSlow(_ run: ScriptRun) {
    let slow: SlowScripts.Entry
    if let known = run.slow {
      slow = known
    } else {
      slow = SlowScripts.Entry(
        name: run.target.name, command: run.words ?? [], isFunction: run.target.isFunction,
        startTime: run.startTime)
      run.slow = slow
      server.slowScripts.add(slow)
    }
    slow.hasWritten.store(run.hasWritten, ordering: .relaxed)
    if isBusy(run) {
      let elapsed = EventLoop.monotonicNanoseconds &- run.startTime
      if !slow.isBusy.load(ordering: .relaxed) {
        server.log.warning(
          "Slow script detected: still in execution after \(elapsed / 1_000_000) milliseconds. You can try killing the script using the \(run.target.isFunction ? "FUNCTION" : "SCRIPT") KILL command. Script name is: \(String(decoding: run.target.name, as: UTF8.self))."
        )
      }
      server.slowScripts.setBusy(slow)
    }
  }

  /// Hands out the reply of a run that did not end within the turn of its command.
  private func finish(_ run: ScriptRun, _ output: borrowing ReplyWriter) {
    if let slow = run.slow {
      server.slowScripts.remove(slow)
      run.slow = nil
    }
    var reply = output.bytes.bytes
    if let debugger = run.debugger {
      debugger.show("<endsession>")
      var lines = ReplyWriter()
      debugger.takeLines(&lines)
      reply = lines.bytes.bytes + reply
    }
    if let program = run.program {
      run.reply = reply
      return program.end()
    }
    guard let capture = run.connection.replyCapture else {
      preconditionFailure("nobody waits for a script's reply")
    }
    capture(reply)
  }

  // MARK: What scripts ask

  func call(_ words: Arguments, _ reply: inout ReplyWriter) -> ScriptCallOutcome {
    guard let run = unsafe current, let keyspace = unsafe keyspacePointer else {
      preconditionFailure("a call of no script")
    }
    return unsafe run._withUnsafeGuaranteedRef { run in
      unsafe host._withUnsafeGuaranteedRef { worker in
        unsafe table._withUnsafeGuaranteedRef { table in
          guard run.debugger == nil else {
            return showCall(run, words, &reply) {
              unsafe worker.callFromScript(run, words, of: table, &keyspace.pointee, &$0)
            }
          }
          return unsafe worker.callFromScript(run, words, of: table, &keyspace.pointee, &reply)
        }
      }
    }
  }

  /// A call of a script that somebody watches.
  private func showCall(
    _ run: ScriptRun, _ words: Arguments, _ reply: inout ReplyWriter,
    _ call: (inout ReplyWriter) -> ScriptCallOutcome
  ) -> ScriptCallOutcome {
    let outcome = call(&reply)
    guard let debugger = run.debugger, debugger.steps else { return outcome }
    debugger.show(call: words)
    switch outcome {
    case .replied: debugger.show(reply: reply.bytes)
    case .refused: debugger.show(Array("<error> ".utf8) + reply.bytes.bytes)
    case .waits, .ends: break
    }
    return outcome
  }

  func showToDebugger(_ text: ByteView) {
    guard let run = unsafe current else { return }
    unsafe run._withUnsafeGuaranteedRef { $0.debugger?.show(text.bytes) }
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

  // MARK: Errors

  private func fail(
    _ run: ScriptRun, _ message: [UInt8], place: (source: [UInt8], line: Int)?, isCounted: Bool,
    _ output: inout ReplyWriter
  ) {
    var text = message + Array(" script: ".utf8) + run.target.name
    if let place { text += Array(", on ".utf8) + place.source + Array(":\(place.line).".utf8) }
    output.error(text)
    if !isCounted { unsafe worker.statistics.countError(CommandError(composed: message)) }
    unsafe worker.noteFailure(run)
  }

  /// A script that returns an error has failed; the error counts as one, unless it is that of a command.
  @inline(__always)
  private func noteError(
    _ run: ScriptRun, _ interpreter: Interpreter, _ reply: ByteView, from start: Int
  ) {
    guard reply.count > start + 1, reply[start] == 0x2D else { return }
    if !interpreter.isErrorCounted { countError(reply[start + 1..<reply.count - 2]) }
    unsafe worker.noteFailure(run)
  }

  private func countError(_ message: ByteView) {
    unsafe worker.statistics.countError(CommandError(composed: message.bytes))
  }

  /// The interpreter does not know where a call stands that is the last thing a function does: the last line
  /// that returns something is as good a guess as any.
  private func unknownPlace(_ run: ScriptRun) -> (source: [UInt8], line: Int) {
    guard let script = run.target.script else { return (Array("@user_function".utf8), 1) }
    let lines = script.text.split(separator: 0x0A, omittingEmptySubsequences: false)
    let marker = Array("return".utf8)
    let found = lines.lastIndex { line in
      line.count >= marker.count
        && (0...line.count - marker.count).contains {
          line.dropFirst($0).starts(with: marker)
        }
    }
    return (Array("@user_script".utf8), (found ?? 0) + 1)
  }
}

extension Worker {
  fileprivate func deliver(_ reply: ByteView, of run: ScriptRun) {
    if let visit = run.connection.visit {
      deliver(reply, ofVisitor: run.connection, visit)
    } else if let place = run.place {
      if let connection = connections[run.connection.handle] { endOverlap(connection, place, reply) }
    } else {
      if run.debugger != nil, let connection = connections[run.connection.handle] {
        connection.debuggedRun = nil
        connection.isClosing = true
      }
      deliver(reply, to: run.connection.handle, isSilent: run.isSilent)
    }
  }

  func noteFailure(_ run: ScriptRun) {
    if run.connection.lastCommand >= 0 {
      unsafe statistics.counters.countFailed(run.connection.lastCommand)
    }
  }
}
