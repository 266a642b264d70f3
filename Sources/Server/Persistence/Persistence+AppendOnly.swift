import Engine
import EventLoop
import Glibc
import Logging
import Persistence
import RESP
import ServerConfig
import Shard
import Synchronization

/// The append-only files: their names, and how the server moves from one set of them to the next.
extension Persistence {
  var appendOnlyDirectory: String { server.configuration[.appenddirname] }

  var manifestPath: String {
    "\(appendOnlyDirectory)/\(server.configuration[.appendfilename]).manifest"
  }

  /// With one shard, Redis' names.
  private func fileName(_ kind: AppendOnlyManifest.Kind, _ sequence: Int, shard: Int) -> String {
    let stem = server.configuration[.appendfilename] + (server.shardCount > 1 ? ".s\(shard)" : "")
    let isBinary = server.configuration[.aofUseRdbPreamble]
    return "\(stem).\(sequence).\(kind == .base ? isBinary ? "base.rdb" : "base.aof" : "incr.aof")"
  }

  func path(_ name: String) -> String { "\(appendOnlyDirectory)/\(name)" }

  private func store(_ files: AppendOnlyManifest) throws(SystemError) {
    var manifest = files
    manifest.seed = server.seed
    try Files.replace(manifestPath, with: Array(manifest.text.utf8))
    state.withLock { $0.manifest = manifest }
  }

  /// What keys are hashed with by the server that wrote the files that are about to be read; nil if there are none.
  static func seed(ofFilesIn configuration: Configuration) -> UInt64? {
    guard configuration[.appendonly] else { return nil }
    let path = "\(configuration[.appenddirname])/\(configuration[.appendfilename]).manifest"
    guard let file = try? MappedFile(path) else { return nil }
    let text = String(decoding: file.contents(), as: UTF8.self)
    return (try? AppendOnlyManifest(parsing: text))?.seed
  }

  // MARK: Rewriting

  /// Begins to write a new base; what happens from its instant on goes to new files.
  ///
  /// - Parameter turnsOn: the server begins to keep such files at all.
  /// - Returns: a task that says whether it succeeded; nil if a rewrite is under way, or a snapshot, after which it is
  ///   to come then.
  func startRewrite(turnsOn: Bool = false) -> Task<Bool, Never>? {
    let progress = SnapshotProgress()
    let begins = state.withLock { state in
      guard state.rewrite == nil else { return false }
      if state.save != nil, !turnsOn {
        state.isRewriteScheduled = true
        return false
      }
      if state.save == nil { state.isRewriteScheduled = false }
      state.rewrite = Progress(startedAt: WallClock.milliseconds, snapshot: progress)
      return true
    }
    guard begins else { return nil }
    refreshGuards()
    log.notice("Background append only file rewriting started")
    return Task {
      defer { progress.begun() }
      return await self.runRewrite(progress, turnsOn: turnsOn)
    }
  }

  func runRewrite(_ progress: SnapshotProgress, turnsOn: Bool) async -> Bool {
    await turnstile.enter()
    defer { turnstile.leave() }
    state.withLock { $0.isRewriteScheduled = false }
    let started = WallClock.milliseconds
    var failure: SystemError?
    do throws(SystemError) {
      try await rewrite(progress, turnsOn: turnsOn)
    } catch {
      failure = error
      if !progress.isCancelled { log.warning("Error rewriting the append only file: \(error.description)") }
    }
    state.withLock { state in
      state.rewrite = nil
      if failure == nil { state.needsBase = false }
      // What is kept has no beginning yet: again in a moment.
      if failure != nil, state.needsBase, state.isAppending { state.isRewriteScheduled = true }
      if progress.isCancelled, failure != nil { return }
      state.lastRewriteSucceeded = failure == nil
      state.lastRewriteSeconds = Int((WallClock.milliseconds - started) / 1000)
      state.rewriteCount += 1
      state.failedRewrites = failure == nil ? 0 : state.failedRewrites + 1
    }
    refreshGuards()
    if failure == nil {
      log.notice("Background AOF rewrite terminated with success")
      log.notice("Background AOF rewrite finished successfully")
    } else if progress.isCancelled {
      log.notice("Background AOF rewrite cancelled")
    } else {
      log.warning("Background AOF rewrite terminated with error")
    }
    return failure == nil
  }

