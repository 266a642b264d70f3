import Engine
package import RESP
package import Shard

/// One command within a transaction: its hops over the shards of its keys, then its reply.
package protocol CommandRun: AnyObject {
  /// Nothing of an earlier try counts.
  func start()
  /// The next hop's work; nil when the reply is ready. The results of the last hop are in.
  func nextHop() -> CommandHop?
  /// Once.
  func writeReply(to reply: inout ReplyWriter)
  /// The first hop changes nothing.
  var startsReading: Bool { get }
}

package struct CommandHop {
  package let works: [(shard: Int, work: any HopWork)]
  /// Known to be the last one.
  package let isLast: Bool
}

extension CommandCall {
  /// How this command runs when its keys, or it itself, are on several shards.
  ///
  /// - Parameters:
  ///   - shardCount: of the server.
  ///   - seed: of the keys' hashes.
  package func makeRun(shardCount: Int, seed: UInt64) -> any CommandRun {
    if !isEveryShard, command.blocking == nil, let shard = onlyShard {
      return SingleShardRun(self, shard: shard)
    }
    return switch command.execution {
    case .eachKey(_, let join): PartedRun(eachKeyOf: self, join: join)
    case .everyShard(_, let join): PartedRun(everyShardOf: self, shardCount: shardCount, join: join)
    case .oneShard: GatherRun(self, seed: seed, shardCount: shardCount)
    case .steps(let steps): StepsRun(self, steps)
    case .keyByKey(let body, let join): KeyByKeyRun(self, body, join)
    case .service, .container:
      preconditionFailure("\(command.name) does not run on shards")
    }
  }
}

/// A command on the shard of all its keys.
final class SingleShardRun: CommandRun {
  private let call: CommandCall
  private let shard: Int
  private var work: CommandsWork?

  init(_ call: CommandCall, shard: Int) {
    self.call = call
    self.shard = shard
  }

  var startsReading: Bool { !call.command.flags.contains(.write) }

  func start() { work = nil }

  func nextHop() -> CommandHop? {
    guard work == nil else { return nil }
    let work = CommandsWork()
    _ = work.add(call)
    self.work = work
    return CommandHop(works: [(shard: shard, work: work)], isLast: true)
  }

  func writeReply(to reply: inout ReplyWriter) {
    guard let work else { preconditionFailure("a reply before the command has run") }
    work.withReplies { reply.take(&$0) }
  }
}

/// A command of which each shard does a part with the keys it has, all in one hop.
final class PartedRun: CommandRun {
  private let call: CommandCall
  private let shards: [Int]
  /// Each shard gets its own keys' words, rather than all words.
  private let dividesKeys: Bool
  private let join: JoinedReply
  private var works: [CommandsWork] = []

  init(eachKeyOf call: CommandCall, join: Command.Join) {
    self.call = call
    shards = call.shards
    dividesKeys = true
    self.join = JoinedReply(join: join)
  }

  init(everyShardOf call: CommandCall, shardCount: Int, join: Command.Join) {
    self.call = call
    shards = Array(0..<shardCount)
    dividesKeys = false
    self.join = JoinedReply(join: join)
  }

  var startsReading: Bool { !call.command.flags.contains(.write) }

  func start() { works = [] }

  func nextHop() -> CommandHop? {
    guard works.isEmpty else { return nil }
    works.reserveCapacity(shards.count)
    for _ in shards {
      let work = CommandsWork()
      _ = work.add(call, isDivided: dividesKeys)
      works.append(work)
    }
    return CommandHop(
      works: zip(shards, works).map { (shard: $0, work: $1) }, isLast: true)
  }

  func writeReply(to reply: inout ReplyWriter) {
    join.write(works.map { $0.reply(at: 0) }, of: call, shards, to: &reply)
  }
}
