import Engine
import RESP
import Shard

/// A command of steps, each on the shard of its key: as many hops as the steps change shards.
final class StepsRun: CommandRun {
  private let call: CommandCall
  private let steps: [Command.Step]
  private var next = 0
  private var current: StepWork?
  private var reply: [UInt8] = []
  private var hasEnded = false
  /// What the command wants is not there.
  private(set) var isMissing = false

  init(_ call: CommandCall, _ steps: [Command.Step]) {
    self.call = call
    self.steps = steps
  }

  var startsReading: Bool { false }

  func start() {
    next = 0
    current = nil
    hasEnded = false
    isMissing = false
  }

  func nextHop() -> CommandHop? {
    if let current { takeIn(current) }
    guard !hasEnded else { return nil }
    let shard = shard(of: steps[next])
    var end = next
    while end < steps.count, self.shard(of: steps[end]) == shard { end += 1 }
    let work = StepWork(call, Array(steps[next..<end]), current?.baggage ?? Command.Baggage())
    next = end
    current = work
    // A command that may have to wait has another hop then.
    let isLast = next == steps.count && (call.command.blocking == nil || steps.count > end)
    return CommandHop(works: [(shard: shard, work: work)], isLast: isLast)
  }

  private func takeIn(_ work: StepWork) {
    guard work.outcome != .next else { return }
    hasEnded = true
    isMissing = work.outcome == .missing
    reply = work.reply.bytes.bytes
  }

  private func shard(of step: Command.Step) -> Int {
    guard let key = call.keys.first(where: { $0.position == step.key }) else {
      preconditionFailure("a step of \(call.command.name) for a word that is no key")
    }
    return key.shard
  }

  func writeReply(to reply: inout ReplyWriter) {
    if let current, !hasEnded { takeIn(current) }
    ByteView.with(self.reply) { reply.raw($0) }
  }
}

/// Consecutive steps on one shard.
private final class StepWork: HopWork, @unchecked Sendable {
  private let call: CommandCall
  private let steps: [Command.Step]
  private(set) var baggage: Command.Baggage
  private(set) var outcome = Command.StepOutcome.next
  private(set) var reply = ReplyWriter()

  init(_ call: CommandCall, _ steps: [Command.Step], _ baggage: Command.Baggage) {
    self.call = call
    self.steps = steps
    self.baggage = baggage
  }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    keyspace.forgetPrepared()
    call.begin(&keyspace, &counts, &reply)
    call.withArguments { arguments in
      do throws(CommandError) {
        for step in steps where outcome == .next {
          outcome = try step.body(&keyspace, arguments, &baggage, &reply)
        }
      } catch {
        counts.fail(call.commandIndex, error, 0, &reply)
        outcome = .done
      }
    }
    if outcome != .next { counts.count(call.commandIndex, ticks: 0) }
  }
}
