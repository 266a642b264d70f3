import Coordinator
import Engine
import RESP
import Shard
import TestSupport

/// Shards and their coordinators on one thread: what they tell each other arrives when the seed says, in order
/// between any two of them and in no order otherwise.
final class SimulatedServer {
  /// What travels from one shard's thread to another's.
  private enum Message {
    case shard(ShardMessage)
    /// A command whose keys are all on the shard it goes to.
    case command(CommandCall, from: Int, reply: ([UInt8]) -> Void)
    /// A script whose keys are all there.
    case script(SimulatedScript, from: Int, reply: ([UInt8]) -> Void)
    /// What a thread does when it comes to it.
    case due(() -> Void)
    case reply([UInt8], to: ([UInt8]) -> Void)
  }

  final class Node {
    deinit { counts.counters.deallocate() }

    var keyspace: Keyspace
    let scheduler: ShardScheduler
    var counts: CommandStatistics

    init(index: Int, seed: UInt64, table: CommandTable, ids: TransactionIDs) {
      keyspace = Keyspace(seed: seed)
      keyspace.now = 1_000_000
      // Large enough for slices is what has more than a few members.
      keyspace.options.elementsAtOnceMax = 3
      keyspace.options.setListpackLimits.entriesMax = 0
      keyspace.options.sortedSetListpackLimits.entriesMax = 0
      scheduler = ShardScheduler(shard: index, table: table, ids: ids, seed: seed)
      counts = CommandStatistics(CommandCounters(commandCount: table.commands.count))
    }
  }

  let table = CommandTable(
    CommandTable.string + CommandTable.generic + CommandTable.list + CommandTable.set
      + CommandTable.sortedSet)
  let shardCount: Int
  let seed: UInt64
  private let ids = TransactionIDs()
  let nodes: [Node]
  private(set) lazy var scripts = nodes.indices.map { SimulatedScripts(self, index: $0) }
  /// Clients that wait for a key, by their number.
  var waiters: [UInt64: Waiter] = [:]
  /// Hears of each client that begins to wait.
  var onWait: (UInt64) -> Void = { _ in }
  /// Clients that went away.
  var gone: Set<UInt64> = []
  private var mail: [[Message]]
  private(set) var refusals = 0

  init(shardCount: Int, seed: UInt64) {
    self.shardCount = shardCount
    self.seed = seed
    let table = self.table
    let ids = self.ids
    nodes = (0..<shardCount).map { Node(index: $0, seed: seed, table: table, ids: ids) }
    mail = Array(repeating: [], count: shardCount * shardCount)
  }

  // MARK: Time

  var isQuiet: Bool {
    mail.allSatisfy(\.isEmpty) && !nodes.contains { $0.scheduler.hasUnfinished }
  }

  /// Slices of long work that were done.
  private(set) var sliceCount = 0

  /// Delivers one message, between the pair of shards that `draw` chooses among those that have some; or has a shard
  /// do a slice of what it has begun.
  func deliverOne(_ draw: UInt64) {
    let busy = mail.indices.filter { !mail[$0].isEmpty }
    let slicing = nodes.indices.filter { nodes[$0].scheduler.hasUnfinished }
    if !slicing.isEmpty, busy.isEmpty || draw >> 32 & 1 == 0 {
      let index = slicing[Int(draw >> 33) % slicing.count]
      let node = nodes[index]
      sliceCount += 1
      node.scheduler.advance(&node.keyspace, &node.counts)
      return settle(index)
    }
    guard !busy.isEmpty else { return }
    let pair = busy[Int(draw % UInt64(busy.count))]
    let message = mail[pair].removeFirst()
    let target = pair % shardCount
    switch message {
    case .shard(let message): receive(message, at: target)
    case .command(let call, let origin, let reply):
      runOrWait(call, at: target) { [unowned self] bytes in
        send(.reply(bytes, to: reply), from: target, to: origin)
      }
    case .script(let script, let origin, let reply):
      scripts[target].run(script) { [unowned self] bytes in
        send(.reply(bytes, to: reply), from: target, to: origin)
      }
    case .due(let body): body()
    case .reply(let bytes, let reply): reply(bytes)
    }
    settle(target)
    abandonCallsOfTheGone()
  }

  private func send(_ message: Message, from origin: Int, to target: Int) {
    mail[origin * shardCount + target].append(message)
  }

  /// Has a thread do something in a later turn.
  func later(at index: Int, _ body: @escaping () -> Void) { send(.due(body), from: index, to: index) }

  private func receive(_ message: ShardMessage, at index: Int) {
    let node = nodes[index]
    switch message {
    case .granted(let part): part.owner.granted(part)
    case .done(let part): part.owner.done(part)
    case .served(let call, let reply): served(call, reply)
    case .retry(let call): retry(call)
    default: node.scheduler.receive(message, &node.keyspace, &node.counts)
    }
  }

  /// A shard's messages to itself arrive at once, as they do in a turn.
  func settle(_ index: Int) {
    let node = nodes[index]
    while !node.scheduler.outbox.isEmpty {
      let outgoing = node.scheduler.outbox.take()
      for (message, target) in outgoing {
        if target == index {
          receive(message, at: index)
        } else {
          send(.shard(message), from: index, to: target)
        }
      }
    }
  }

  // MARK: Commands

