import Engine
package import RESP
package import Shard

/// A transaction of one command.
package final class CommandProgram: TransactionProgram {
  private let call: CommandCall
  private let run: any CommandRun
  /// What to do when the command is to wait for its keys; nil if it replies in any case.
  private let blocker: Blocker?
  private let onConclusion: Receiver
  private var phase = Phase.running
  package let claims: [ShardClaims]

  private enum Phase {
    case running
    /// Words that mean "as of now" are being looked up.
    case settling([SettleWork])
    case blocking
  }

  /// How a call that found nothing is made to wait.
  package struct Blocker {
    /// Makes the call that waits, of words that hold at any time. It is registered on all shards of its keys with
    /// the transaction's last hop, and may be served at any moment from then on.
    package let makeCall: (StoredCommands) -> BlockedCall

    package init(makeCall: @escaping (StoredCommands) -> BlockedCall) { self.makeCall = makeCall }
  }

  package typealias Receiver = (_ reply: inout ReplyWriter, _ isMissing: Bool) -> Void

  /// - Parameter onConclusion: gets the reply, whose buffer it may keep, and whether it says that what the command wants is
  ///   not there.
  package init(
    _ call: CommandCall, shardCount: Int, seed: UInt64, blocker: Blocker? = nil,
    onConclusion: @escaping Receiver
  ) {
    self.call = call
    self.blocker = blocker
    self.onConclusion = onConclusion
    run = call.makeRun(shardCount: shardCount, seed: seed)
    var collector = ClaimCollector(reserving: call.keys.count)
    for key in call.keys { collector.add(key) }
    if call.isEveryShard { for shard in 0..<shardCount { collector.add(wholeShard: shard) } }
    claims = collector.finish()
  }

  package var startsReading: Bool { run.startsReading }
  package var beginsWithWork: Bool { true }

  package func start() {
    phase = .running
    run.start()
  }

  package func nextHop() -> Hop {
    switch phase {
    case .running:
      if let hop = run.nextHop() { return .works(hop.works, isLast: hop.isLast) }
      guard blocker != nil, run.isMissing else { return .end }
      return call.command.blocking?.settle == nil ? block(call.words) : settle()
    case .settling(let works): return block(settledWords(works))
    case .blocking: return .end
    }
  }

  private func settle() -> Hop {
    let works = claims.map { SettleWork(call, shard: $0.shard) }
    phase = .settling(works)
    return .works(zip(claims, works).map { (shard: $0.shard, work: $1) }, isLast: false)
  }

  private func settledWords(_ works: [SettleWork]) -> StoredCommands {
    call.withArguments { arguments in
      var words = (0..<arguments.count).map { arguments[$0].bytes }
      for settled in works.flatMap(\.settled) { words[settled.position] = settled.word }
      return Arguments.with(words) { StoredCommands(command: call.commandIndex, arguments: $0) }
    }
  }

  private func block(_ words: StoredCommands) -> Hop {
    guard let blocker else { preconditionFailure("a command that does not wait is to wait") }
    phase = .blocking
    let blocked = blocker.makeCall(words)
    return .works(
      claims.map { (shard: $0.shard, work: BlockWork(blocked)) }, isLast: true)
  }

  package func concluded() {
    // Whoever serves the call replies to it.
    if case .blocking = phase { return }
    var reply = ReplyWriter(protocolVersion: call.protocolVersion)
    run.writeReply(to: &reply)
    onConclusion(&reply, run.isMissing)
  }
}

extension CommandRun {
  /// The command found nothing to take.
  var isMissing: Bool {
    switch self {
    case let run as StepsRun: run.isMissing
    case let run as KeyByKeyRun: run.isMissing
    default: false
    }
  }
}

/// Looks up what the words that mean "as of now" stand for.
private final class SettleWork: HopWork, @unchecked Sendable {
  private let call: CommandCall
  private let shard: Int
  private(set) var settled: [(position: Int, word: [UInt8])] = []

  init(_ call: CommandCall, shard: Int) {
    self.call = call
    self.shard = shard
  }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    guard let settle = call.command.blocking?.settle else { return }
    keyspace.forgetPrepared()
    keyspace.select(call.database)
    call.withArguments { arguments in
      for key in call.keys where key.shard == shard {
        if let word = settle(&keyspace, arguments, key.position) { settled.append(word) }
      }
    }
  }
}

/// Puts a call into the lines of its keys on one shard.
private final class BlockWork: HopWork, @unchecked Sendable {
  private let call: BlockedCall
  init(_ call: BlockedCall) { self.call = call }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    scheduler.block(call, &keyspace)
  }
}
