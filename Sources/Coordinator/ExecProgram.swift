import Engine
package import RESP
package import Shard

/// The commands between MULTI and EXEC as one transaction.
///
/// It claims the keys of all its commands, and shares those that the client watches, so that nothing changes
/// between the look at these and the end. Commands in a row that stay on one shard each travel in one hop,
/// a batch a shard; a command over several shards is a few hops of its own.
package final class ExecProgram: TransactionProgram, ScriptHops {
  package enum Item {
    case command(CommandCall)
    /// Runs on the coordinating thread, by the layer above.
    case service(ordinal: Int)
  }

  /// Where an item's reply is.
  private enum Outcome {
    case batched(CommandsWork, index: Int)
    case run(any CommandRun)
    case service([UInt8])
  }

  private let items: [Item]
  private let watches: [Watch]
  private let shardCount: Int
  /// Of commands without keys.
  private let homeShard: Int
  private let protocolVersion: Int
  private let seed: UInt64
  private let runService: (_ ordinal: Int) -> Void
  private let onConclusion: (ByteView) -> Void
  package let claims: [ShardClaims]

  private var outcomes: [Outcome] = []
  private var current: (any CommandRun)?
  /// A command that a script among the items calls.
  private var inScript: CommandInScript?
  /// Set by whoever starts it.
  package weak var transaction: Transaction?
  private var checks: [WatchWork] = []
  private var hasChecked = false
  private var isAborted = false

  /// - Parameters:
  ///   - watches: a change of any of their keys aborts the transaction.
  ///   - hasScripts: some of the services are scripts, which may want any key.
  ///   - homeShard: the coordinator's own.
  ///   - runService: runs an item of the layer above; then `serviceDone` is to be called, and the transaction goes on.
  ///   - onConclusion: gets the reply to EXEC.
  package init(
    _ items: [Item], watches: [Watch], hasScripts: Bool = false, shardCount: Int, homeShard: Int,
    protocolVersion: Int, seed: UInt64, runService: @escaping (_ ordinal: Int) -> Void,
    onConclusion: @escaping (ByteView) -> Void
  ) {
    self.items = items
    self.watches = watches
    self.shardCount = shardCount
    self.homeShard = homeShard
    self.protocolVersion = protocolVersion
    self.seed = seed
    self.runService = runService
    self.onConclusion = onConclusion
    var collector = ClaimCollector(reserving: items.count)
    for case .command(let call) in items {
      if call.keys.isEmpty { collector.add(shard: homeShard) }
      for key in call.keys { collector.add(key) }
      if call.isEveryShard { for shard in 0..<shardCount { collector.add(wholeShard: shard) } }
    }
    for watch in watches {
      for key in watch.keys {
        let hash = ByteView.with(key.name) { KeyHash($0, seed: seed) }
        collector.add(KeyClaim(hash: hash.rawValue, isExclusive: false), shard: watch.shard)
      }
    }
    if hasScripts { for shard in 0..<shardCount { collector.add(wholeShard: shard) } }
    if collector.isEmpty { collector.add(shard: homeShard) }
    claims = collector.finish()
  }

  package var startsReading: Bool { !watches.isEmpty }

  package var beginsWithWork: Bool {
    if !watches.isEmpty { return true }
    guard let first = items.first, case .command = first else { return false }
    return true
  }

  package func start() {
    outcomes = []
    current = nil
    checks = []
    hasChecked = watches.isEmpty
    isAborted = false
  }

  package func nextHop() -> Hop {
    if !hasChecked {
      hasChecked = true
      return checkWatches()
    }
    if checks.contains(where: \.isDirty) {
      isAborted = true
      return .end
    }
    if let inScript {
      if let hop = inScript.nextHop() { return hop }
      self.inScript = nil
      inScript.finish()
      return .pause
    }
    while true {
      if let run = current {
        if let hop = run.nextHop() {
          return .works(hop.works, isLast: hop.isLast && outcomes.count == items.count)
        }
        current = nil
      }
      guard outcomes.count < items.count else { return .end }
      if let batch = nextBatch() { return batch }
      switch items[outcomes.count] {
      case .service(let ordinal):
        runService(ordinal)
        return .pause
      case .command(let call):
        let run = call.makeRun(shardCount: shardCount, seed: seed)
        run.start()
        outcomes.append(.run(run))
        current = run
      }
    }
  }

  private func checkWatches() -> Hop {
    checks = watches.map { WatchWork($0) }
    return .works(zip(watches, checks).map { (shard: $0.shard, work: $1) }, isLast: false)
  }

  /// The next commands that need one shard each, nil if the next one is of another kind.
  private func nextBatch() -> Hop? {
    var works: [Int: CommandsWork] = [:]
    while outcomes.count < items.count, case .command(let call) = items[outcomes.count],
      let shard = shardToBatch(call)
    {
      let work = works[shard] ?? CommandsWork()
      works[shard] = work
      outcomes.append(.batched(work, index: work.add(call)))
    }
    guard !works.isEmpty else { return nil }
    return .works(
      works.sorted { $0.key < $1.key }.map { (shard: $0.key, work: $0.value) },
      isLast: outcomes.count == items.count)
  }

  private func shardToBatch(_ call: CommandCall) -> Int? {
    if call.isEveryShard { return shardCount == 1 ? homeShard : nil }
    return call.keys.isEmpty ? homeShard : call.onlyShard
  }

  package func run(_ call: CommandCall, then receive: @escaping (ByteView) -> Void) {
    inScript = CommandInScript(call, shardCount: shardCount, seed: seed, receive)
    transaction?.goOn()
  }

  /// Takes in the reply of a service; the transaction is to go on then.
  package func serviceDone(_ reply: [UInt8]) { outcomes.append(.service(reply)) }

  package func concluded() {
    var reply = ReplyWriter(protocolVersion: protocolVersion)
    if isAborted {
      reply.nullArray()
    } else {
      reply.array(outcomes.count)
      for outcome in outcomes {
        switch outcome {
        case .batched(let work, let index): reply.raw(work.reply(at: index))
        case .run(let run): run.writeReply(to: &reply)
        case .service(let bytes): ByteView.with(bytes) { reply.raw($0) }
        }
      }
    }
    onConclusion(reply.bytes)
  }
}

