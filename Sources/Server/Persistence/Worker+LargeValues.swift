import Engine
import EventLoop
import Glibc
import Persistence
import RESP
import Shard

/// Claims of keys whose large values a snapshot is writing, or is about to: who reads them goes on, who changes them
/// waits.
struct SnapshotClaims {
  fileprivate var parts: [[UInt8]: (part: TransactionPart, database: Int)] = [:]
  fileprivate let owner = Owner()

  /// Hears nothing: its claims are granted at once.
  fileprivate final class Owner: TransactionOwner {
    func granted(_ part: TransactionPart) {}
    func done(_ part: TransactionPart) {}
  }
}

/// Large values of a snapshot, written in slices.
extension Worker {
  /// For so many turns others may keep a key; then its value is written without a claim.
  private static let claimTries = 1000

  func nextLargeValue() -> LargeValueSave? {
    let (save, settled) = shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        let save = keyspace.nextLargeValue()
        // Some may have gone, or have been written otherwise.
        let settled = snapshotClaims.parts.filter { key, claim in
          ByteView.with(key) { !keyspace.isLargeAndUnsaved($0, database: claim.database) }
        }
        return (save, settled.map(\.key))
      }
    }
    for key in settled { releaseSnapshotClaim(key) }
    return save
  }

  /// Writes a large value, whose key nobody changes meanwhile.
  func write(
    _ save: LargeValueSave, _ file: PartFile, _ progress: SnapshotProgress
  ) async throws(SystemError) {
    var tries = 0
    while tries < Self.claimTries, !claimForSnapshot(save.keyName, database: save.database) {
      await nextTurn()
      tries += 1
    }
    defer { releaseSnapshotClaim(save.keyName) }
    while save.byteCount == nil, !save.isOver {
      advance(save)
      await nextTurn()
      if progress.isCancelled { throw SystemError("snapshot", ECANCELED) }
    }
    guard let byteCount = save.byteCount, !save.isOver else { return }
    save.place()
    var (offset, part) = file.reserve(byteCount: byteCount)
    while true {
      advance(save)
      let bytes = save.takeBytes()
      if !bytes.isEmpty {
        file.add(bytes, toPart: part)
        try await write(bytes, to: file.descriptor, at: offset)
        offset += bytes.count
      }
      if save.isOver, save.pendingByteCount == 0 { break }
      await nextTurn()
      if progress.isCancelled { throw SystemError("snapshot", ECANCELED) }
    }
  }

  private func advance(_ save: LargeValueSave) {
    shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        let end = EventLoop.monotonicNanoseconds + Self.sweepNanoseconds
        keyspace.advance(save, Self.partByteCount) { EventLoop.monotonicNanoseconds < end }
      }
    }
  }

  // MARK: Claims

  /// - Returns: false if somebody else has the key.
  private func claimForSnapshot(_ key: [UInt8], database: Int) -> Bool {
    if snapshotClaims.parts[key] != nil { return true }
    let hash = ByteView.with(key) { KeyHash($0, seed: server.seed) }
    let claim = KeyClaim(hash: hash.rawValue, isExclusive: false)
    guard scheduler.intents.isEmpty || scheduler.intents.allows(claim) else { return false }
    let part = TransactionPart(
      shard: index, origin: index, owner: snapshotClaims.owner, id: server.transactionIDs.next(), claims: [claim])
    scheduler.hold(part)
    snapshotClaims.parts[key] = (part, database)
    return true
  }

  private func releaseSnapshotClaim(_ key: [UInt8]) {
    guard let (part, _) = snapshotClaims.parts.removeValue(forKey: key) else { return }
    shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        keyspace.now = wallTime
        unsafe scheduler.receive(.release(part), &keyspace, &statistics)
        collectEffects(&keyspace)
      }
    }
  }

  func releaseAllSnapshotClaims() {
    for key in Array(snapshotClaims.parts.keys) { releaseSnapshotClaim(key) }
  }

  /// Has a command that would change a large value wait until a snapshot has written it; it finds the key claimed then.
  @inline(never)
  func claimIfUnsaved(
    _ command: Int, _ words: Arguments, database: Int, _ keyspace: inout Keyspace
  ) {
    let descriptor = server.table.descriptors[command]
    guard descriptor.flags.contains(.write), descriptor.firstKey > 0, descriptor.firstKey < words.count
    else { return }
    let key = words[descriptor.firstKey]
    guard keyspace.isLargeAndUnsaved(key, database: database) else { return }
    let name = key.bytes
    guard snapshotClaims.parts[name] == nil, claimForSnapshot(name, database: database) else { return }
    keyspace.hurryLargeValue(key, database: database)
  }
}
