package import RESP
import Shard

/// Runs commands for a script that holds claims, one after the other.
package protocol ScriptHops: AnyObject {
  /// Runs one command on the shards of its keys; they are among what is claimed.
  func run(_ call: CommandCall, then receive: @escaping (_ reply: ByteView) -> Void)
  /// Whose claims they are; what the script does belongs to it.
  var transaction: Transaction? { get }
}

/// A script as a transaction. It goes on where the coordinating thread says, and each command for other shards is
/// some hops.
package final class ScriptProgram: TransactionProgram, ScriptHops {
  package let claims: [ShardClaims]
  private let shardCount: Int
  private let seed: UInt64
  private let begin: () -> Void
  private let onConclusion: () -> Void
  private var current: CommandInScript?
  private var hasBegun = false
  private var isOver = false
  /// Set by whoever starts it.
  package weak var transaction: Transaction?

  /// - Parameters:
  ///   - begin: everything is granted: the script is to begin, in a moment.
  ///   - onConclusion: the claims are given up.
  package init(
    claims: [ShardClaims], shardCount: Int, seed: UInt64, begin: @escaping () -> Void,
    onConclusion: @escaping () -> Void
  ) {
    self.claims = claims
    self.shardCount = shardCount
    self.seed = seed
    self.begin = begin
    self.onConclusion = onConclusion
  }

  package var startsReading: Bool { false }
  package var beginsWithWork: Bool { false }

  package func start() { hasBegun = false }

  package func nextHop() -> Hop {
    if let current {
      if let hop = current.nextHop() { return hop }
      self.current = nil
      current.finish()
      return .pause
    }
    if isOver { return .end }
    if !hasBegun {
      hasBegun = true
      begin()
    }
    return .pause
  }

  package func run(_ call: CommandCall, then receive: @escaping (ByteView) -> Void) {
    current = CommandInScript(call, shardCount: shardCount, seed: seed, receive)
    transaction?.goOn()
  }

  /// The script is over.
  package func end() {
    isOver = true
    transaction?.goOn()
  }

  package func concluded() { onConclusion() }
}

/// One command that a script calls.
final class CommandInScript {
  private let call: CommandCall
  private let run: any CommandRun
  private let receive: (ByteView) -> Void

  init(_ call: CommandCall, shardCount: Int, seed: UInt64, _ receive: @escaping (ByteView) -> Void) {
    self.call = call
    self.receive = receive
    run = call.makeRun(shardCount: shardCount, seed: seed)
    run.start()
  }

  func nextHop() -> Hop? {
    run.nextHop().map { .works($0.works, isLast: false) }
  }

  func finish() {
    var reply = ReplyWriter(protocolVersion: call.protocolVersion)
    run.writeReply(to: &reply)
    receive(reply.bytes)
  }
}
