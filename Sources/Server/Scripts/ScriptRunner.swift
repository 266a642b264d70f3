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
@safe final class ScriptRunner {
  unowned let worker: Worker
  var server: ServerContext { worker.server }

  private(set) lazy var interpreter = Interpreter(
    host: self, version: Version.redis, callsMayWait: worker.server.shardCount > 1)
  private var hasInterpreter = false

  /// What this interpreter has compiled.
  private var targets: [ScriptID: ScriptTarget] = [:]
  private var flushCount = 0
  private var functions: [[UInt8]: ScriptTarget] = [:]
  private var libraryVersion = 0

  /// The run that goes on right now, and the keyspace that is lent to it.
  var current: ScriptRun?
  @exclusivity(unchecked)
  var keyspacePointer: UnsafeMutablePointer<Keyspace>?

  /// Suspended because their slice was over.
  private var paused: [ScriptRun] = []
  /// What is to go on in this turn: runs with the reply that they wait for, nil for those that wait for none.
  private var due: [(run: ScriptRun, reply: [UInt8]?)] = []

  /// The claims of a script on a server of one shard.
  private let wholeShard: [ShardClaims]

  init(_ worker: Worker) {
    self.worker = worker
    wholeShard = [ShardClaims(shard: worker.index, keys: [], claimsShard: true)]
  }

  var hasDue: Bool { !due.isEmpty }
  var hasPaused: Bool { !paused.isEmpty }
  var heapByteCount: Int { hasInterpreter ? interpreter.heapByteCount : 0 }

  /// Gives paused scripts their next slice.
  func wakePaused() {
    guard !paused.isEmpty else { return }
    for run in paused { due.append((run, nil)) }
    paused.removeAll()
  }

  func append(_ run: ScriptRun, reply: [UInt8]?) { due.append((run, reply)) }

  // MARK: What is to be run

  /// The script with these digits; nil if nobody has sent it.
  func target(_ id: ScriptID, isReadOnly: Bool) throws(CommandError) -> ScriptTarget? {
    if flushCount != server.scripts.flushCount { forgetScripts() }
    if !isReadOnly, let target = targets[id] { return target }
    guard let script = server.scripts[id] else { return nil }
    return try compile(script, isReadOnly: isReadOnly)
  }

  func compile(_ script: Script, isReadOnly: Bool) throws(CommandError) -> ScriptTarget {
    hasInterpreter = true
    if flushCount != server.scripts.flushCount { forgetScripts() }
    var reference = targets[script.id]?.reference
    if reference == nil { reference = script.withProgram { interpreter.compile($0) } }
    guard let reference else {
      throw CommandError(
        composed: Array("ERR Error compiling script (new function): ".utf8) + interpreter.error)
    }
    let cannotWrite = script.flags?.contains(.noWrites) ?? false
    func target(isReadOnly: Bool) -> ScriptTarget {
      ScriptTarget(
        reference: reference, name: script.id.digits, isFunction: false, flags: script.flags,
        isReadOnly: isReadOnly || cannotWrite, namesOnlyDeclaredKeys: script.namesOnlyDeclaredKeys,
        script: script)
    }
    targets[script.id] = target(isReadOnly: false)
    return target(isReadOnly: isReadOnly)
  }

  private func forgetScripts() {
    flushCount = server.scripts.flushCount
    for target in targets.values { interpreter.forget(target.reference) }
    targets = [:]
    if hasInterpreter { interpreter.collectGarbage() }
  }

  /// A library's function.
  func function(_ name: ByteView) throws(CommandError) -> ScriptTarget? {
    if libraryVersion != server.libraries.version { try loadLibraries() }
    return functions[name.bytes.lowercased]
  }

