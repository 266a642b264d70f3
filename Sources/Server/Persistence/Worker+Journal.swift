import Engine
import EventLoop
import Glibc
import Logging
import Persistence
import RESP
import Shard

/// What is kept back with `appendfsync always` until the shard's changes are on disk: whoever hears of a change may
/// rely on it.
struct Holding {
  /// With replies in `held`.
  var connections: [Connection] = []
  /// Answered commands of other shards.
  var parcels: [(until: UInt64, parcel: Parcel)] = []
  /// Answers to transactions' coordinators, and replies to clients that waited.
  var messages: [(until: UInt64, message: ShardMessage, shard: Int)] = []
  /// Tasks.
  var waiters: [(until: UInt64, continuation: CheckedContinuation<Void, Never>)] = []
  /// Messages that need not wait any longer.
  var released: [(message: ShardMessage, shard: Int)] = []
}

/// The worker as writer of its shard's append-only file.
extension Worker {
  private static let writeOperation: UInt64 = 0
  private static let syncOperation: UInt64 = 1
  private static let firstOtherOperation: UInt64 = 2

  // MARK: Appending

  /// Takes over what the commands of the turn have recorded.
  @inline(__always)
  func collectEffects(_ keyspace: inout Keyspace) {
    if keyspace.effects.isRecorded { collectRecordedEffects(&keyspace) }
  }

  @inline(never)
  private func collectRecordedEffects(_ keyspace: inout Keyspace) {
    guard !keyspace.effects.isEmpty else { return }
    precondition(journal.isOpen, "effects are recorded that nobody keeps")
    let timestamp = settings.stampsJournal ? wallTime / 1000 : nil
    journal.append { buffer in
      if let timestamp, timestamp != journalTimestamp {
        journalTimestamp = timestamp
        buffer += Array("#TS:\(timestamp)\r\n".utf8)
      }
      keyspace.effects.drain(into: &buffer)
    }
  }

  /// Hands the turn's bytes to the kernel, and syncs what is due.
  func advanceJournal() {
    let isSyncDue = wantsSync && journal.policy == .everysec && !server.persistence.defersSync
    if journal.canWrite, !isSyncDue, !journal.isSyncForced, holdsBackWrite() { return }
    if journalWriteDelay > 0, journal.queuedByteCount > 0 { usleep(journalWriteDelay) }
    let followers = loop.batching.companions
    journal.advance(
      JournalRing(loop.ring, followers: followers), wantsSync: isSyncDue, write: Self.data(.file, Self.writeOperation),
      sync: Self.data(.file, Self.syncOperation))
    if isSyncDue { wantsSync = false }
  }

  /// Whether the next write is to wait for what comes in a moment; then a turn will come for it.
  private func holdsBackWrite() -> Bool {
    let now = EventLoop.monotonicNanoseconds
    let isSynced = journal.policy == .always
    let queued = journal.queuedByteCount
    guard let delay = isSynced ? gathering.syncDelay(queued: queued, now: now) : gathering.writeDelay(queued: queued, now: now)
    else {
      gathering.begin(now: now)
      journal.makesRoom = gathering.isBusy
      return false
    }
    if !isJournalTimed {
      isJournalTimed = true
      _ = loop.schedule(after: delay) { [unowned self] in
        isJournalTimed = false
        if journal.isOpen { advanceJournal() }
      }
    }
    return true
  }

  func fileDone(_ completion: Completion, _ operation: UInt64) {
    switch operation {
    case Self.writeOperation:
      let before = journal.written
      took(journal.wrote(completion.result))
      gathering.end(
        byteCount: Int(journal.written &- before), queued: journal.queuedByteCount,
        now: EventLoop.monotonicNanoseconds)
    case Self.syncOperation:
      took(journal.synced(completion.result))
    default: fileOperations.removeValue(forKey: operation)?(completion.result)
    }
  }

  private func took(_ completion: Journal.Completion) {
    switch completion {
    case .advanced:
      server.persistence.journalAdvanced(self)
      releaseHeld()
    case .failed(let error): journalFailed(error)
    }
  }

  private func journalFailed(_ error: SystemError) {
    if journal.policy == .always {
      server.log.critical(
        "Can't recover from AOF write error when the AOF fsync policy is 'always': \(error.description). Exiting..."
      )
      exit(1)
    }
    server.persistence.journalFailed(self, error)
  }

