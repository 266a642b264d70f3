import Coordinator
import Engine
import RESP
import Scripting
import Shard

/// A script that a simulated client asks for.
struct SimulatedScript {
  let text: [UInt8]
  let keys: [[UInt8]]
  let arguments: [[UInt8]]
  /// As the look at its text says.
  let namesOnlyDeclaredKeys: Bool
  /// Somebody wants its end as soon as it is suspended, which is granted if it has not written by then.
  let isToBeKilled: Bool

  init(_ text: String, keys: [String] = [], arguments: [String] = [], isToBeKilled: Bool = false) {
    self.text = Array(text.utf8)
    self.keys = keys.map { Array($0.utf8) }
    self.arguments = arguments.map { Array($0.utf8) }
    self.isToBeKilled = isToBeKilled
    guard let script = try? ByteView.with(self.text, { (text) throws(LibraryError) in try Script(text) }) else {
      preconditionFailure("a script that is none: \(text)")
    }
    namesOnlyDeclaredKeys = script.namesOnlyDeclaredKeys
  }
}

/// The scripts of one simulated thread: the real interpreter, and what the server does around it.
///
/// A script that names only declared keys, all of them here and free, runs at once; any other one is a transaction. One that
/// is suspended takes its claims then, if it had none.
final class SimulatedScripts: ScriptHost {
  static let killed = Array("-ERR Script killed by user\r\n".utf8)

  private final class Run {
    let script: SimulatedScript
    let reply: ([UInt8]) -> Void
    var program: ScriptProgram?
    var suspended: Interpreter.Run?
    var foreign: CommandCall?
    var hasBegun = false
    var hasWritten = false
    var result: [UInt8] = []

    init(_ script: SimulatedScript, _ reply: @escaping ([UInt8]) -> Void) {
      self.script = script
      self.reply = reply
    }
  }

  private unowned let server: SimulatedServer
  private let index: Int
  private var current: Run?
  /// A slice is over with the first look at the clock, so that nothing depends on time.
  private lazy var interpreter = Interpreter(
    host: self, version: "7.4.0", callsMayWait: true, sliceNanoseconds: 0)
  private(set) var counts = Counts()

  struct Counts {
    var atOnce = 0
    var withClaims = 0
    var hops = 0
    var slices = 0
    var kills = 0

    static func += (left: inout Counts, right: Counts) {
      left.atOnce += right.atOnce
      left.withClaims += right.withClaims
      left.hops += right.hops
      left.slices += right.slices
      left.kills += right.kills
    }
  }

  init(_ server: SimulatedServer, index: Int) {
    self.server = server
    self.index = index
  }

  private var node: SimulatedServer.Node { server.nodes[index] }

  func run(_ script: SimulatedScript, reply: @escaping ([UInt8]) -> Void) {
    let run = Run(script, reply)
    guard canBeginAtOnce(script) else {
      counts.withClaims += 1
      return makeTransaction(of: run).start()
    }
    counts.atOnce += 1
    goOn(run, nil)
  }

  private func canBeginAtOnce(_ script: SimulatedScript) -> Bool {
    if server.shardCount == 1 { return node.scheduler.intents.isEmpty }
    guard script.namesOnlyDeclaredKeys else { return false }
    return script.keys.allSatisfy { key in
      let (shard, claim) = claim(of: key)
      return shard == index && node.scheduler.intents.allows(claim)
    }
  }

  private func claim(of key: [UInt8]) -> (shard: Int, claim: KeyClaim) {
    let hash = ByteView.with(key) { KeyHash($0, seed: server.seed) }
    return (hash.shard(of: server.shardCount), KeyClaim(hash: hash.rawValue, isExclusive: true))
  }