  func shard(of key: String) -> Int {
    ByteView.with(Array(key.utf8)) { KeyHash($0, seed: seed).shard(of: shardCount) }
  }

  func makeCall(_ words: [String]) -> CommandCall {
    Arguments.with(words.map { Array($0.utf8) }) { arguments in
      guard let index = table.index(of: arguments) else {
        preconditionFailure("no command \(words[0])")
      }
      let command = table.commands[index]
      let written = command.writtenPositions(in: arguments)
      let keys = (command.keyPositions(in: arguments) ?? []).map { position in
        CommandCall.Key(
          position: position, shard: shard(of: words[position]), database: 0,
          hash: KeyHash(arguments[position], seed: seed),
          isWritten: command.flags.contains(.write) && written.contains(position))
      }
      return CommandCall(
        command: command, commandIndex: index,
        words: StoredCommands(command: index, arguments: arguments), index: 0, database: 0,
        protocolVersion: 2, leavesAccessClocks: false, keys: keys)
    }
  }

  /// Runs a command for a client of the shard `home`, in the ways a server does.
  func run(_ words: [String], at home: Int, reply: @escaping ([UInt8]) -> Void) {
    let call = makeCall(words)
    if call.onlyShard == home {
      runOrWait(call, at: home, reply: reply)
    } else if let shard = call.onlyShard {
      send(.command(call, from: home, reply: reply), from: home, to: shard)
    } else {
      begin(
        CommandProgram(call, shardCount: shardCount, seed: seed) { writer, _ in reply(writer.bytes.bytes) }, at: home)
    }
    settle(home)
  }

  /// EVAL: on the shard of its keys if it names only declared ones and all of them are on one, else at home.
  func run(_ script: SimulatedScript, at home: Int, reply: @escaping ([UInt8]) -> Void) {
    let shards = Set(script.keys.map { shard(of: String(decoding: $0, as: UTF8.self)) })
    if script.namesOnlyDeclaredKeys, shards.count == 1, let shard = shards.first, shard != home {
      send(.script(script, from: home, reply: reply), from: home, to: shard)
    } else {
      scripts[home].run(script, reply: reply)
    }
    settle(home)
  }

  /// Runs a command on the shard of its keys: at once if they are free.
  private func runOrWait(_ call: CommandCall, at index: Int, reply: @escaping ([UInt8]) -> Void) {
    let node = nodes[index]
    let isLong = call.withArguments { call.command.isLong(&node.keyspace, $0) }
    guard !isLong, node.scheduler.intents.allows(call.keys.map(\.claim)) else {
      return begin(
        BatchProgram([call], shard: index) { _, writer in reply(writer.bytes.bytes) }, at: index)
    }
    let work = CommandsWork()
    _ = work.add(call)
    work.run(&node.keyspace, node.scheduler, &node.counts)
    node.scheduler.concluded(&node.keyspace, &node.counts)
    reply(work.reply(at: 0).bytes)
  }

  /// MULTI ... EXEC.
  func execute(
    _ commands: [[String]], watches: [Watch], at home: Int, reply: @escaping ([UInt8]) -> Void
  ) {
    begin(
      ExecProgram(
        commands.map { .command(makeCall($0)) }, watches: watches, shardCount: shardCount,
        homeShard: home, protocolVersion: 2, seed: seed,
        runService: { _ in preconditionFailure("no services here") },
        onConclusion: { [unowned self] bytes in
          for watch in watches { nodes[home].scheduler.outbox.append((.unwatch(watch), watch.shard)) }
          reply(bytes.bytes)
        }), at: home)
    settle(home)
  }

  func watch(_ keys: [String], at home: Int, then: @escaping ([Watch]) -> Void) {
    let watches = Dictionary(grouping: keys, by: shard(of:)).sorted { $0.key < $1.key }.map {
      Watch(
        shard: $0.key, keys: $0.value.map { DatabaseKey(database: 0, name: Array($0.utf8)) })
    }
    begin(WatchProgram(watches, seed: seed) { then(watches) }, at: home)
    settle(home)
  }

  func begin(_ program: any TransactionProgram, at home: Int) {
    makeTransaction(program, at: home).start()
  }

  func makeTransaction(_ program: any TransactionProgram, at home: Int) -> Transaction {
    Transaction(program, on: nodes[home].scheduler, ids: ids)
  }

  // MARK: At the end

  /// Traps unless every shard is as if nobody had ever been there.
  func checkAtRest() {
    for node in nodes {
      precondition(node.scheduler.intents.isEmpty, "a claim was never given up")
      #if DEBUG
        node.scheduler.intents.checkInvariants()
      #endif
      refusals += node.scheduler.refusalCount
      precondition(!node.scheduler.isLending, "a value was never given back")
      precondition(node.scheduler.blockedKeyCount == 0 || !waiters.isEmpty, "a line of nobody")
    }
  }

  func value(_ key: String) -> String? {
    let node = nodes[shard(of: key)]
    let work = CommandsWork()
    _ = work.add(makeCall(["get", key]))
    work.run(&node.keyspace, node.scheduler, &node.counts)
    let reply = work.reply(at: 0).bytes
    guard reply.first == 0x24, reply.dropFirst().first != 0x2D else { return nil }
    let text = String(decoding: reply, as: UTF8.self)
    return String(text.drop { $0 != "\r\n" }.dropFirst().dropLast())
  }
}
