import Engine
import EventLoop
import Logging
import Persistence
import ServerConfig
import Synchronization

/// The server's files: when which of them is written, and how that went.
///
/// Shards write; this decides, names the files, and moves from one set to the next. It runs outside of the shards'
/// threads, so it may block.
final class Persistence: @unchecked Sendable {
  // Unchecked: `context` is set once before the loops run; the rest is behind `state` or atomic.

  /// What is under way, and how the last ones went: what INFO shows.
  struct State {
    var loading: LoadProgress?
    /// Keys read at the last start, and those that had expired.
    var keysLoaded = 0
    var keysExpired = 0

    var save: Progress?
    var isSaveScheduled = false
    /// Milliseconds since 1970.
    var lastSave: Int64
    /// Changes ever made, as of that time.
    var changesAtSave = 0
    var lastSaveSucceeded = true
    /// When the last one was tried.
    var lastSaveTry: Int64 = 0
    var lastSaveSeconds: Int?
    var saveCount = 0

    var isAppending = false
    /// What is appended has no base in the manifest yet.
    var needsBase = false
    var rewrite: Progress?
    var isRewriteScheduled = false
    var lastRewriteSucceeded = true
    var lastRewriteSeconds: Int?
    var rewriteCount = 0
    var failedRewrites = 0
    /// Of all files together, when they were last made anew.
    var baseByteCount = 0
    var manifest = AppendOnlyManifest()
    /// Shards whose files can't be written, and why.
    var journalFailures: [Int: SystemError] = [:]
  }

  /// A snapshot on its way to the disk.
  struct Progress {
    /// Milliseconds since 1970.
    let startedAt: Int64
    let snapshot: SnapshotProgress
  }

  private weak var context: ServerContext?
  let state: Mutex<State>
  /// Whether commands have to be looked at before they run: the server loads, or can't write.
  private let guards = Atomic<Bool>(false)
  let loads = Atomic<Bool>(false)
  private let syncsLater = Atomic<Bool>(false)
  /// One change of the set of files at a time.
  let turnstile = Turnstile()

  init() { state = Mutex(State(lastSave: WallClock.milliseconds)) }

  /// Once, before anything else.
  func attach(to server: ServerContext) { context = server }

  var server: ServerContext {
    guard let context else { preconditionFailure("files are written for a server that is gone") }
    return context
  }

  var log: Logger { server.log }

  /// Whether `refusal` has something to say of some command.
  @inline(__always)
  var isGuarding: Bool { guards.load(ordering: .relaxed) }

  var isLoading: Bool { loads.load(ordering: .relaxed) }

  /// `no-appendfsync-on-rewrite`: a rewrite is under way, and syncs wait for its end.
  var defersSync: Bool { syncsLater.load(ordering: .relaxed) }

  /// Recomputes what others read without a lock. After every change of `state` or of the configuration.
  func refreshGuards() {
    let configuration = server.configuration
    let (isRestricted, isWriting) = state.withLock { state in
      (
        state.loading != nil || !state.journalFailures.isEmpty
          || (!state.lastSaveSucceeded && configuration[.stopWritesOnBgsaveError]
            && !configuration.savePoints.isEmpty),
        state.save != nil || state.rewrite != nil
      )
    }
    guards.store(isRestricted, ordering: .relaxed)
    syncsLater.store(configuration[.noAppendfsyncOnRewrite] && isWriting, ordering: .relaxed)
  }

  /// Why a command may not run now, nil if it may.
  func refusal(of command: Command) -> CommandError? {
    guard isGuarding else { return nil }
    if isLoading, !command.flags.contains(.loading) {
      return CommandError("LOADING Redis is loading the dataset in memory")
    }
    guard command.flags.contains(.write) || command.name == "ping" else { return nil }
    return refusalOfWrites()
  }

  /// Why nothing may change now, nil if it may.
  func refusalOfWrites() -> CommandError? {
    let configuration = server.configuration
    return state.withLock { state in
      if let failure = state.journalFailures.values.first {
        return CommandError(composed: "MISCONF Errors writing to the AOF file: \(failure.reason)")
      }
      guard !state.lastSaveSucceeded, configuration[.stopWritesOnBgsaveError],
        !configuration.savePoints.isEmpty
      else { return nil }
      return CommandError(
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error."
      )
    }
  }

  // MARK: What shards report

  func journalFailed(_ worker: Worker, _ error: SystemError) {
    let isNew = state.withLock { state in
      state.journalFailures.updateValue(error, forKey: worker.index) == nil
    }
    if isNew { log.warning("Error writing to the AOF file: \(error.description)") }
    worker.journalHasFailed = true
    // What the kernel could not write it may have dropped.
    if error.call.description == "fsync" { state.withLock { $0.isRewriteScheduled = true } }
    refreshGuards()
    // Again in a moment; the disk may have room by then.
    worker.loop.schedule(after: 1_000_000_000) { worker.advanceJournal() }
  }

  func journalAdvanced(_ worker: Worker) {
    guard worker.journalHasFailed else { return }
    worker.journalHasFailed = false
    state.withLock { _ = $0.journalFailures.removeValue(forKey: worker.index) }
    log.warning("AOF write error looks solved. The server can write again.")
    refreshGuards()
  }

  // MARK: All shards at once

  /// Runs `body` on every shard in one instant.
  func cut(_ body: @escaping @Sendable (Worker, inout Keyspace) -> Void) async {
    let server = self.server
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      Task(executorPreference: server.workers[0].loop) {
        server.workers[0].cut(body) { continuation.resume() }
      }
    }
  }
}

/// Lets one task pass at a time, in the order of their arrival.
final class Turnstile: Sendable {
  private struct State {
    var isTaken = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func enter() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.isTaken {
          state.waiting.append(continuation)
          return false
        }
        state.isTaken = true
        return true
      }
      if isFree { continuation.resume() }
    }
  }

  func leave() {
    let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
      if state.waiting.isEmpty {
        state.isTaken = false
        return nil
      }
      return state.waiting.removeFirst()
    }
    next?.resume()
  }
}
