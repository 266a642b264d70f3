import Coordinator
import Engine
import EventLoop
import Glibc
import Logging
import RESP
import Scripting
import ServerConfig
import Shard
import Synchronization

/// What all workers of one server share: fixed facts, and a few values guarded by atomics or a lock.
final class ServerContext: @unchecked Sendable {
  // Unchecked: `workers` and `loops` are set once before the loops run; the rest is `let`, atomic, or
  // behind its lock.

  let table: CommandTable
  let serviceBodies: [ServiceCommand.Body?]
  let footprints: [Footprint.Finder?]
  let scriptTraits: [ScriptTraits]
  /// Those whose keys are counted by their third word.
  let runsScript: [Bool]
  /// Scripts have what Lua calls deprecated.
  let hasDeprecatedFunctions: Bool
  /// What runs at once even after MULTI.
  let isOutsideMulti: [Bool]
  /// What a subscriber may use in RESP2.
  let commandsOfSubscribers: Set<Int>
  /// Those whose replies come even when the client wants none.
  let pushingCommands: Set<Int>
  /// The subcommands of CLIENT.
  let clientCommands: Set<Int>
  let channels: ChannelRegistry
  let broadcasters: Broadcasters
  /// The keys in clients' caches, of all shards.
  let trackedKeyTotal = TrackedKeyTotal()
  let selectCommand: Int
  let execCommand: Int
  /// EVAL and its like.
  let scriptCommands: Set<Int>
  let scripts = ScriptCache()
  private let deniesNothingInScripts = Atomic<Bool>(false)
  /// DEBUG SET-DISABLE-DENY-SCRIPTS: scripts may call what they may not else.
  var allowsAllInScripts: Bool {
    get { deniesNothingInScripts.load(ordering: .relaxed) }
    set { deniesNothingInScripts.store(newValue, ordering: .relaxed) }
  }
  let libraries: FunctionLibraries
  /// Scripts that have gone on for long.
  let slowScripts = SlowScripts()
  let shardCount: Int
  let seed: UInt64
  let mailboxes: Mailboxes
  let transactionIDs = TransactionIDs()
  let log: Logger
  let startedAt = WallClock.milliseconds
  let tickClock = TickClock()
  let memory: MemoryWatch
  let persistence = Persistence()
  let insight = SharedInsight()
  let published = PublishedReports()
  /// There is a metrics port, which shows more of each shard than INFO does.
  let hasMetrics: Bool
  private(set) var workers: [Worker] = []
  private(set) var loops: [EventLoop] = []
  let listeners = OpenListeners()
  private let currentConfiguration: Mutex<Configuration>
  /// Where the configuration came from, for CONFIG REWRITE and INFO.
  let origin: ConfigurationOrigin
  let logOutput: LogOutput
  /// 40 hexadecimal digits, new at each start.
  let runID: String
  private let currentReplicationID: Mutex<String>
  private let shutdown = Mutex(Shutdown())
  let stopped = ExitCode()

  /// What the kernel's score was before `oom-score-adj` changed it.
  let oomScoreAtStart = Mutex<Int?>(nil)
  private let lastClientID = Atomic<UInt64>(0)
  let connectionCount = Atomic<Int>(0)
  /// How many commands are to be held back: the deadline of CLIENT PAUSE in monotonic nanoseconds, 0 for none.
  let pauseDeadline = Atomic<UInt64>(0)
  let pausesOnlyWrites = Atomic<Bool>(false)
  /// Held while both change; readers do without.
  let pauseChange = Mutex(())
  /// How long a client may keep the buffer that its largest reply needed.
  let replyBufferResetMilliseconds = Atomic<Int>(ServerContext.replyBufferResetDefault)
  static let replyBufferResetDefault = 5000
  /// Which worker gets the next connection.
  let nextWorker = Atomic<Int>(0)

