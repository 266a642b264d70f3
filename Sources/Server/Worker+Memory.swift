import CJemalloc
import Engine
import EventLoop
import Persistence
import RESP
import Shard
import Synchronization

/// `maxmemory`: making room, and refusing commands where there is none.
///
/// The limit is one for the process. Who finds it exceeded evicts its part of the excess, which is its part of the
/// data, and asks the other shards for theirs; they do so in their next turn. Where they are behind by more than
/// `laggingPart`, it evicts for them. So shards shrink and grow as their load does, and a full one does not evict
/// while another has older keys.
///
/// Evicting ends with the turn's time for it. From there on each command makes room for what the commands before it
/// have added, no more: memory in use never grows while the limit is exceeded.
extension Worker {
  /// Takes over a changed configuration.
  func apply(_ changed: WorkerSettings, _ keyspace: inout Keyspace) {
    settings = changed
    keyspace.options = changed.keyspace
    keyspace.limitTracked()
    publishInvalidations(&keyspace)
    recountClients()
    limitMemory()
    server.memory.sample()
    watchMemory(keyspace)
    if unsafe !room.isLimited { server.memory.noteExceeded(false) }
  }

  /// Takes over `maxmemory`. With a limit, the thread's arena gives back soon what keys of other sizes have left; without
  /// one, pages that will be used again stay a while.
  func limitMemory() {
    let evicts = settings.keyspace.evictionPolicy.ranking != .none
    server.memory.setEvictionLimit(evicts ? settings.memory.bytesMax : 0)
    unsafe room.limit(to: settings.memory.bytesMax)
    _ = cjemalloc_set_decay(settings.memory.bytesMax > 0 ? Self.limitedDecayMilliseconds : Self.decayMilliseconds)
  }

  private static let decayMilliseconds = 500
  private static let limitedDecayMilliseconds = 10

  /// Now and then: tells the others what could be evicted, and begins to do so where no command asks for it.
  func watchMemory(_ keyspace: borrowing Keyspace) {
    guard unsafe room.isLimited else { return }
    unsafe room.refresh()
    publishEvictable(keyspace)
    if unsafe room.isExceeded {
      hasBackgroundWork = true
    } else {
      server.memory.noteExceeded(false)
    }
  }

  private func publishEvictable(_ keyspace: borrowing Keyspace) {
    let hasSome = keyspace.evictableKeyCount > 0 || keyspace.hasGarbage
    let bytes = unsafe hasSome ? room.dataByteCount : 0
    server.memory.shards[index].evictable.store(bytes, ordering: .relaxed)
  }

  /// Before a turn's commands, while there is a limit.
  func beginTurnWithLimit(_ keyspace: inout Keyspace) {
    let waiting = journal.queuedByteCount + keyspace.effects.byteCount
    server.memory.shards[index].uncounted.store(waiting, ordering: .relaxed)
    unsafe room.beginTurn()
    // What commands have used since is free before the next ones run, whatever those are; who keeps what goes hears of
    // it before their replies.
    guard unsafe room.isExceeded, !clientsAreToGo else { return }
    _ = isOutOfMemory(&keyspace)
    publishEvents(&keyspace)
    publishInvalidations(&keyspace)
  }

