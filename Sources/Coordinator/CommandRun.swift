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
    case .eachKey(_, let join): EachKeyRun(self, join)
    case .everyShard(_, let join): EveryShardRun(self, join, shardCount: shardCount)
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

/// A command of which each shard does the part with the keys it has, all in one hop.
final class EachKeyRun: CommandRun {
  private let call: CommandCall
  private let join: Command.Join
  private var works: [PartWork] = []

  init(_ call: CommandCall, _ join: Command.Join) {
    self.call = call
    self.join = join
  }

  var startsReading: Bool { !call.command.flags.contains(.write) }

  func start() { works = [] }

  func nextHop() -> CommandHop? {
    guard works.isEmpty else { return nil }
    works = call.shards.map { PartWork(call, shard: $0) }
    return CommandHop(works: works.map { (shard: $0.shard, work: $0) }, isLast: true)
  }

  func writeReply(to reply: inout ReplyWriter) {
    JoinedReply(join: join).write(works.map { ($0.shard, $0.reply.bytes) }, of: call, to: &reply)
  }
}

/// What one shard does of a command with keys on several.
private final class PartWork: HopWork, @unchecked Sendable {
  let shard: Int
  private let call: CommandCall
  private(set) var reply = ReplyWriter()

  init(_ call: CommandCall, shard: Int) {
    self.call = call
    self.shard = shard
  }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    // The body of a command that takes any keys looks ahead by itself.
    keyspace.forgetPrepared()
    call.begin(&keyspace, &counts, &reply)
    scheduler.withWords { words in
      let arguments = call.part(of: shard, into: &words)
      call.onBehalfOfScript(&keyspace) { keyspace in
        counts.run(call.commandIndex, of: scheduler.table, arguments, &keyspace, &reply)
      }
    }
    keyspace.forgetPrepared()
  }
}

/// A command that every shard runs, all in one hop.
final class EveryShardRun: CommandRun {
  private let call: CommandCall
  private let join: Command.Join
  private let shardCount: Int
  private var works: [CommandsWork] = []

  init(_ call: CommandCall, _ join: Command.Join, shardCount: Int) {
    self.call = call
    self.join = join
    self.shardCount = shardCount
  }

  var startsReading: Bool { !call.command.flags.contains(.write) }

  func start() { works = [] }

  func nextHop() -> CommandHop? {
    guard works.isEmpty else { return nil }
    works = (0..<shardCount).map { _ in
      let work = CommandsWork()
      _ = work.add(call)
      return work
    }
    return CommandHop(works: works.enumerated().map { (shard: $0, work: $1) }, isLast: true)
  }

  func writeReply(to reply: inout ReplyWriter) {
    JoinedReply(join: join).write(works.enumerated().map { ($0, $1.reply(at: 0)) }, of: call, to: &reply)
  }
}