  init(
    shardCount: Int, configuration: Configuration, origin: ConfigurationOrigin, log: Logger,
    logOutput: LogOutput, procedures: [Procedure]
  ) {
    self.shardCount = shardCount
    memory = MemoryWatch(shardCount: shardCount)
    self.log = log
    self.logOutput = logOutput
    self.origin = origin
    seed = Self.hashSeed(configuration)
    runID = Self.freshID()
    currentReplicationID = Mutex(Self.freshID())
    currentConfiguration = Mutex(configuration)
    let services = ServiceCommand.all
    var renamed = RenamedCommands()
    for line in configuration.renamedCommands { _ = renamed.rename(line[0], to: line[1]) }
    table = CommandTable(
      CommandTable.engine + services.map(\.command), renames: renamed.names,
      procedures: procedures)
    libraries = FunctionLibraries(
      reserved: Set(procedures.map { Array($0.name.lowercasedASCII.utf8) }))
    var bodies = [ServiceCommand.Body?](repeating: nil, count: table.commands.count)
    var footprints = [Footprint.Finder?](repeating: nil, count: table.commands.count)
    for service in services {
      for (name, body) in service.bodies {
        let fullName =
          service.command.subcommands.isEmpty ? name : "\(service.command.name)|\(name)"
        guard let index = table.fullNames.firstIndex(of: fullName) else {
          preconditionFailure("a body for \(fullName), which is no command")
        }
        bodies[index] = body
        footprints[index] = service.footprint
      }
      if let body = service.ownBody {
        bodies[table.commands.firstIndex { $0.name == service.command.name } ?? 0] = body
      }
    }
    serviceBodies = bodies
    self.footprints = footprints
    runsScript = footprints.map { $0 != nil }
    scriptTraits = zip(table.descriptors, bodies).map { ScriptTraits($0, isService: $1 != nil) }
    hasMetrics = configuration[.metricsPort] != 0
    hasDeprecatedFunctions = configuration[.luaEnableDeprecatedApi]
    let names = table.fullNames
    isOutsideMulti = names.map {
      ["exec", "discard", "multi", "watch", "quit", "reset"].contains($0)
    }
    let subscribing = [
      "subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe",
    ].compactMap { names.firstIndex(of: $0) }
    pushingCommands = Set(subscribing)
    commandsOfSubscribers = Set(
      subscribing + ["ping", "quit", "reset"].compactMap { names.firstIndex(of: $0) })
    channels = ChannelRegistry(workerCount: shardCount)
    broadcasters = Broadcasters(workerCount: shardCount)
    clientCommands = Set(names.indices.filter { names[$0].hasPrefix("client|") })
    execCommand = names.firstIndex(of: "exec") ?? -1
    scriptCommands = Set(
      ["eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro"].compactMap {
        names.firstIndex(of: $0)
      })
    selectCommand = names.firstIndex(of: "select") ?? -1
    mailboxes = Mailboxes(shardCount: shardCount)
    persistence.attach(to: self)
  }

  /// Says who the workers are, once, before any of them runs.
  func install(_ workers: [Worker]) {
    self.workers = workers
    loops = workers.map(\.loop)
  }

  /// The seed that `hash-seed` stands for: for the empty text that of the files to go on with, or drawn anew; else the
  /// text's own hash.
  private static func hashSeed(_ configuration: Configuration) -> UInt64 {
    let text = configuration[.hashSeed]
    if text.isEmpty {
      return Persistence.seed(ofFilesIn: configuration) ?? .random(in: .min ... .max)
    }
    return ByteView.with(Array(text.utf8)) { KeyHash($0, seed: 0).rawValue }
  }

  /// 40 random hexadecimal digits.
  private static func freshID() -> String {
    (0..<40).map { _ in String(UInt8.random(in: 0..<16), radix: 16) }.joined()
  }

  /// Names the history of the data set; replicas ask for it.
  var replicationID: String { currentReplicationID.withLock { $0 } }

