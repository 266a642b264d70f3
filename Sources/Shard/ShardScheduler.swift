import CLinux
package import Engine
package import RESP

/// Who may do what with one shard's keys, and when: transactions in their order, clients that wait, clients that watch.
///
/// The shard's half of the coordinator, without threads and without I/O: messages go in and come out. It belongs to
/// the shard's thread.
package final class ShardScheduler {
  package let shard: Int
  package let table: CommandTable
  private let ids: TransactionIDs
  /// What commands have to keep clear of.
  @exclusivity(unchecked)
  package private(set) var intents = IntentTable()
  private var watches = WatchTable()
  private var blocked = BlockedKeys()
  private var changedKeys: [DatabaseKey] = []
  /// The transaction that has just done its last work here.
  private var concluding: TransactionPart?
  /// Work done in slices, the next one to go on first.
  private var unfinished: [UnfinishedPart] = []
  /// The transaction whose work is being run.
  private var runningPart: TransactionPart?
  /// Transactions that other threads read values of this shard for.
  private var lendingCount = 0
  /// Answers and requests to be sent, this shard's own included.
  package var outbox = DoubleBuffer<(message: ShardMessage, shard: Int)>()
  /// The words of the command being run, so that each need not have a table of its own.
  @exclusivity(unchecked)
  private var words = ArgumentTable(capacity: ShardScheduler.wordsRetained)
  private static let wordsRetained = 256
  /// Somebody keeps records of what is done: transactions over several shards are put into every shard's log as a
  /// whole.
  package var recordsEffects = false
  /// Transactions over several shards keep their keys until their records are on disk.
  package var holdsUntilDurable = false
  /// Transactions refused for coming late.
  package private(set) var refusalCount = 0

  /// Of the keyspace's hashes.
  private let seed: UInt64

  package init(shard: Int, table: CommandTable, ids: TransactionIDs, seed: UInt64) {
    self.shard = shard
    self.seed = seed
    self.table = table
    self.ids = ids
  }

  /// Lends an empty table for the words of one command. Not to be nested.
  @inline(__always)
  package func withWords<Result>(_ body: (inout ArgumentTable) -> Result) -> Result {
    defer { unsafe words.removeAll(retaining: Self.wordsRetained) }
    return unsafe body(&words)
  }

  // MARK: Transactions

  /// Takes in a message for this shard.
  package func receive(
    _ message: ShardMessage, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    switch message {
    case .schedule(let part): schedule(part, &keyspace, &counts)
    case .run(let part): run(part, &keyspace, &counts)
    case .release(let part): conclude(part, &keyspace, &counts)
    case .forget(let call): forget(call, &keyspace, &counts)
    case .retried(let call): lookAgain(call, skipping: call, &keyspace, &counts)
    case .lookAgain(let call): lookAgain(call, skipping: nil, &keyspace, &counts)
    case .unwatch(let watch): watches.remove(watch, &keyspace)
    case .granted, .done, .lateReply, .served, .retry, .noted, .monitored, .publish, .invalidate,
      .redirectInvalidation, .redirectBroken:
      preconditionFailure("a message for a coordinator, not for a shard")
    }
  }

  private func schedule(
    _ part: TransactionPart, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    // Larger than all that are here, so it can't come late.
    if part.id == 0 { part.id = ids.next() }
    part.isRefused = unsafe !intents.insert(part)
    if part.isRefused {
      refusalCount += 1
      return outbox.append((.granted(part), part.origin))
    }
    if part.ungrantedCount == 0 { granted(part, &keyspace, &counts) }
  }

  /// Grants the claims of a part that is known to be in nobody's way. Nobody is told.
  package func hold(_ part: TransactionPart) {
    precondition(part.shard == shard, "another shard's part")
    let isInTime = unsafe intents.insert(part)
    precondition(isInTime && part.ungrantedCount == 0, "held claims are in somebody's way")
  }

  private func granted(
    _ part: TransactionPart, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    runWork(of: part, &keyspace, &counts)
    if let work = part.work, work.isUnfinished {
      return unfinished.append(UnfinishedPart(part: part, isFirstHop: true))
    }
    concludeIfLast(part, &keyspace, &counts)
    outbox.append((.granted(part), part.origin))
  }

  private func run(
    _ part: TransactionPart, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    precondition(part.ungrantedCount == 0, "a transaction goes on before its claims are granted")
    runWork(of: part, &keyspace, &counts)
    if let work = part.work, work.isUnfinished {
      return unfinished.append(UnfinishedPart(part: part, isFirstHop: false))
    }
    concludeIfLast(part, &keyspace, &counts)
    outbox.append((.done(part), part.origin))
  }

  private struct UnfinishedPart {
    let part: TransactionPart
    let isFirstHop: Bool
  }

  /// Some work is being done in slices; its keys are claimed.
  package var hasUnfinished: Bool { !unfinished.isEmpty }

  /// No key must go by itself: somebody reads in slices, here or, values of this shard, elsewhere.
  package var keysStandStill: Bool { hasUnfinished || isLending }

  /// Other threads read values of this shard, whose keys are claimed.
  package var isLending: Bool { lendingCount > 0 }

  /// Says that the work being run lends values, until its transaction gives up its claims.
  package func lend() {
    guard let part = runningPart, !part.isLending else { return }
    part.isLending = true
    lendingCount += 1
  }

  /// One slice of the work that has waited longest.
  package func advance(_ keyspace: inout Keyspace, _ counts: inout CommandStatistics) {
    guard !unfinished.isEmpty else { return }
    let next = unfinished.removeFirst()
    runWork(of: next.part, &keyspace, &counts)
    if let work = next.part.work, work.isUnfinished { return unfinished.append(next) }
    concludeIfLast(next.part, &keyspace, &counts)
    let answer: ShardMessage = next.isFirstHop ? .granted(next.part) : .done(next.part)
    outbox.append((answer, next.part.origin))
  }

  private func runWork(
    of part: TransactionPart, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    if part.isCommitting { return commit(part, &keyspace) }
    guard let work = part.work else { return }
    runningPart = part
    defer { runningPart = nil }
    if part.isLastHop, part.effects.isEmpty {
      keyspace.effects.openUnit()
      work.run(&keyspace, self, &counts)
      if work.isUnfinished {
        part.add(effects: keyspace.effects.takeUnit())
      } else {
        keyspace.effects.closeUnit()
      }
    } else {
      // What it does in all its hops is one unit.
      keyspace.effects.openDetachedUnit()
      work.run(&keyspace, self, &counts)
      part.add(effects: keyspace.effects.takeUnit())
      if part.isLastHop, !work.isUnfinished { commit(part, &keyspace) }
    }
  }

  /// Puts what a transaction has done into the shard's log.
  func commit(_ part: TransactionPart, _ keyspace: inout Keyspace) {
    guard !part.isCommitted, !part.effects.isEmpty else { return }
    part.isCommitted = true
    keyspace.effects.append(
      transaction: part.id, of: part.writers, wasHeld: holdsUntilDurable, part.effects)
  }

  private func concludeIfLast(
    _ part: TransactionPart, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    if part.isLastHop { conclude(part, &keyspace, &counts) }
  }

  /// Ends a part: whoever waits for what it has changed is served before those whose turn it is next.
  private func conclude(
    _ part: TransactionPart, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    // It may have been withdrawn in the middle.
    if hasUnfinished { unfinished.removeAll { $0.part === part } }
    if part.isLending {
      part.isLending = false
      lendingCount -= 1
    }
    commit(part, &keyspace)
    concluding = part
    serveChanges(&keyspace, &counts)
    concluding = nil
    var freed: [TransactionPart] = []
    unsafe intents.remove(part, freed: &freed)
    for next in freed { granted(next, &keyspace, &counts) }
  }

  // MARK: Watching

  package func watch(_ watch: Watch, _ keyspace: inout Keyspace) {
    // What has expired before does not count as a change.
    for key in watch.keys {
      keyspace.withDatabase(key.database) { keyspace in
        ByteView.with(key.name) { keyspace.expireIfDue($0) }
      }
    }
    noteChanges(&keyspace)
    watches.add(watch, &keyspace)
  }

  /// Whether a watched key has changed, its expiry included.
  package func isDirty(_ watch: Watch, _ keyspace: inout Keyspace) -> Bool {
    for key in watch.keys {
      keyspace.withDatabase(key.database) { keyspace in
        ByteView.with(key.name) { keyspace.expireIfDue($0) }
      }
    }
    noteChanges(&keyspace)
    return watch.isDirty
  }

  // MARK: Waiting

  /// Lets a call wait for its keys that are here.
  package func block(_ call: BlockedCall, _ keyspace: inout Keyspace) {
    noteChanges(&keyspace)
    blocked.add(call, shard: shard, &keyspace)
  }

  package var blockedKeyCount: Int { blocked.keyCount }

  private func forget(
    _ call: BlockedCall, _ keyspace: inout Keyspace, _ counts: inout CommandStatistics
  ) {
    blocked.remove(call, shard: shard, &keyspace)
    // It may have stood at the head of a line, being tried.
    for key in call.keys where key.shard == shard { changedKeys.append(key.name) }
    serveChanges(&keyspace, &counts)
  }

  private func lookAgain(
    _ call: BlockedCall, skipping skipped: BlockedCall?, _ keyspace: inout Keyspace,
    _ counts: inout CommandStatistics
  ) {
    // What has changed since the try is news to the one to be skipped, too; and so is what serving the others changes.
    serveChanges(&keyspace, &counts)
    for key in call.keys where key.shard == shard { serve(key.name, skipped, &keyspace, &counts) }
    serveChanges(&keyspace, &counts)
  }

  /// Tells those who watch.
  private func noteChanges(_ keyspace: inout Keyspace) {
    guard keyspace.observed.hasChanges else { return }
    for key in keyspace.observed.takeChanges() {
      watches.noteChange(key)
      if !blocked.isEmpty { changedKeys.append(key) }
    }
  }

  /// Tells those who watch keys that have changed, and serves those who wait for them. After every command or
  /// transaction that may have changed something.
  @inline(__always)
  package func concluded(_ keyspace: inout Keyspace, _ counts: inout CommandStatistics) {
    if keyspace.observed.hasChanges { serveChanges(&keyspace, &counts) }
  }

  @inline(never)
  private func serveChanges(_ keyspace: inout Keyspace, _ counts: inout CommandStatistics) {
    noteChanges(&keyspace)
    // Serving one may change keys that others wait for (BLMOVE).
    while !changedKeys.isEmpty {
      let keys = changedKeys
      changedKeys.removeAll(keepingCapacity: true)
      for key in keys { serve(key, nil, &keyspace, &counts) }
      noteChanges(&keyspace)
    }
  }

  /// Serves the line of a key, from its head, until there is nothing left for the next one.
  private func serve(
    _ key: DatabaseKey, _ skipped: BlockedCall?, _ keyspace: inout Keyspace,
    _ counts: inout CommandStatistics
  ) {
    var index = 0
    while let (call, position) = blocked.call(in: key, at: index) {
      // If it is being tried again already, those behind it wait for the outcome.
      let isSkipped = call === skipped && !call.isClaimed
      if isSkipped || !isReason(key, call, &keyspace) {
        index += 1
        continue
      }
      guard call.claim() else {
        // Over, and about to be forgotten: the next one. Or being served elsewhere: whether it leaves
        // something here is known when that is over.
        if call.isOver {
          index += 1
          continue
        }
        return
      }
      if !call.isSelfContained || !mayServe(call) {
        outbox.append((.retry(call), call.origin))
        return
      }
      guard let reply = attempt(call, position, &keyspace, &counts) else {
        if call.unclaim() {
          for shard in call.shards { outbox.append((.lookAgain(call), shard)) }
        }
        // Those behind may want something else (a group of a stream).
        index += 1
        continue
      }
      call.end()
      blocked.remove(call, shard: shard, &keyspace)
      outbox.append((.served(call, reply: reply), call.origin))
    }
  }

  /// Whether what the key holds is worth trying the call for.
  private func isReason(
    _ key: DatabaseKey, _ call: BlockedCall, _ keyspace: inout Keyspace
  ) -> Bool {
    guard let type = table.commands[call.command].blocking?.type else { return true }
    return keyspace.withDatabase(key.database) { keyspace in
      ByteView.with(key.name) { keyspace.type(of: $0) == type }
    }
  }

  /// Whether no transaction under way uses the keys of the call, but for the one that is just over.
  private func mayServe(_ call: BlockedCall) -> Bool {
    if unsafe intents.isEmpty { return true }
    return unsafe intents.leavesFree(call.claims, besides: concluding)
  }

  /// The reply to a waiting call, nil if there is still nothing for it.
  private func attempt(
    _ call: BlockedCall, _ position: Int, _ keyspace: inout Keyspace,
    _ counts: inout CommandStatistics
  ) -> [UInt8]? {
    let command = table.commands[call.command]
    var reply = ReplyWriter(protocolVersion: call.protocolVersion)
    let previous = keyspace.selected
    keyspace.select(call.database)
    keyspace.forgetPrepared()
    if keyspace.observed.isTracking {
      keyspace.observed.setWriter(ClientReference(worker: call.origin, handle: call.connection))
    }
    defer { keyspace.select(previous) }
    keyspace.effects.openUnit()
    defer { keyspace.effects.closeUnit() }
    let start = clinux_ticks()
    counts.observer.client = .init(shard: call.origin, connection: call.connection)
    let isServed = call.words.withArguments(0) { arguments in
      var isServed = true
      do throws(CommandError) {
        isServed = try command.attempt(&keyspace, arguments, [position], &reply)
      } catch {
        counts.fail(call.command, error, 0, &reply)
      }
      if isServed {
        let ticks = clinux_ticks() &- start
        counts.observe(call.command, arguments, ticks: ticks, replyBytes: reply.count)
      }
      return isServed
    }
    return isServed ? reply.bytes.bytes : nil
  }
}