  /// Tells of a payload that RESTORE was given and did not take.
  func logRefusedPayload(_ keyspace: inout Keyspace) {
    if let refused = keyspace.refusedPayload { server.log.warning("\(refused.text)") }
    keyspace.refusedPayload = nil
  }

  // MARK: Holding back

  /// Whether somebody may hear of changes that are not on disk.
  private func holds(_ keyspace: borrowing Keyspace) -> Bool {
    journal.isOpen && journal.policy == .always
      && (journal.durable < journal.appended || !keyspace.effects.isEmpty)
  }

  /// Up to where the journal has to be on disk for all that has happened so far.
  private func horizon(_ keyspace: borrowing Keyspace) -> UInt64 {
    journal.appended &+ UInt64(keyspace.effects.byteCount)
  }

  /// Keeps a message back that tells of changes.
  func holds(_ message: ShardMessage, for shard: Int, _ keyspace: borrowing Keyspace) -> Bool {
    guard holds(keyspace) else { return false }
    switch message {
    case .granted, .done, .lateReply, .served:
      holding.messages.append((horizon(keyspace), message, shard))
      return true
    case .schedule, .run, .release, .retry, .retried, .lookAgain, .forget, .unwatch, .noted, .monitored, .publish, .invalidate,
      .redirectInvalidation, .redirectBroken:
      return false
    }
  }

  /// Sends another shard's commands home, answered.
  func sendBack(_ parcel: Parcel, _ keyspace: borrowing Keyspace) {
    if holds(keyspace) {
      holding.parcels.append((horizon(keyspace), parcel))
    } else {
      mail.sendBack(parcel)
    }
  }

  /// Lets go what waited for what is on disk now.
  func releaseHeld() {
    let durable = journal.durable
    if !holding.connections.isEmpty {
      holding.connections.removeAll { connection in
        guard connection.heldUntil <= durable else { return false }
        touch(connection)
        return true
      }
    }
    while let first = holding.parcels.first, first.until <= durable {
      mail.sendBack(first.parcel)
      holding.parcels.removeFirst()
    }
    if !holding.waiters.isEmpty {
      holding.waiters.removeAll { waiter in
        guard waiter.until <= durable else { return false }
        waiter.continuation.resume()
        return true
      }
    }
    while let first = holding.messages.first, first.until <= durable {
      holding.released.append((first.message, first.shard))
      holding.messages.removeFirst()
    }
  }

  /// Lets everything go: nobody waits for the disk any more.
  func releaseAllHeld() {
    for connection in holding.connections { connection.heldUntil = 0 }
    for index in holding.parcels.indices { holding.parcels[index].until = 0 }
    for index in holding.messages.indices { holding.messages[index].until = 0 }
    releaseHeld()
  }

  /// Delivers messages that are held back no longer.
  func sendReleased(_ keyspace: inout Keyspace, _ counts: inout CommandStatistics) {
    guard !holding.released.isEmpty else { return }
    let released = holding.released
    holding.released.removeAll(keepingCapacity: true)
    for (message, shard) in released {
      if shard == index {
        receive(message, &keyspace, &counts)
      } else {
        mail.outgoing(to: shard).messages.append(message)
      }
    }
  }

  // MARK: Other files

  /// Writes all of `bytes` to a file; the thread goes on meanwhile.
  func write(_ bytes: [UInt8], to file: Int32, at offset: Int) async throws(SystemError) {
    loop.preconditionOnLoop()
    var done = 0
    while done < bytes.count {
      let start = done
      let result = await fileOperation { data in
        unsafe bytes.withUnsafeBytes { buffer in
          unsafe loop.ring.write(
            file, unsafeBytes: buffer.baseAddress.unsafelyUnwrapped + start, count: buffer.count - start,
            at: offset + start, data: data)
        }
      }
      if result == -EINTR || result == -EAGAIN { continue }
      guard result > 0 else { throw SystemError("write", result == 0 ? ENOSPC : -result) }
      done += Int(result)
    }
  }

  private func fileOperation(_ start: (UInt64) -> Void) async -> Int32 {
    await withCheckedContinuation { (continuation: CheckedContinuation<Int32, Never>) in
      lastFileOperation += 1
      let operation = Self.firstOtherOperation + lastFileOperation
      fileOperations[operation] = { continuation.resume(returning: $0) }
      start(Self.data(.file, operation))
    }
  }
}
