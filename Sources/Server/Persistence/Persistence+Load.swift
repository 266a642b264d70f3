import Engine
import EventLoop
import Glibc
import Logging
import Persistence
import RESP
import Scripting
import ServerConfig
import Shard
import Synchronization

/// Reading the files: at the start, and when DEBUG asks for it.
extension Persistence {
  /// Has clients hear that the server loads, before it begins to.
  func willLoad() {
    loads.store(true, ordering: .sequentiallyConsistent)
    state.withLock { $0.loading = LoadProgress() }
    refreshGuards()
  }

  private func didLoad() {
    loads.store(false, ordering: .sequentiallyConsistent)
    state.withLock { $0.loading = nil }
    refreshGuards()
  }

  /// Reads what there is, and begins to append where that is configured.
  ///
  /// - Returns: false if the server must not go on; the log says why.
  func start() async -> Bool {
    defer { didLoad() }
    let configuration = server.configuration
    guard configuration[.appendonly] else { return await loadSnapshot() }
    let legacy = configuration[.appendfilename]
    if Files.exists(manifestPath) {
      guard let manifest = await loadAppendOnly() else { return false }
      return await startAppending(manifest)
    }
    if Files.exists(legacy) {
      log.notice("Reading the append-only file \(legacy) of an older server")
      guard await loadLog(legacy) else { return false }
    } else {
      guard await loadSnapshot() else { return false }
    }
    return await startAppending(nil)
  }

  // MARK: Kinds of files

  /// Reads `dbfilename`, if there is such a file.
  ///
  /// - Parameter replacesLibraries: a library takes the place of one of its name, which is an error else.
  func loadSnapshot(replacesLibraries: Bool = false) async -> Bool {
    let paths: [String]
    do {
      paths = try SnapshotFiles(name: server.configuration[.dbfilename]).paths()
    } catch {
      log.critical("Can't read the snapshot's manifest: \(error)")
      return false
    }
    guard !paths.isEmpty else { return true }
    return await loading(LoadProgress(replacesLibraries: replacesLibraries)) { progress async throws(LoadFailure) in
      var mapped: [MappedFile] = []
      for path in paths { mapped.append(try self.map(path, progress)) }
      try await self.load(mapped, progress)
      self.log.notice(
        "Done loading RDB, keys loaded: \(progress.loadedKeys.load(ordering: .relaxed)), keys expired: \(progress.expiredKeys.load(ordering: .relaxed))."
      )
      let empty = progress.emptyKeys.load(ordering: .relaxed)
      if empty > 0 { self.log.notice("empty keys skipped: \(empty).") }
      self.log.notice("DB loaded from disk: \(self.seconds(since: progress.startedAt)) seconds")
    }
  }

  /// Reads one append-only file, perhaps with an RDB preamble, as servers before Redis 7 have it.
  private func loadLog(_ path: String) async -> Bool {
    await loading { progress async throws(LoadFailure) in
      let file = try self.map(path, progress)
      let start = RDBFileReader.hasMagic(file.bytes) ? try await self.load(file, progress) : 0
      let input = try self.scan(file, from: start, isLast: true)
      try await self.replay([[input]], progress)
    }
  }

  /// Reads what the manifest lists.
  ///
  /// - Returns: the manifest, nil if that failed.
  func loadAppendOnly() async -> AppendOnlyManifest? {
    let manifest: AppendOnlyManifest
    do {
      manifest = try AppendOnlyManifest(parsing: try text(of: manifestPath))
    } catch let error as AppendOnlyManifest.Malformed {
      log.critical("\(error.reason), at line \(error.line) of \(manifestPath)")
      return nil
    } catch {
      log.critical("Can't read the AOF manifest \(manifestPath): \(error)")
      return nil
    }
    for file in manifest.files where file.kind != .history && !Files.exists(path(file.name)) {
      log.critical("Can't open the append-only file \(file.name) : No such file or directory")
      return nil
    }
    let isLoaded = await loading { progress async throws(LoadFailure) in
      try await self.load(manifest, progress)
    }
    return isLoaded ? manifest : nil
  }

