package import Shard

/// What a transaction does, hop by hop. Runs on the coordinating thread.
package protocol TransactionProgram: AnyObject {
  /// What it claims, one entry a shard.
  var claims: [ShardClaims] { get }
  /// The first hop changes nothing, so it may run on each shard as soon as that one has granted its claims.
  var startsReading: Bool { get }
  /// The first hop is work for shards, and known without asking them.
  var beginsWithWork: Bool { get }
  /// Begins, or begins anew: nothing of an earlier try counts.
  func start()
  /// The next hop; the results of the last one are in.
  func nextHop() -> Hop
  /// It is over: every shard has done its part.
  func concluded()
}

/// What a transaction claims of one shard.
package struct ShardClaims {
  package let shard: Int
  package let keys: [KeyClaim]
  /// The whole shard, exclusively.
  package let claimsShard: Bool

  package init(shard: Int, keys: [KeyClaim], claimsShard: Bool = false) {
    self.shard = shard
    self.keys = keys
    self.claimsShard = claimsShard
  }
}

/// Work for some shards at the same time.
package enum Hop {
  case works([(shard: Int, work: any HopWork)], isLast: Bool)
  /// Something on the coordinating thread comes first; it calls `Transaction.goOn`.
  case pause
  /// There is nothing more to do.
  case end
}