  private func loadLibraries() throws(CommandError) {
    hasInterpreter = true
    for target in functions.values { interpreter.forget(target.reference) }
    functions = [:]
    libraryVersion = server.libraries.version
    for library in server.libraries.all {
      for function in try load(library, isTimed: false) {
        functions[function.name.lowercased] = ScriptTarget(
          reference: function.reference, name: function.name, isFunction: true,
          flags: function.flags, isReadOnly: function.flags.contains(.noWrites),
          namesOnlyDeclaredKeys: library.namesOnlyDeclaredKeys, script: nil)
      }
    }
    interpreter.collectGarbage()
  }

  /// Runs a library's text.
  func load(
    _ library: FunctionLibrary, isTimed: Bool
  ) throws(CommandError) -> [RegisteredFunction] {
    hasInterpreter = true
    do throws(LibraryError) {
      return try library.withProgram { (program) throws(LibraryError) in
        try interpreter.loadLibrary(program, isTimed: isTimed)
      }
    } catch { throw CommandError(composed: error.message) }
  }

  // MARK: Running

  /// Runs a script: within the turn if that is possible, else the connection waits for it.
  ///
  /// - Parameters:
  ///   - arguments: the whole command; the keys begin at its word 3.
  func run(
    _ target: ScriptTarget, _ arguments: Arguments, keyCount: Int, isOutOfMemory: Bool,
    _ connection: Connection, _ keyspace: inout Keyspace, _ reply: inout ReplyWriter
  ) {
    let run = ScriptRun(
      target, connection, words: [], keyCount: keyCount, startTime: EventLoop.monotonicNanoseconds,
      wallTime: worker.wallTime)
    run.isOutOfMemory = isOutOfMemory
    if let hops = connection.hops {
      run.hops = hops
    } else if let claims = claimsAtOnce(target, arguments, keyCount) {
      run.claims = claims
    } else {
      return schedule(target, arguments, keyCount, isOutOfMemory: isOutOfMemory, connection)
    }
    run.hasBegun = true
    let keys = arguments.part(from: 3, count: keyCount)
    let rest = arguments.dropFirst(3 + keyCount)
    go(run, &keyspace) { interpreter in
      interpreter.begin(target.reference, isFunction: target.isFunction, keys: keys, arguments: rest)
    }
    if run.suspended == nil {
      ByteView.with(run.reply) { reply.raw($0) }
      return
    }
    connection.isSuspended = true
    if run.slow == nil { return }
    // For FUNCTION STATS, which can't have asked before.
    run.slow?.setCommand((0..<arguments.count).map { arguments[$0].bytes })
  }

  /// What a script will claim if it takes long; nil if it has to claim that before it begins.
  private func claimsAtOnce(
    _ target: ScriptTarget, _ arguments: Arguments, _ keyCount: Int
  ) -> [ShardClaims]? {
    let scheduler = worker.scheduler
    if server.shardCount == 1 { return scheduler.intents.isEmpty ? wholeShard : nil }
    guard target.namesOnlyDeclaredKeys else { return nil }
    var keys: [KeyClaim] = []
    for index in 3..<3 + keyCount {
      let key = arguments[index]
      let hash = KeyHash(key, seed: server.seed)
      let claim = KeyClaim(hash: hash.rawValue, isExclusive: !target.isReadOnly)
      guard server.shard(of: key, hash) == worker.index, scheduler.intents.allows(claim) else { return nil }
      if !keys.contains(claim) { keys.append(claim) }
    }
    return [ShardClaims(shard: worker.index, keys: keys)]
  }

