import Engine
import RESP
import Shard

/// A command that tries its keys in their order, each on its shard: as many hops as the keys change shards, until
/// one has something, or all have been asked.
final class KeyByKeyRun: CommandRun {
  private let call: CommandCall
  private let body: Command.KeyBody
  private let join: Command.KeyJoin
  private var next = 0
  /// Whether keys are still asked what may be wrong with them.
  private var isChecking = false
  private var works: [KeysWork] = []

  init(_ call: CommandCall, _ body: @escaping Command.KeyBody, _ join: Command.KeyJoin) {
    self.call = call
    self.body = body
    self.join = join
  }

  var startsReading: Bool { false }

  func start() {
    next = 0
    works = []
    isChecking = call.keys.count > 1 && call.command.blocking?.check != nil
  }

  private var hasFailed: Bool { works.last?.hasFailed ?? false }
  private var foundCount: Int { works.reduce(0) { $0 + $1.foundCount } }
  /// No key has what the command wants.
  var isMissing: Bool { !hasFailed && foundCount == 0 }

  func nextHop() -> CommandHop? {
    if isChecking, next == call.keys.count {
      isChecking = false
      next = 0
    }
    if hasFailed || next == call.keys.count || (join != .all && foundCount > 0) { return nil }
    let shard = call.keys[next].shard
    var end = next
    while end < call.keys.count, call.keys[end].shard == shard { end += 1 }
    let work = KeysWork(
      call, call.keys[next..<end].map(\.position), isChecking ? nil : body, takesAll: join == .all)
    next = end
    works.append(work)
    return CommandHop(
      works: [(shard: shard, work: work)],
      isLast: end == call.keys.count && call.command.blocking == nil && !isChecking)
  }

  func writeReply(to reply: inout ReplyWriter) {
    if let failed = works.last, failed.hasFailed { return reply.raw(failed.reply.bytes) }
    let start = reply.count
    for work in works { reply.raw(work.reply.bytes) }
    join.finish(foundCount, at: start, &reply)
  }
}

/// Consecutive keys of one shard.
private final class KeysWork: HopWork, @unchecked Sendable {
  private let call: CommandCall
  private let positions: [Int]
  /// nil to check the keys only.
  private let body: Command.KeyBody?
  private let takesAll: Bool
  private(set) var reply = ReplyWriter()
  private(set) var foundCount = 0
  private(set) var hasFailed = false

  init(
    _ call: CommandCall, _ positions: [Int], _ body: Command.KeyBody?, takesAll: Bool
  ) {
    self.call = call
    self.positions = positions
    self.body = body
    self.takesAll = takesAll
  }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    keyspace.forgetPrepared()
    call.begin(&keyspace, &counts, &reply)
    let start = CommandStatistics.now
    call.withArguments { arguments in
      do throws(CommandError) {
        guard let body else {
          for position in positions {
            try call.command.blocking?.check?(&keyspace, arguments, position)
          }
          return
        }
        for position in positions where try body(&keyspace, arguments, position, &reply) {
          foundCount += 1
          if !takesAll { break }
        }
      } catch {
        counts.fail(call.commandIndex, error, 0, &reply)
        hasFailed = true
      }
      let ticks = CommandStatistics.now &- start
      counts.observe(call.commandIndex, arguments, ticks: ticks, replyBytes: reply.count)
      if body == nil ? hasFailed : positions.first == call.keys.first?.position {
        counts.count(call.commandIndex, ticks: ticks)
      }
    }
  }
}