/// One transaction on its way over the shards, seen from the thread that coordinates it.
///
/// It claims its keys on all shards at once, runs its hops when all have granted them, and gives them up with
/// the last hop. If a shard refuses, because a transaction with a larger id stands in its place, it withdraws
/// everywhere and comes again with a new id.
///
/// Where only one other shard is concerned and its own keys are free, it claims those before it asks. The other shard's
/// grant is then the last one missing, so that one does its first work at once, and the coordinating shard's own follows
/// when the answer is in: one message each way.
package final class Transaction: TransactionOwner {
  private let scheduler: ShardScheduler
  private let ids: TransactionIDs
  private let program: any TransactionProgram
  private var parts: [TransactionPart] = []
  private var missing = 0
  private var state = State.scheduling
  private var isLastHop = false
  package private(set) var refusals = 0

  private enum State {
    /// Shards have yet to grant claims.
    case scheduling
    /// Shards have yet to do this hop's work.
    case running
    /// Shards have yet to put what was done on disk.
    case committing
    case paused
    case ended
  }

  /// - Parameter scheduler: of the thread that coordinates.
  package init(
    _ program: any TransactionProgram, on scheduler: ShardScheduler, ids: TransactionIDs
  ) {
    self.program = program
    self.scheduler = scheduler
    self.ids = ids
  }

  package func start() {
    state = .scheduling
    program.start()
    let claims = program.claims
    precondition(!claims.isEmpty, "a transaction that concerns no shard")
    // A single shard puts it in order by itself.
    let isAlone = claims.count == 1
    let id = isAlone ? 0 : ids.next()
    parts = claims.map { claim in
      TransactionPart(
        shard: claim.shard, origin: scheduler.shard, owner: self, id: id, claims: claim.keys,
        claimsShard: claim.claimsShard)
    }
    missing = parts.count
    isLastHop = false
    guard program.beginsWithWork else { return schedule(parts) }
    if isAlone || program.startsReading {
      let isLast = takeFirstHop()
      // Claims of several shards stay until all of them have answered.
      isLastHop = isLast && isAlone
      endsAfterFirst = isLast
    } else if let own = claimOwn() {
      let isLast = takeFirstHop()
      isLastHop = isLast && !scheduler.recordsEffects
      endsAfterHop = isLast
      following = own
      missing = 1
      for part in parts { part.isLastHop = isLastHop }
      for part in parts where part !== own { send(.schedule(part), to: part.shard) }
      return
    }
    for part in parts { part.isLastHop = isLastHop }
    schedule(parts)
  }

  private func schedule(_ parts: [TransactionPart]) {
    for part in parts { send(.schedule(part), to: part.shard) }
  }

  /// Has the parts carry the work of the first hop. True if that is the last one.
  private func takeFirstHop() -> Bool {
    guard case .works(let works, let isLast) = program.nextHop() else {
      preconditionFailure("a program that begins with work has none")
    }
    for (shard, work) in works { part(of: shard).work = work }
    return isLast
  }

  /// Claims what is on the coordinating thread's own shard, if that is free and one other shard is concerned.
  private func claimOwn() -> TransactionPart? {
    guard parts.count == 2, let own = parts.first(where: { $0.shard == scheduler.shard }),
      !own.claimsShard, scheduler.intents.allows(own.claims)
    else { return nil }
    scheduler.hold(own)
    return own
  }

  /// Begins in the middle: everything it claims is on the coordinating thread's own shard, is free, and is claimed at
  /// once. It is paused then.
  package func startHolding() {
    program.start()
    parts = program.claims.map { claim in
      TransactionPart(
        shard: claim.shard, origin: scheduler.shard, owner: self, id: ids.next(),
        claims: claim.keys, claimsShard: claim.claimsShard)
    }
    for part in parts { scheduler.hold(part) }
    state = .paused
  }

  /// The first hop went along with the claims, and it was the only one.
  private var endsAfterFirst = false
  /// The hop under way is the last one; the claims end later.
  private var endsAfterHop = false

  /// The part of the coordinating thread's own shard, whose first work follows that of the other shard.
  private var following: TransactionPart?

  private func follow(_ own: TransactionPart) {
    following = nil
    state = .running
    guard own.work != nil else {
      if isLastHop { send(.release(own), to: own.shard) }
      return hopIsOver()
    }
    missing = 1
    send(.run(own), to: own.shard)
  }

  /// Takes in what was done on the coordinating thread's own shard between hops.
  package func add(effects: [UInt8]) {
    if !effects.isEmpty { part(of: scheduler.shard).add(effects: effects) }
  }

  private func part(of shard: Int) -> TransactionPart {
    guard let part = parts.first(where: { $0.shard == shard }) else {
      preconditionFailure("work for a shard of which the transaction claims nothing")
    }
    return part
  }

  private func send(_ message: ShardMessage, to shard: Int) {
    scheduler.outbox.append((message, shard))
  }

  package func granted(_ part: TransactionPart) {
    // Answers to an earlier try.
    guard state == .scheduling, parts.contains(where: { $0 === part }) else { return }
    if part.isRefused { return retry(after: part) }
    missing -= 1
    guard missing == 0 else { return }
    if let following { return follow(following) }
    if isLastHop { return end() }
    if endsAfterFirst { return conclude() }
    goOn()
  }

  private func retry(after refused: TransactionPart) {
    refusals += 1
    for part in parts where part !== refused { send(.release(part), to: part.shard) }
    endsAfterFirst = false
    following = nil
    start()
  }

  /// Runs the next hop.
  package func goOn() {
    precondition(state != .ended, "a transaction goes on after its end")
    switch program.nextHop() {
    case .pause: state = .paused
    case .end: conclude()
    case .works(let works, let isLast):
      precondition(!works.isEmpty, "a hop without work")
      state = .running
      endsAfterHop = isLast
      // Records of several shards are written when it is known which of them have some.
      isLastHop = isLast && (parts.count == 1 || !scheduler.recordsEffects)
      missing = works.count
      for part in parts {
        part.work = works.first { $0.shard == part.shard }?.work
        part.isLastHop = isLastHop
      }
      for part in parts {
        if part.work != nil {
          send(.run(part), to: part.shard)
        } else if isLastHop {
          send(.release(part), to: part.shard)
        }
      }
    }
  }

  package func done(_ part: TransactionPart) {
    precondition(state == .running || state == .committing, "work done that nobody asked for")
    missing -= 1
    guard missing == 0 else { return }
    if state == .committing {
      releaseAll()
      end()
    } else {
      hopIsOver()
    }
  }

  private func hopIsOver() {
    if isLastHop {
      end()
    } else if endsAfterHop {
      conclude()
    } else {
      goOn()
    }
  }

  /// Has each shard that was changed put its part into its log, and gives up the claims: at once, or when all
  /// of it is on disk.
  private func conclude() {
    let writers = parts.filter { !$0.effects.isEmpty }
    for part in writers { part.writers = writers.map(\.shard) }
    if scheduler.holdsUntilDurable, !writers.isEmpty {
      state = .committing
      missing = writers.count
      for part in writers {
        part.isCommitting = true
        send(.run(part), to: part.shard)
      }
      return
    }
    releaseAll()
    end()
  }

  private func releaseAll() {
    for part in parts { send(.release(part), to: part.shard) }
  }

  private func end() {
    state = .ended
    parts = []
    program.concluded()
  }
}