  /// What a script claims.
  private func claims(_ target: ScriptTarget, _ keys: [[UInt8]]) -> [ShardClaims] {
    var collector = ClaimCollector()
    if target.namesOnlyDeclaredKeys, server.shardCount > 1 {
      collector.add(shard: worker.index)
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
    return collector.claims
  }

  private func schedule(
    _ target: ScriptTarget, _ arguments: Arguments, _ keyCount: Int, isOutOfMemory: Bool,
    _ connection: Connection
  ) {
    let words = (0..<arguments.count).map { arguments[$0].bytes }
    let run = ScriptRun(
      target, connection, words: words, keyCount: keyCount,
      startTime: EventLoop.monotonicNanoseconds, wallTime: worker.wallTime)
    run.isOutOfMemory = isOutOfMemory
    connection.isSuspended = true
    let program = makeProgram(run, claims(target, Array(words[3..<3 + keyCount])))
    let transaction = Transaction(program, on: worker.scheduler, ids: server.transactionIDs)
    program.transaction = transaction
    unsafe worker.traffic.transactionCount += 1
    transaction.start()
  }

  private func makeProgram(_ run: ScriptRun, _ claims: [ShardClaims]) -> ScriptProgram {
    let handle = run.connection.handle
    let isSilent = run.isSilent
    let program = ScriptProgram(claims: claims, shardCount: server.shardCount, seed: server.seed) {
      [unowned self] in
      due.append((run, nil))
    } onConclusion: { [unowned self] in
      run.hops = nil
      run.program = nil
      ByteView.with(run.reply) { worker.deliver($0, to: handle, isSilent: isSilent) }
    }
    run.hops = program
    run.program = program
    return program
  }

  /// Goes on with what is due.
  func runDue(_ keyspace: inout Keyspace, _ counts: inout CommandStatistics) {
    let due = self.due
    self.due.removeAll()
    swap(&counts, &worker.statistics)
    defer { swap(&counts, &worker.statistics) }
    for (run, reply) in due { goOn(run, reply, &keyspace) }
  }

  private func goOn(_ run: ScriptRun, _ reply: [UInt8]?, _ keyspace: inout Keyspace) {
    guard run.hasBegun else {
      run.hasBegun = true
      Arguments.with(run.words) { arguments in
        let keys = arguments.part(from: 3, count: run.keyCount)
        let rest = arguments.dropFirst(3 + run.keyCount)
        go(run, &keyspace) { interpreter in
          interpreter.begin(
            run.target.reference, isFunction: run.target.isFunction, keys: keys, arguments: rest)
        }
      }
      if run.suspended == nil { finish(run) }
      return
    }
    guard let suspended = run.suspended else { preconditionFailure("a script that stands nowhere") }
    run.suspended = nil
    if let slow = run.slow, slow.isKilled.load(ordering: .relaxed) {
      interpreter.abandon(suspended)
      fail(
        run,
        Array(
          "ERR Script killed by user with \(run.target.isFunction ? "FUNCTION" : "SCRIPT") KILL."
            .utf8), place: nil, isCounted: false)
    } else {
      go(run, &keyspace) { interpreter in
        guard let reply else { return interpreter.resume(suspended) }
        return ByteView.with(reply) { interpreter.resume(suspended, with: $0) }
      }
    }
    if run.suspended == nil { finish(run) }
  }

  /// Lets the interpreter go on with a run, until it is over or suspended.
  private func go(
    _ run: ScriptRun, _ keyspace: inout Keyspace, _ step: (Interpreter) -> Interpreter.State
  ) {
    let now = keyspace.now
    let previous = (current, keyspace.selected)
    keyspace.now = run.wallTime
    keyspace.forgetPrepared()
    keyspace.leavesAccessClocks = run.connection.leavesAccessClocks
    keyspace.servesScript = true
    if keyspace.observed.isTracking {
      keyspace.observed.setWriter(worker.reference(to: run.connection))
    }
    current = run
    // What it does is one unit: with claims that of its transaction, else its own.
    let transaction = run.program?.transaction
    transaction == nil ? keyspace.effects.openUnit() : keyspace.effects.openDetachedUnit()
    let state = unsafe withUnsafeMutablePointer(to: &keyspace) { pointer in
      unsafe keyspacePointer = unsafe pointer
      defer { unsafe keyspacePointer = nil }
      return step(interpreter)
    }
    if let transaction {
      transaction.add(effects: keyspace.effects.takeUnit())
    } else {
      keyspace.effects.closeUnit()
    }
    current = previous.0
    keyspace.servesScript = false
    keyspace.now = now
    keyspace.select(previous.1)
    keyspace.forgetPrepared()
    switch state {
    // It is not over: nobody who waits for its keys is served from the middle of it.
    case .paused, .waits: break
    default: if run.hops == nil { worker.scheduler.concluded(&keyspace, &worker.statistics) }
    }
    switch state {
    case .done:
      var reply = ReplyWriter(protocolVersion: run.protocolVersion)
      interpreter.writeResult(to: &reply)
      run.reply = reply.bytes.bytes
      noteError(reply)
    case .failed:
      fail(
        run, interpreter.error, place: interpreter.errorPlace ?? unknownPlace(run),
        isCounted: interpreter.isErrorCounted)
    case .waits(let suspended):
      run.suspended = suspended
      // One that always waits for others is never paused.
      if isBusy(run) { noteSlow(run) }
      guard let foreign = run.foreign else { return }
      run.foreign = nil
      guard let hops = run.hops else { preconditionFailure("a call of a script without claims") }
      hops.run(foreign) { [unowned self] reply in due.append((run, reply.bytes)) }
    case .paused(let suspended):
      run.suspended = suspended
      pause(run)
    case .ended: preconditionFailure("nothing ends a script from within")
    }
  }

  private func pause(_ run: ScriptRun) {
    if run.hops == nil {
      // Nobody has seen what it did so far, and from here on its claims are in the way.
      let program = makeProgram(run, run.claims)
      let transaction = Transaction(program, on: worker.scheduler, ids: server.transactionIDs)
      program.transaction = transaction
      transaction.startHolding()
    }
    noteSlow(run)
    paused.append(run)
  }

  /// It has gone on for longer than others should wait.
  private func isBusy(_ run: ScriptRun) -> Bool {
    let elapsed = EventLoop.monotonicNanoseconds &- run.startTime
    return elapsed / 1_000_000 >= UInt64(worker.settings.busyMilliseconds)
  }

  /// Has it known that a script does not end within a turn, so that it can be killed.
  private func noteSlow(_ run: ScriptRun) {
    let slow: SlowScripts.Entry
    if let known = run.slow {
      slow = known
    } else {
      slow = SlowScripts.Entry(
        name: run.target.name, command: run.words, isFunction: run.target.isFunction,
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
  private func finish(_ run: ScriptRun) {
    if let slow = run.slow {
      server.slowScripts.remove(slow)
      run.slow = nil
    }
    if let program = run.program { return program.end() }
    guard let capture = run.connection.replyCapture else {
      preconditionFailure("nobody waits for a script's reply")
    }
    capture(run.reply)
  }

  // MARK: Errors

  private func fail(
    _ run: ScriptRun, _ message: [UInt8], place: (source: [UInt8], line: Int)?, isCounted: Bool
  ) {
    var text = message + Array(" script: ".utf8) + run.target.name
    if let place { text += Array(", on ".utf8) + place.source + Array(":\(place.line).".utf8) }
    var reply = ReplyWriter(protocolVersion: run.protocolVersion)
    reply.error(text)
    run.reply = reply.bytes.bytes
    if !isCounted { worker.statistics.countError(CommandError(composed: message)) }
    worker.noteFailure(run)
  }

  /// An error that a script returned counts as one.
  private func noteError(_ reply: borrowing ReplyWriter) {
    let bytes = reply.bytes
    guard bytes.count > 1, bytes[0] == 0x2D else { return }
    worker.statistics.countError(CommandError(composed: bytes[1..<bytes.count - 2].bytes))
  }

  /// The interpreter does not know where a call stands that is the last thing a function does: the last line
  /// that returns something is as good a guess as any.
  private func unknownPlace(_ run: ScriptRun) -> (source: [UInt8], line: Int)? {
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
  func noteFailure(_ run: ScriptRun) {
    if run.connection.lastCommand >= 0 {
      statistics.counters[run.connection.lastCommand].failed += 1
    }
  }
}