  private func makeTransaction(of run: Run) -> Transaction {
    var collector = ClaimCollector()
    if run.script.namesOnlyDeclaredKeys, server.shardCount > 1 {
      collector.add(shard: index)
      for key in run.script.keys {
        let (shard, claim) = claim(of: key)
        collector.add(claim, shard: shard)
      }
    } else {
      for shard in 0..<server.shardCount { collector.add(wholeShard: shard) }
    }
    let program = ScriptProgram(
      claims: collector.finish(), shardCount: server.shardCount, seed: server.seed
    ) { [unowned self] in
      server.later(at: index) { self.goOn(run, nil) }
    } onConclusion: {
      run.program = nil
      run.reply(run.result)
    }
    run.program = program
    let transaction = server.makeTransaction(program, at: index)
    program.transaction = transaction
    return transaction
  }

  // MARK: Running

  private func goOn(_ run: Run, _ reply: [UInt8]?) {
    let state: Interpreter.State
    let isAtOnce = run.program == nil
    if let suspended = run.suspended {
      run.suspended = nil
      if run.script.isToBeKilled, !run.hasWritten {
        counts.kills += 1
        interpreter.abandon(suspended)
        return finish(run, Self.killed)
      }
      state = step(run) {
        guard let reply else { return interpreter.resume(suspended) }
        return ByteView.with(reply) { interpreter.resume(suspended, with: $0) }
      }
    } else {
      precondition(!run.hasBegun, "a script that stands nowhere")
      run.hasBegun = true
      state = step(run) { begin(run.script) }
    }
    switch state {
    case .done:
      var output = ReplyWriter()
      interpreter.writeResult(to: &output)
      if isAtOnce { node.scheduler.concluded(&node.keyspace, &node.counts) }
      finish(run, output.bytes.bytes)
    case .failed:
      if isAtOnce { node.scheduler.concluded(&node.keyspace, &node.counts) }
      finish(run, Array("-".utf8) + interpreter.error + Array("\r\n".utf8))
    case .waits(let suspended):
      run.suspended = suspended
      guard let foreign = run.foreign, let program = run.program else {
        preconditionFailure("a call of a script without claims")
      }
      run.foreign = nil
      counts.hops += 1
      program.run(foreign) { [unowned self] reply in
        let bytes = reply.bytes
        server.later(at: index) { self.goOn(run, bytes) }
      }
    case .paused(let suspended):
      run.suspended = suspended
      counts.slices += 1
      if isAtOnce { makeTransaction(of: run).startHolding() }
      server.later(at: index) { [unowned self] in goOn(run, nil) }
    case .ended, .stopped: preconditionFailure("nothing ends a script from within")
    }
  }

  private func step(_ run: Run, _ body: () -> Interpreter.State) -> Interpreter.State {
    current = run
    defer { current = nil }
    node.keyspace.forgetPrepared()
    return body()
  }

  private func begin(_ script: SimulatedScript) -> Interpreter.State {
    guard let reference = ByteView.with(script.text, { interpreter.compile($0) }) else {
      preconditionFailure("a script that does not compile")
    }
    defer { interpreter.forget(reference) }
    return Arguments.with(script.keys) { keys in
      Arguments.with(script.arguments) { arguments in
        interpreter.begin(reference, isFunction: false, keys: keys, arguments: arguments)
      }
    }
  }

  private func finish(_ run: Run, _ result: [UInt8]) {
    guard let program = run.program else { return run.reply(result) }
    run.result = result
    program.end()
  }

  // MARK: What scripts ask

  func call(_ words: Arguments, _ reply: inout ReplyWriter) -> ScriptCallOutcome {
    guard let run = current else { preconditionFailure("a call of no script") }
    let call = server.makeCall(words.words.map { String(decoding: $0, as: UTF8.self) })
    if call.command.flags.contains(.write) { run.hasWritten = true }
    if server.shardCount > 1, call.isEveryShard || call.keys.contains(where: { $0.shard != index }) {
      run.foreign = call
      return .waits
    }
    let work = CommandsWork()
    _ = work.add(call)
    let node = self.node
    work.run(&node.keyspace, node.scheduler, &node.counts)
    precondition(!work.isUnfinished, "a command of a script in slices")
    reply.raw(work.reply(at: 0))
    return .replied
  }

  func log(level: Int, _ message: ByteView) {}
  func showToDebugger(_ text: ByteView) {}
  func mayCall(_ words: Arguments) -> Bool? { true }
}