  /// After a turn's commands, while there is a limit: should more be in use now, it goes at once, here by the next turn
  /// and elsewhere by the others', whoever has what may go.
  func endTurnWithLimit() {
    shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        publishEvictable(keyspace)
        guard unsafe room.isExceeded, !server.isPausing, !keyspace.isReplaying, !clientsAreToGo else {
          return
        }
        unsafe room.refresh()
        guard unsafe room.isExceeded else { return }
        _ = askOthersForRoom()
        if server.memory.shards[index].evictable.load(ordering: .relaxed) > 0 { hasBackgroundWork = true }
      }
    }
  }

  // MARK: Refusing

  /// Whether a command must not run because memory is out. Commands for other shards are asked there.
  @inline(__always)
  func isRefusedForMemory(_ call: borrowing Call, _ keyspace: inout Keyspace) -> Bool {
    guard unsafe room.isExceeded else { return false }
    return isRefusedWhileExceeded(call, &keyspace)
  }

  @inline(never)
  private func isRefusedWhileExceeded(_ call: borrowing Call, _ keyspace: inout Keyspace) -> Bool {
    // What comes from files was allowed before.
    if call.connection.isReplay { return false }
    let command = Int(call.record.command)
    let descriptor = server.table.descriptors[command]
    if descriptor.routing == .service {
      // EXEC: as the commands it runs.
      let isExec = command == server.execCommand && call.connection.multi?.usesMemory == true
      guard isExec || descriptor.flags.contains(.denyOOM) else { return false }
    } else {
      guard descriptor.flags.contains(.denyOOM) else { return false }
      if descriptor.routing == .singleKey, call.record.shard != ownShard { return false }
    }
    return isOutOfMemory(&keyspace)
  }

  /// Replies to a command that the server is in no state for. EXEC gives its transaction up.
  @inline(never)
  func refuse(
    _ call: inout Call, _ reason: CommandError, _ output: inout ReplyWriter, _ counts: inout CommandStatistics
  ) {
    var error = reason
    if Int(call.record.command) == server.execCommand, call.connection.multi != nil {
      error = CommandError(
        composed: Array("EXECABORT Transaction discarded because of: ".utf8) + error.message)
      call.connection.multi = nil
      stopWatching(call.connection)
    }
    reject(&call, error, &output, &counts)
  }

  // MARK: Making room

  /// Makes room where the limit is exceeded. Not in the middle of a transaction or script.
  ///
  /// - Returns: whether there is none, and none to be had.
  func isOutOfMemory(_ keyspace: inout Keyspace) -> Bool {
    guard unsafe room.isExceeded else { return false }
    // Nothing changes during a pause, not even by itself.
    if server.isPausing || keyspace.isReplaying { return false }
    unsafe room.refresh()
    guard unsafe room.isExceeded else { return false }
    unsafe server.memory.noteExceeded(room.blockExcess > 0)
    keyspace.forgetPrepared()
    if evictPart(&keyspace) == .outOfTime {
      hasBackgroundWork = true
      return false
    }
    guard unsafe room.isExceeded else { return false }
    // The others are about to.
    let areAsked = askOthersForRoom()
    if unsafe areAsked && room.excess <= room.bytesMax / Self.laggingPart { return false }
    if evict(&keyspace, downTo: 0) == .outOfTime {
      hasBackgroundWork = true
      return false
    }
    return unsafe room.blockExcess > (areAsked ? room.bytesMax / Self.lateMax : 0)
  }

  /// As `isOutOfMemory`, without making any.
  func hasNoRoom(_ keyspace: borrowing Keyspace) -> Bool {
    guard unsafe room.isLimited else { return false }
    unsafe room.refresh()
    guard unsafe room.blockExcess > 0 else { return false }
    publishEvictable(keyspace)
    return server.memory.shards.allSatisfy { $0.evictable.load(ordering: .relaxed) == 0 }
  }

  /// This part of the limit may be exceeded while another shard is about to evict; then this one does.
  private static let laggingPart = 64
  /// This part may be exceeded while there are only other shards that can.
  private static let lateMax = 16

  private enum Progress {
    /// As much as was asked for is free.
    case done
    /// The turn has no more time for it.
    case outOfTime
    /// There is nothing to evict.
    case nothing
  }

  /// Evicts this shard's part of the excess.
  private func evictPart(_ keyspace: inout Keyspace) -> Progress {
    publishEvictable(keyspace)
    let shards = server.memory.shards
    if shards.count == 1 { return evict(&keyspace, downTo: 0) }
    let own = shards[index].evictable.load(ordering: .relaxed)
    if own == 0, !keyspace.hasGarbage { return .nothing }
    let all = shards.reduce(0) { $0 + $1.evictable.load(ordering: .relaxed) }
    let excess = unsafe room.excess
    let part = Int(Double(excess) * Double(own) / Double(max(all, 1)))
    return evict(&keyspace, downTo: excess - max(part, 1))
  }

  /// Frees and evicts until the excess is no more than `excess`, for as long as a turn may.
  private func evict(_ keyspace: inout Keyspace, downTo excess: Int) -> Progress {
    guard settings.latencyThresholdMilliseconds > 0 else {
      return evictUnwatched(&keyspace, downTo: excess)
    }
    let start = EventLoop.monotonicNanoseconds
    defer {
      recordLatency(
        .evictionCycle, milliseconds: Int((EventLoop.monotonicNanoseconds - start) / 1_000_000))
    }
    return evictUnwatched(&keyspace, downTo: excess)
  }

  /// Deletes the next key, and tells the latency monitor if that took long.
  private func evictOne(_ keyspace: inout Keyspace, isFree: Bool) -> Keyspace.EvictionOutcome {
    let isWatched = settings.latencyThresholdMilliseconds > 0
    let start = isWatched ? EventLoop.monotonicNanoseconds : 0
    let outcome = keyspace.evictOne { hash in
      isFree || scheduler.intents.allows(KeyClaim(hash: hash.rawValue, isExclusive: true))
    }
    if isWatched {
      recordLatency(
        .evictionDel, milliseconds: Int((EventLoop.monotonicNanoseconds - start) / 1_000_000))
    }
    return outcome
  }

  private func evictUnwatched(_ keyspace: inout Keyspace, downTo excess: Int) -> Progress {
    let deadline =
      unsafe room.evictionDeadline
      ?? EventLoop.monotonicNanoseconds + settings.memory.evictionNanoseconds
    unsafe room.evictionDeadline = deadline
    let isFree = scheduler.intents.isEmpty
    var count = 0
    while unsafe room.excess > excess {
      if unsafe room.isTimeOver {
        if unsafe !room.hasGrown { return .outOfTime }
      } else if count & 7 == 7, EventLoop.monotonicNanoseconds >= deadline {
        unsafe room.endTime()
        return .outOfTime
      }
      count += 1
      if keyspace.hasGarbage {
        keyspace.freeSlice(segments: 1)
        continue
      }
      switch evictOne(&keyspace, isFree: isFree) {
      case .evicted: unsafe room.forgive(keyspace.takeEvictionNotes())
      case .nothing: return .nothing
      case .notFoundYet:
        if unsafe room.isTimeOver || EventLoop.monotonicNanoseconds >= deadline { return .outOfTime }
      }
    }
    return .done
  }

  /// - Returns: whether other shards have something to evict.
  private func askOthersForRoom() -> Bool {
    var areAsked = false
    for (shard, memory) in server.memory.shards.enumerated()
    where shard != index && memory.evictable.load(ordering: .relaxed) > 0 {
      areAsked = true
      if !memory.isWanted.exchange(true, ordering: .sequentiallyConsistent) {
        loop.wakeWithNextSubmission(server.loops[shard])
      }
    }
    return areAsked
  }

  /// Evicts what commands did not get to.
  ///
  /// - Returns: whether it pays to go on at once.
  func evictInBackground(_ keyspace: inout Keyspace) -> Bool {
    server.memory.shards[index].isWanted.store(false, ordering: .sequentiallyConsistent)
    guard unsafe room.isLimited else { return false }
    unsafe room.beginTurn()
    guard unsafe room.isExceeded, !server.isPausing, !keyspace.isReplaying else {
      unsafe server.memory.noteExceeded(room.blockExcess > 0)
      return false
    }
    unsafe server.memory.noteExceeded(room.blockExcess > 0)
    keyspace.forgetPrepared()
    let progress = evictPart(&keyspace)
    if unsafe room.isExceeded, progress != .outOfTime { _ = askOthersForRoom() }
    if unsafe !room.isExceeded { server.memory.noteExceeded(false) }
    return progress == .outOfTime
  }
}