/// Looks whether watched keys have changed.
private final class WatchWork: HopWork, @unchecked Sendable {
  private let watch: Watch
  private(set) var isDirty = false
  init(_ watch: Watch) { self.watch = watch }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    isDirty = scheduler.isDirty(watch, &keyspace)
  }
}

/// WATCH as a transaction: every shard begins to watch in the same instant.
package final class WatchProgram: TransactionProgram {
  private let watches: [Watch]
  private let onConclusion: () -> Void
  package let claims: [ShardClaims]

  package init(_ watches: [Watch], seed: UInt64, onConclusion: @escaping () -> Void) {
    self.watches = watches
    self.onConclusion = onConclusion
    var collector = ClaimCollector()
    for watch in watches {
      for key in watch.keys {
        let hash = ByteView.with(key.name) { KeyHash($0, seed: seed) }
        collector.add(KeyClaim(hash: hash.rawValue, isExclusive: false), shard: watch.shard)
      }
    }
    claims = collector.finish()
  }

  package var startsReading: Bool { false }
  package var beginsWithWork: Bool { true }
  package func start() {}

  package func nextHop() -> Hop {
    .works(
      watches.map { (shard: $0.shard, work: StartWatchingWork($0) as any HopWork) }, isLast: true)
  }

  package func concluded() { onConclusion() }
}

private final class StartWatchingWork: HopWork, @unchecked Sendable {
  private let watch: Watch
  init(_ watch: Watch) { self.watch = watch }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    scheduler.watch(watch, &keyspace)
  }
}