  private func rewrite(_ progress: SnapshotProgress, turnsOn: Bool) async throws(SystemError) {
    try Files.makeDirectory(appendOnlyDirectory)
    let (old, isAppending, needsBase) = state.withLock { state in
      if turnsOn { state.needsBase = true }
      return (state.manifest, state.isAppending, state.needsBase)
    }
    let appends = isAppending || turnsOn
    var next = AppendOnlyManifest()
    let increment = lastSequence(old) + 1
    let shards = 0..<server.shardCount
    let increments = shards.map {
      AppendOnlyManifest.File(
        name: fileName(.incremental, increment, shard: $0), sequence: increment, kind: .incremental,
        shard: $0)
    }
    var descriptors: [Int32] = []
    if appends {
      // Where nothing came of an earlier try, its file has that name, and is still written to.
      if needsBase { for file in increments { try Files.remove(path(file.name)) } }
      for file in increments { descriptors.append(try Files.create(path(file.name))) }
      next.files += increments
      // What is appended during the rewrite belongs to both sets.
      if !needsBase { try store(AppendOnlyManifest(files: old.files + increments)) }
    }
    let sequence = old.lastSequence(.base) + 1
    let sums = server.configuration[.rdbchecksum]
    let isBinary = server.configuration[.aofUseRdbPreamble]
    let head = isBinary ? header(isAppendOnlyBase: true) : timestampLine
    var files: [PartFile] = []
    for shard in shards {
      files.append(try PartFile(path("temp-rewriteaof-bg-\(getpid()).\(shard)"), header: head, hasFrame: isBinary, sums: sums))
    }
    let switched = descriptors
    try await writeSnapshot(files, progress, isBinary ? .binary : .commands) { worker, keyspace in
      if appends { worker.startAppending(to: switched[worker.index], &keyspace) }
    }
    var byteCount = 0
    for shard in shards {
      let name = fileName(.base, sequence, shard: shard)
      byteCount += try Files.byteCount(files[shard].path)
      try Files.rename(files[shard].path, to: path(name))
      next.files.append(.init(name: name, sequence: sequence, kind: .base, shard: shard))
    }
    // The newest first.
    let history = (old.files.filter { $0.kind == .incremental }.reversed()
      + old.files.filter { $0.kind == .base } + old.history).map {
        AppendOnlyManifest.File(name: $0.name, sequence: $0.sequence, kind: .history, shard: 0)
      }
    try store(AppendOnlyManifest(files: next.files + history))
    state.withLock { state in
      state.isAppending = appends
      state.baseByteCount = byteCount
    }
    try await removeHistory()
  }

  /// What a base of commands begins with, as `aof-timestamp-enabled` says.
  private var timestampLine: [UInt8] {
    guard server.configuration[.aofTimestampEnabled] else { return [] }
    return Array("#TS:\(WallClock.milliseconds / 1000)\r\n".utf8)
  }

  private func lastSequence(_ manifest: AppendOnlyManifest) -> Int {
    manifest.files.lazy.filter { $0.kind != .base }.map(\.sequence).max() ?? 0
  }

  /// Deletes files that no longer say anything, unless `aof-disable-auto-gc`.
  func removeHistory() async throws(SystemError) {
    guard !server.configuration[.aofDisableAutoGc] else { return }
    var manifest = state.withLock { $0.manifest }
    let history = manifest.history
    guard !history.isEmpty else { return }
    // They may still be on their way to the disk.
    await syncJournals()
    for file in history { try Files.remove(path(file.name)) }
    manifest.files.removeAll { $0.kind == .history }
    try store(manifest)
  }

  // MARK: On and off

  /// Goes on with the files that were loaded, or begins new ones where they are of another number of shards, or of
  /// shards that had other keys. What one shard or a Redis has written is left as it is: several go on behind it.
  ///
  /// - Returns: false if that failed; the log says why.
  func startAppending(_ loaded: AppendOnlyManifest?) async -> Bool {
    if let loaded { state.withLock { $0.manifest = loaded } }
    guard let loaded, let files = continuation(of: loaded) else {
      guard let rewrite = startRewrite(turnsOn: true) else { return false }
      return await rewrite.value
    }
    do throws(SystemError) {
      try await goOn(with: files)
      return true
    } catch {
      log.critical("Can't open the append-only file: \(error.description)")
      return false
    }
  }

  /// The files that were loaded, as this server can go on with them; nil if it can't.
  private func continuation(of loaded: AppendOnlyManifest) -> AppendOnlyManifest? {
    if loaded.shardCount == server.shardCount {
      return server.shardCount == 1 || loaded.seed == server.seed ? loaded : nil
    }
    return loaded.shardCount == 1 ? loaded.continued() : nil
  }