  /// DEBUG CHANGE-REPL-ID.
  func changeReplicationID() {
    let id = Self.freshID()
    currentReplicationID.withLock { $0 = id }
  }

  // MARK: Configuration

  /// A copy of the configuration as it is now.
  var configuration: Configuration { currentConfiguration.withLock { $0 } }

  /// Changes the configuration in one step.
  func updateConfiguration<Failure: Error>(
    _ body: (inout Configuration) throws(Failure) -> Void
  ) throws(Failure) {
    let result = currentConfiguration.withLock { configuration -> Result<Void, Failure> in
      do throws(Failure) {
        try body(&configuration)
        return .success(())
      } catch { return .failure(error) }
    }
    try result.get()
  }

  var settings: WorkerSettings {
    let configuration = self.configuration
    var settings = WorkerSettings(configuration)
    settings.keyspace.trackedKeysShare = configuration[.trackingTableMaxKeys] / shardCount
    settings.keyspace.trackedKeyTotal = trackedKeyTotal
    return settings
  }

  /// Copies what workers need of the configuration to each of them.
  func distributeSettings() async {
    for worker in workers {
      await worker.performWithKeyspace { worker, keyspace in
        // Read anew each time: of two changes at once, the later one reaches every worker last.
        worker.apply(worker.server.settings, &keyspace)
      }
    }
  }

  // MARK: Keys

  /// The shard of a key.
  func shard(of key: ByteView) -> Int {
    shardCount == 1 ? 0 : KeyHash(HashTag.of(key), seed: seed).shard(of: shardCount)
  }

  /// As `shard(of:)`, for a key whose whole hash is known.
  @inline(__always)
  func shard(of key: ByteView, _ hash: KeyHash) -> Int {
    let tag = HashTag.of(key)
    if tag.count == key.count { return hash.shard(of: shardCount) }
    return KeyHash(tag, seed: seed).shard(of: shardCount)
  }

  // MARK: Pausing

  /// Whether commands have to be looked at before they run.
  @inline(__always)
  var isGuarded: Bool { isPausing || persistence.isGuarding }

  var isPausing: Bool { pauseDeadline.load(ordering: .relaxed) != 0 }

  /// Whether CLIENT PAUSE holds `command` back.
  func pauses(_ command: Int, _ words: Arguments, _ connection: Connection) -> Bool {
    guard isPausing else { return false }
    guard pausesOnlyWrites.load(ordering: .relaxed) else { return true }
    if command == execCommand { return connection.multi?.mayWrite == true }
    return mayWrite(command, words)
  }

  // MARK: Connections

  func nextClientID() -> UInt64 { lastClientID.add(1, ordering: .relaxed).newValue }

  func connectionClosed() { connectionCount.subtract(1, ordering: .relaxed) }

  // MARK: Stop

  /// How long clients have to take their last replies.
  private static let drainSeconds: UInt64 = 2

  /// How far a shutdown is.
  private struct Shutdown {
    enum Phase { case none, saving, leaving }
    var phase = Phase.none
    /// Grows with each that has come to nothing.
    var number = 0
    /// Under way; whoever asks meanwhile gets the same answer.
    var attempt: Task<Int32?, Never>?
  }

  var isStopping: Bool { shutdown.withLock { $0.phase == .saving || $0.phase == .leaving } }

  /// SHUTDOWN ABORT.
  ///
  /// - Returns: false if there is nothing that could be stopped.
  func abortShutdown() -> Bool {
    let isAborted = shutdown.withLock { shutdown in
      guard shutdown.phase == .saving else { return false }
      // Another may begin before this one has noticed.
      shutdown = Shutdown(number: shutdown.number + 1)
      return true
    }
    guard isAborted else { return false }
    log.warning("Shutdown manually aborted.")
    persistence.state.withLock { $0.save }?.snapshot.cancel()
    return true
  }

  /// The process ends at once: what nobody will finish goes.
  func abandon() { persistence.removeTemporarySnapshot() }

