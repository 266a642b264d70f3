import Engine
import EventLoop
import Glibc
import Logging
import Persistence
import RESP
import Scripting
import ServerConfig

extension Persistence {
  /// A snapshot's failure, as the log tells it.
  struct SnapshotFailure: Error {
    let error: SystemError
  }

  /// Writes what all shards hold at one instant.
  ///
  /// - Parameters:
  ///   - files: one for all shards together, or one for each.
  ///   - atCut: runs on every shard at that instant.
  /// - Throws: the first failure of any shard; the files are gone then.
  func writeSnapshot(
    _ files: [PartFile], _ progress: SnapshotProgress, _ format: SnapshotCut.Format = .binary,
    atCut: @escaping @Sendable (Worker, inout Keyspace) -> Void
  ) async throws(SystemError) {
    let libraries = Mutex<[FunctionLibrary]>([])
    await cut { worker, keyspace in
      keyspace.beginSnapshot(format, slicesValues: true)
      // On the thread that changes them.
      if worker.index == 0 { libraries.withLock { $0 = worker.server.libraries.all } }
      progress.totalKeys.add(keyspace.currentSnapshot?.totalCount ?? 0, ordering: .relaxed)
      atCut(worker, &keyspace)
    }
    progress.begun()
    let texts = libraries.withLock { $0.map(\.text) }
    let server = self.server
    let failure = await withTaskGroup(of: SystemError?.self) { group in
      for worker in server.workers {
        group.addTask(executorPreference: worker.loop) {
          do throws(SystemError) {
            let head = worker.index == 0 ? Self.record(of: texts, format) : []
            try await worker.writeSnapshot(
              files[files.count == 1 ? 0 : worker.index], head, progress)
            return nil
          } catch { return error }
        }
      }
      var first: SystemError?
      for await failure in group { first = first ?? failure }
      return first
    }
    do throws(SystemError) {
      if let failure { throw failure }
    } catch {
      for file in files { file.discard() }
      throw error
    }
    for (index, file) in files.enumerated() {
      do throws(SystemError) {
        _ = try file.finish()
      } catch {
        unsafe unlink(file.path)
        for rest in files[(index + 1)...] { rest.discard() }
        throw error
      }
    }
  }

  /// What makes function libraries again.
  private static func record(of libraries: [[UInt8]], _ format: SnapshotCut.Format) -> [UInt8] {
    switch format {
    case .binary: RDBFile.functions(libraries)
    case .commands:
      libraries.flatMap { text in
        Array("*3\r\n$8\r\nFUNCTION\r\n$4\r\nLOAD\r\n$\(text.count)\r\n".utf8) + text + [0x0D, 0x0A]
      }
    }
  }

  func header(isAppendOnlyBase: Bool) -> [UInt8] {
    RDBFile.header(
      version: Version.redis, now: Int(WallClock.milliseconds / 1000), usedMemory: server.memory.sample(),
      isAppendOnlyBase: isAppendOnlyBase)
  }

  // MARK: dump.rdb

  /// What BGSAVE answers when it can't begin.
  enum SaveRefusal: Error {
    case saving, rewriting
  }

  /// Begins a snapshot into the file that `dbfilename` names; returns while it is being written.
  ///
  /// - Parameters:
  ///   - isScheduled: waits for what is under way rather than being refused.
  ///   - isAwaited: whoever asked hears of a failure, so that others need not.
  /// - Returns: a task that says whether it succeeded.
  func startSave(isScheduled: Bool = false, isAwaited: Bool = false) throws(SaveRefusal) -> Task<Bool, Never> {
    let progress = SnapshotProgress(endsWithFlush: !isAwaited)
    let refusal = state.withLock { state -> SaveRefusal? in
      if state.save != nil { return .saving }
      if state.rewrite != nil, !isScheduled { return .rewriting }
      state.save = Progress(startedAt: WallClock.milliseconds, snapshot: progress)
      return nil
    }
    if let refusal { throw refusal }
    refreshGuards()
    log.notice("Background saving started")
    return Task {
      defer { progress.begun() }
      return await self.runSave(progress, isAwaited: isAwaited)
    }
  }

  /// Deletes what nobody will complete.
  func removeTemporarySnapshot() {
    for name in SnapshotFiles.temporaryNames(temporarySnapshot, shardCount: server.shardCount) { try? Files.remove(name) }
  }

  /// What a snapshot is called until it is complete.
  var temporarySnapshot: String {
    let name = server.configuration[.dbfilename]
    let directory = name.lastIndex(of: "/").map { name[...$0] } ?? ""
    return "\(directory)temp-\(getpid()).rdb"
  }

  private func runSave(_ progress: SnapshotProgress, isAwaited: Bool) async -> Bool {
    await turnstile.enter()
    defer { turnstile.leave() }
    let configuration = server.configuration
    let name = configuration[.dbfilename]
    let temporary = temporarySnapshot
    let started = WallClock.milliseconds
    let changes = ChangeCount()
    var failure: SystemError?
    do throws(SystemError) {
      let names = SnapshotFiles.temporaryNames(temporary, shardCount: server.shardCount)
      let isSplit = configuration[.snapshotFormat] == "shards"
      var files: [PartFile] = []
      for path in isSplit ? names.dropFirst() : names.prefix(1) {
        files.append(
          try PartFile(path, header: header(isAppendOnlyBase: false), sums: configuration[.rdbchecksum]))
      }
      try await writeSnapshot(files, progress) { _, keyspace in changes.add(keyspace.changeCount) }
      let place = SnapshotFiles(name: name)
      if isSplit { try place.install(parts: files.map(\.path)) } else { try place.install(temporary) }
    } catch {
      failure = error
      if !progress.isCancelled { log.warning("Error saving the snapshot to \(name): \(error.description)") }
    }
    state.withLock { state in
      state.save = nil
      state.lastSaveTry = WallClock.milliseconds
      if failure == nil || !isAwaited, !progress.isCancelled { state.lastSaveSucceeded = failure == nil }
      state.lastSaveSeconds = Int((WallClock.milliseconds - started) / 1000)
      if failure == nil {
        state.lastSave = WallClock.milliseconds
        state.changesAtSave = changes.total
        state.saveCount += 1
      }
    }
    refreshGuards()
    if failure == nil {
      log.notice("DB saved on disk")
      log.notice("Background saving terminated with success")
    } else if progress.isCancelled {
      log.warning("Background saving cancelled")
    } else {
      log.warning("Background saving error")
    }
    return failure == nil
  }
}

import Synchronization

/// A sum over shards.
final class ChangeCount: Sendable {
  private let sum = Atomic<Int>(0)
  func add(_ count: Int) { sum.add(count, ordering: .relaxed) }
  var total: Int { sum.load(ordering: .relaxed) }
}