  private func load(_ manifest: AppendOnlyManifest, _ progress: LoadProgress) async throws(LoadFailure) {
    var logs: [[MappedFile]] = []
    var bases: [MappedFile] = []
    for shard in 0..<manifest.shardCount {
      let (base, log) = try map(manifest, ofShard: shard, progress)
      if let base { bases.append(base) }
      logs.append(log)
    }
    if manifest.isContinued {
      let (base, log) = try map(manifest, ofShard: nil, progress)
      if let base { try await load(base: [base], progress) }
      let isLast = logs.joined().allSatisfy { $0.byteCount == 0 }
      try await replay([try scan(log, isLast: isLast)], progress)
    }
    try await load(base: bases, progress)
    var inputs: [[LogReplay.Input]] = []
    for log in logs { inputs.append(try scan(log, isLast: true)) }
    try await replay(inputs, progress)
    log.notice("DB loaded from append only file: \(seconds(since: progress.startedAt)) seconds")
  }

  /// The files of a shard: a base in Redis' format if there is one, and what there is to be run again.
  private func map(
    _ manifest: AppendOnlyManifest, ofShard shard: Int?, _ progress: LoadProgress
  ) throws(LoadFailure) -> (base: MappedFile?, log: [MappedFile]) {
    var base: MappedFile?
    var log: [MappedFile] = []
    if let file = manifest.base(ofShard: shard) {
      let mapped = try map(path(file.name), progress)
      if RDBFileReader.hasMagic(mapped.bytes) { base = mapped } else { log.append(mapped) }
    }
    for increment in manifest.increments(ofShard: shard) { log.append(try map(path(increment.name), progress)) }
    return (base, log)
  }

  private func load(base files: [MappedFile], _ progress: LoadProgress) async throws(LoadFailure) {
    try await load(files, progress) { file in
      self.log.notice("DB loaded from base file \(file.path): \(self.seconds(since: progress.startedAt)) seconds")
    }
  }

  /// Looks the files of a log through.
  ///
  /// - Parameter isLast: nothing comes behind the last of them, so it may end torn.
  private func scan(_ files: [MappedFile], isLast: Bool) throws(LoadFailure) -> [LogReplay.Input] {
    var inputs: [LogReplay.Input] = []
    for (index, file) in files.enumerated() {
      inputs.append(try scan(file, from: 0, isLast: isLast && index == files.count - 1))
    }
    return inputs
  }

  // MARK: Steps

  private func map(_ path: String, _ progress: LoadProgress) throws(LoadFailure) -> MappedFile {
    do throws(SystemError) {
      let file = try MappedFile(path)
      progress.totalBytes.add(file.byteCount, ordering: .relaxed)
      return file
    } catch { throw LoadFailure(path: path, offset: nil, reason: error.description) }
  }

  /// Reads RDB files: where there are fewer than shards, all shards read each of them together, else a shard each.
  private func load(
    _ files: [MappedFile], _ progress: LoadProgress, then tell: @escaping @Sendable (MappedFile) -> Void = { _ in }
  ) async throws(LoadFailure) {
    let shardCount = server.shardCount
    guard files.count >= shardCount else {
      for file in files {
        _ = try await load(file, progress)
        tell(file)
      }
      return
    }
    try await parallel(files.count) { index async throws(LoadFailure) in
      _ = try await self.load(files[index], on: index % shardCount, progress)
      tell(files[index])
    }
  }

  /// Reads an RDB file with all shards.
  ///
  /// - Returns: where the file's RDB part ends.
  private func load(_ file: MappedFile, _ progress: LoadProgress) async throws(LoadFailure) -> Int {
    let server = self.server
    guard server.shardCount > 1 else { return try await load(file, on: 0, progress) }
    do throws(RDBError) {
      let reader = try RDBFileReader(
        file.bytes, options: server.workers[0].settings.keyspace, seed: server.seed, now: WallClock.milliseconds)
      let shared = SharedLoad(
        file, reader, shardCount: server.shardCount, sums: server.configuration[.rdbchecksum])
      await withDiscardingTaskGroup { group in
        for worker in server.workers {
          group.addTask(executorPreference: worker.loop) { await worker.read(shared, reader, progress) }
        }
      }
      return try shared.finish()
    } catch { throw LoadFailure(file, error) }
  }