  /// Stops accepting, lets replies out, and ends. Safe to call more than once: later calls wait for
  /// the first.
  ///
  /// - Parameters:
  ///   - saves: whether a snapshot is taken; nil: if there are save points.
  ///   - forces: stops even if that fails.
  /// - Returns: the process' exit code; nil if it goes on, because the snapshot failed.
  func shutDown(saves: Bool? = nil, forces: Bool = false) async -> Int32? {
    let attempt = shutdown.withLock { shutdown in
      if let attempt = shutdown.attempt { return attempt }
      let number = shutdown.number
      let attempt = Task { await stop(number, saves: saves, forces: forces) }
      shutdown = Shutdown(phase: .saving, number: number, attempt: attempt)
      return attempt
    }
    return await attempt.value
  }

  private func stop(_ number: Int, saves: Bool?, forces: Bool) async -> Int32? {
    log.notice("User requested shutdown...")
    func isWanted() -> Bool { shutdown.withLock { $0.number == number } }
    while await workers[0].perform({ $0.isCronPaused }), isWanted() {
      try? await Task.sleep(nanoseconds: 10_000_000)
    }
    guard isWanted() else { return nil }
    let isSaved = persistence.isLoading ? true : await persistence.finish(saves: saves)
    let goesOn = shutdown.withLock { shutdown in
      guard shutdown.number == number else { return true }
      if isSaved || forces {
        shutdown.phase = .leaving
        return false
      }
      log.warning("Error trying to save the DB, can't exit.")
      shutdown = Shutdown(number: number + 1)
      return true
    }
    if goesOn { return nil }
    listeners.closeAll()
    await workers[0].perform { $0.metrics?.close() }
    for worker in workers { await worker.perform { $0.drain() } }
    let deadline = EventLoop.monotonicNanoseconds + Self.drainSeconds * 1_000_000_000
    for worker in workers { await worker.drained(until: deadline) }
    // What clients did while they were told to leave.
    await persistence.syncJournals()
    await persistence.trimJournals()
    let configuration = self.configuration
    // Of a snapshot that nobody waits for any more.
    persistence.removeTemporarySnapshot()
    if !configuration[.pidfile].isEmpty { unsafe unlink(configuration[.pidfile]) }
    log.warning("Martlet is now ready to exit, bye bye...")
    stopped.set(0)
    return 0
  }
}

/// How the configuration was given.
package struct ConfigurationOrigin: Sendable {
  /// The file's absolute path, nil when there was none.
  package let path: String?
  package let executable: String
  /// As the process was called.
  package let name: String

  package init(path: String?, executable: String, name: String) {
    self.path = path
    self.executable = executable
    self.name = name
  }

  /// Of a server inside another program.
  static let embedded = ConfigurationOrigin(path: nil, executable: "", name: "")

  /// The process is somebody else's: nothing that concerns all of it is done.
  var isEmbedded: Bool { executable.isEmpty }
}

/// A value that becomes known once, for whoever waits for it.
final class ExitCode: Sendable {
  private struct State {
    var code: Int32?
    var waiters: [CheckedContinuation<Int32, Never>] = []
  }

  private let state = Mutex(State())

  func set(_ code: Int32) {
    precondition(setOnce(code), "a server stops once")
  }

  /// False if it was known already.
  @discardableResult
  func setOnce(_ code: Int32) -> Bool {
    let waiters = state.withLock { state -> [CheckedContinuation<Int32, Never>]? in
      guard state.code == nil else { return nil }
      state.code = code
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters ?? [] { waiter.resume(returning: code) }
    return waiters != nil
  }

  var value: Int32 {
    get async {
      await withCheckedContinuation { continuation in
        let known = state.withLock { state in
          if state.code == nil { state.waiters.append(continuation) }
          return state.code
        }
        if let known { continuation.resume(returning: known) }
      }
    }
  }
}