  private func goOn(with loaded: AppendOnlyManifest) async throws(SystemError) {
    var manifest = loaded
    let sequence = lastSequence(manifest) + 1
    var targets: [(descriptor: Int32, offset: Int)] = []
    var byteCount = 0
    for shard in 0..<server.shardCount {
      let file: AppendOnlyManifest.File
      if let last = manifest.increments(ofShard: shard).last {
        file = last
      } else {
        file = .init(
          name: fileName(.incremental, sequence, shard: shard), sequence: sequence, kind: .incremental,
          shard: shard)
        manifest.files.append(file)
      }
      let descriptor = try Files.openToAppend(path(file.name))
      targets.append((descriptor, try Files.byteCount(path(file.name))))
    }
    for file in manifest.files where file.kind != .history { byteCount += try Files.byteCount(path(file.name)) }
    if manifest != state.withLock({ $0.manifest }) { try store(manifest) }
    let opened = targets
    await cut { worker, keyspace in
      let target = opened[worker.index]
      worker.startAppending(to: target.descriptor, at: target.offset, &keyspace)
    }
    state.withLock { state in
      state.isAppending = true
      state.baseByteCount = byteCount
    }
  }

  /// `appendonly`, which may have changed. Returns when the server has begun to append, or has ceased.
  func applyAppendOnly() async {
    let (isAppending, isRewriting) = state.withLock { ($0.isAppending, $0.rewrite != nil) }
    let wanted = server.configuration[.appendonly]
    if wanted, !isAppending {
      if isRewriting {
        await turnstile.enter()
        turnstile.leave()
      }
      state.withLock { state in
        state.isAppending = true
        state.isRewriteScheduled = state.save != nil
      }
      _ = startRewrite(turnsOn: true)
    } else if !wanted, isAppending {
      await stopAppending()
    }
    // A failure leaves files that nobody needs.
    try? await removeHistory()
  }

  /// `appendonly no` on a running server: what has happened is written out, and nothing more.
  func stopAppending() async {
    if let rewrite = state.withLock({ $0.rewrite }) {
      log.notice("Killing the AOF rewrite under way (there is no child process)")
      rewrite.snapshot.cancel()
    }
    await turnstile.enter()
    defer { turnstile.leave() }
    guard state.withLock({ $0.isAppending }) else { return }
    await cut { worker, keyspace in worker.stopRecording(&keyspace) }
    await syncJournals()
    for worker in server.workers { await worker.perform { $0.closeJournal() } }
    state.withLock { state in
      state.isAppending = false
      state.needsBase = false
      state.isRewriteScheduled = false
      state.journalFailures = [:]
    }
    refreshGuards()
  }

  /// Returns when everything appended so far is on disk.
  func syncJournals() async {
    for worker in server.workers {
      await withTaskExecutorPreference(worker.loop) { await worker.syncJournal() }
    }
  }

  /// Gives back the room that is made ahead in the files: the server ends.
  func trimJournals() async {
    for worker in server.workers { await worker.perform { $0.journal.trim() } }
  }
}

/// The worker's side.
extension Worker {
  /// What is recorded from here on goes to a file, which the journal owns.
  func startAppending(to descriptor: Int32, at offset: Int = 0, _ keyspace: inout Keyspace) {
    collectEffects(&keyspace)
    keyspace.effects.startAnew()
    journal.switchTo(descriptor, at: offset)
    journalTimestamp = 0
    keyspace.effects.isRecorded = true
    scheduler.recordsEffects = true
    applyJournalPolicy()
  }

  func stopRecording(_ keyspace: inout Keyspace) {
    collectEffects(&keyspace)
    keyspace.effects.isRecorded = false
    scheduler.recordsEffects = false
    scheduler.holdsUntilDurable = false
  }

  func closeJournal() {
    journal.close()
    journalHasFailed = false
    releaseHeld()
  }

  /// `appendfsync`, which may have changed.
  func applyJournalPolicy() {
    journal.policy = settings.journalPolicy
    scheduler.holdsUntilDurable = journal.isOpen && journal.policy == .always
    if journal.policy != .always { releaseAllHeld() }
  }

  /// Returns when everything appended so far is on disk.
  func syncJournal() async {
    loop.preconditionOnLoop()
    guard journal.isOpen, journal.durable < journal.appended else { return }
    journal.isSyncForced = true
    await untilDurable(journal.appended)
  }

  /// Returns when the journal is on disk up to a position.
  func untilDurable(_ position: UInt64) async {
    guard journal.isOpen, journal.durable < position else { return }
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      holding.waiters.append((position, continuation))
      advanceJournal()
    }
  }
}