  private func load(
    _ file: MappedFile, on shard: Int, _ progress: LoadProgress
  ) async throws(LoadFailure) -> Int {
    let worker = server.workers[shard]
    let outcome = await withTaskExecutorPreference(worker.loop) { () -> Result<Int, LoadFailure> in
      do throws(LoadFailure) {
        return .success(try await worker.load(file, progress))
      } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  /// Looks a log through. One that ends in the middle is cut where it is whole, if it is the last and
  /// `aof-load-truncated` allows it.
  private func scan(_ file: MappedFile, from start: Int, isLast: Bool) throws(LoadFailure) -> LogReplay.Input {
    let scan: AppendOnlyScan
    do throws(AppendOnlyScan.Failure) {
      scan = try AppendOnlyScan(file.bytes, from: start)
    } catch {
      throw LoadFailure(
        path: file.path, offset: error.offset,
        reason:
          "Bad file format reading the append only file: expected \(error.expected); make a backup of your AOF file, then use martlet-server --check-aof --fix"
      )
    }
    if scan.isTorn {
      guard isLast, server.configuration[.aofLoadTruncated] else {
        throw LoadFailure(
          path: file.path, offset: scan.validByteCount,
          reason:
            "Unexpected end of file reading the append only file \(file.path). You can: 1) Make a backup of your AOF file, then use martlet-server --check-aof --fix. 2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and restart the server.",
          isTruncation: true, isOfLog: true)
      }
      log.warning("!!! Warning: short read while loading the AOF file \(file.path)!!!")
      log.warning("AOF \(file.path) loaded anyway because aof-load-truncated is enabled")
    }
    return LogReplay.Input(file: file, start: start, scan: scan)
  }

  private func replay(_ logs: [[LogReplay.Input]], _ progress: LoadProgress) async throws(LoadFailure) {
    let replay: LogReplay
    do throws(LogReplay.Mismatch) {
      replay = try LogReplay(logs)
    } catch {
      throw LoadFailure(
        path: manifestPath, offset: nil,
        reason: "the shards' logs do not have the same commands for all shards: \(error.counts)")
    }
    if replay.abandonedCount > 0 {
      log.warning("\(replay.abandonedCount) transactions over several shards were not complete: left out")
    }
    try cut(logs, to: replay.ends)
    await cut { _, keyspace in keyspace.isReplaying = true }
    let errors = (0..<logs.count).map { _ in ReplayErrors() }
    let workers = (0..<logs.count).map { server.workers[$0 % server.shardCount] }
    var clients: [Connection] = []
    for (worker, errors) in zip(workers, errors) {
      clients.append(await worker.perform { $0.makeReplayClient(errors) })
    }
    let files = clients
    var failure: LoadFailure?
    do throws(LoadFailure) {
      for round in replay.rounds {
        try await parallel(logs.count) { index async throws(LoadFailure) in
          try await self.replay(round.pieces[index], workers[index], files[index], errors[index], progress)
        }
        if let shared = round.shared {
          try await self.replay([shared], workers[0], files[0], errors[0], progress)
        }
      }
    } catch { failure = error }
    for (worker, client) in zip(workers, files) { await worker.perform { $0.end(client) } }
    await cut { _, keyspace in keyspace.isReplaying = false }
    if let failure { throw failure }
    for error in errors.compactMap(\.first) {
      log.warning("Some records of the append-only file were answered with an error when run again: \(error)")
    }
    server.transactionIDs.advance(past: replay.lastTransaction)
  }

  private func replay(
    _ pieces: [LogReplay.Piece], _ worker: Worker, _ client: Connection, _ errors: ReplayErrors,
    _ progress: LoadProgress
  ) async throws(LoadFailure) {
    let outcome = await withTaskExecutorPreference(worker.loop) { () -> Result<Void, LoadFailure> in
      do throws(LoadFailure) {
        return .success(try await worker.replay(pieces, as: client, errors, progress))
      } catch { return .failure(error) }
    }
    try outcome.get()
  }

  /// Shortens logs to what counts of them, so that what is appended follows it.
  private func cut(_ logs: [[LogReplay.Input]], to ends: [LogReplay.End]) throws(LoadFailure) {
    for (files, end) in zip(logs, ends) {
      for (index, input) in files.enumerated() where index >= end.file {
        let byteCount = index == end.file ? end.byteCount : 0
        guard byteCount < input.file.byteCount else { continue }
        log.warning("Truncating the AOF \(input.file.path) at offset \(byteCount)")
        do throws(SystemError) {
          try Files.truncate(input.file.path, to: byteCount)
        } catch { throw LoadFailure(path: input.file.path, offset: byteCount, reason: error.description) }
      }
    }
  }

  // MARK: Around it

  /// Has clients hear that the server loads while `body` does it.
  private func loading(
    _ progress: LoadProgress = LoadProgress(), _ body: (LoadProgress) async throws(LoadFailure) -> Void
  ) async -> Bool {
    state.withLock { $0.loading = progress }
    loads.store(true, ordering: .sequentiallyConsistent)
    refreshGuards()
    var failure: LoadFailure?
    do throws(LoadFailure) {
      try await body(progress)
    } catch { failure = error }
    let changes = await changeCount()
    didLoad()
    state.withLock { state in
      state.keysLoaded = progress.loadedKeys.load(ordering: .relaxed)
      state.keysExpired = progress.expiredKeys.load(ordering: .relaxed)
      state.changesAtSave = changes
    }
    refreshGuards()
    guard let failure else { return true }
    if let command = failure.unknownCommand {
      log.critical("Unknown command '\(command)' reading the append only file \(failure.path)")
      return false
    }
    if failure.isTruncation, !failure.isOfLog {
      log.critical("Short read or OOM loading DB. Unrecoverable error, aborting now.")
    }
    if !failure.isOfLog, failure.offset != nil {
      log.critical("Internal error in RDB reading: integrity check failed")
      log.critical("Terminating server after rdb file reading failure.")
    }
    let place = failure.offset.map { ", offset \($0)" } ?? ""
    log.critical("\(failure.reason) (file \(failure.path)\(place))")
    return false
  }

  /// Changes ever made, over all shards.
  func changeCount() async -> Int {
    var sum = 0
    for worker in server.workers { sum += await worker.performWithKeyspace { $1.changeCount } }
    return sum
  }

  private func parallel(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws(LoadFailure) -> Void
  ) async throws(LoadFailure) {
    let failure = await withTaskGroup(of: LoadFailure?.self) { group in
      for index in 0..<count {
        group.addTask {
          do throws(LoadFailure) {
            try await body(index)
            return nil
          } catch { return error }
        }
      }
      var first: LoadFailure?
      for await failure in group { first = first ?? failure }
      return first
    }
    if let failure { throw failure }
  }

  private func text(of path: String) throws -> String {
    let file = try MappedFile(path)
    return String(decoding: file.contents(), as: UTF8.self)
  }

  private func seconds(since start: Int64) -> String {
    let milliseconds = WallClock.milliseconds - start
    let fraction = String(milliseconds % 1000)
    return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
  }

  // MARK: DEBUG

  /// Throws everything away and reads it from the files again.
  ///
  /// - Parameters:
  ///   - readsLog: from the append-only files, else from `dbfilename`.
  ///   - keepsData: nothing is thrown away; what is read takes the place of what has its name.
  ///   - merges: that goes for function libraries, too.
  func reload(readsLog: Bool, keepsData: Bool = false, merges: Bool = false) async -> Bool {
    let wasAppending = state.withLock { $0.isAppending }
    if wasAppending {
      await syncJournals()
      await cut { worker, keyspace in worker.stopRecording(&keyspace) }
      await syncJournals()
      await trimJournals()
    }
    if !keepsData {
      await cut { worker, keyspace in
        keyspace.flushAll()
        if worker.index == 0 { worker.server.libraries.flush() }
      }
    }
    let isLoaded =
      readsLog ? await loadAppendOnly() != nil : await loadSnapshot(replacesLibraries: merges)
    if wasAppending {
      await cut { worker, keyspace in
        keyspace.effects.startAnew()
        keyspace.effects.isRecorded = true
        worker.scheduler.recordsEffects = true
        worker.applyJournalPolicy()
      }
    }
    return isLoaded
  }
}
