import Coordinator
import Engine
import EventLoop
import Glibc
import Logging
import RESP
import ServerConfig
import Shard
import Synchronization

/// What all workers of one server share: fixed facts, and a few values guarded by atomics or a lock.
final class ServerContext: @unchecked Sendable {
  // Unchecked: `workers` and `loops` are set once before the loops run; the rest is `let`, atomic, or
  // behind its lock.

  let table: CommandTable
  let serviceBodies: [ServiceCommand.Body?]
  /// What runs at once even after MULTI.
  let isOutsideMulti: [Bool]
  let selectCommand: Int
  let shardCount: Int
  let seed: UInt64
  let mailboxes: Mailboxes
  let transactionIDs = TransactionIDs()
  let log: Logger
  let startedAt = WallClock.milliseconds
  let tickClock = TickClock()
  let memory = MemoryWatch()
  private(set) var workers: [Worker] = []
  private(set) var loops: [EventLoop] = []
  /// Set before accepting starts; only the first worker uses them afterwards.
  fileprivate(set) var listeners: [Listener] = []
  private let currentConfiguration: Mutex<Configuration>
  /// Where the configuration came from, for CONFIG REWRITE and INFO.
  let origin: ConfigurationOrigin
  let logOutput: LogOutput
  /// 40 hexadecimal digits, new at each start.
  let runID: String
  private let currentReplicationID: Mutex<String>
  private let stopping = Atomic<Bool>(false)
  let stopped = ExitCode()

  private let lastClientID = Atomic<UInt64>(0)
  let connectionCount = Atomic<Int>(0)
  /// How many commands are to be held back: the deadline of CLIENT PAUSE in monotonic nanoseconds, 0 for none.
  let pauseDeadline = Atomic<UInt64>(0)
  let pausesOnlyWrites = Atomic<Bool>(false)
  /// Held while both change; readers do without.
  let pauseChange = Mutex(())
  /// Which worker gets the next connection.
  private let nextWorker = Atomic<Int>(0)

  init(
    shardCount: Int, configuration: Configuration, origin: ConfigurationOrigin, log: Logger,
    logOutput: LogOutput
  ) {
    self.shardCount = shardCount
    self.log = log
    self.logOutput = logOutput
    self.origin = origin
    seed = Self.hashSeed(configuration[.hashSeed])
    runID = Self.freshID()
    currentReplicationID = Mutex(Self.freshID())
    currentConfiguration = Mutex(configuration)
    let services = ServiceCommand.all
    table = CommandTable(CommandTable.engine + services.map(\.command))
    var bodies = [ServiceCommand.Body?](repeating: nil, count: table.commands.count)
    for service in services {
      for (name, body) in service.bodies {
        let fullName =
          service.command.subcommands.isEmpty ? name : "\(service.command.name)|\(name)"
        guard let index = table.fullNames.firstIndex(of: fullName) else {
          preconditionFailure("a body for \(fullName), which is no command")
        }
        bodies[index] = body
      }
      if let body = service.ownBody {
        bodies[table.commands.firstIndex { $0.name == service.command.name } ?? 0] = body
      }
    }
    serviceBodies = bodies
    let names = table.fullNames
    isOutsideMulti = names.map {
      ["exec", "discard", "multi", "watch", "quit", "reset"].contains($0)
    }
    selectCommand = names.firstIndex(of: "select") ?? -1
    mailboxes = Mailboxes(shardCount: shardCount)
  }

  /// Says who the workers are, once, before any of them runs.
  func install(_ workers: [Worker]) {
    self.workers = workers
    loops = workers.map(\.loop)
  }

  /// The seed that the directive's text stands for: drawn anew for the empty text, else the text's own hash.
  private static func hashSeed(_ text: String) -> UInt64 {
    if text.isEmpty { return .random(in: .min ... .max) }
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

  var settings: WorkerSettings { WorkerSettings(configuration) }

  /// Copies what workers need of the configuration to each of them.
  func distributeSettings() async {
    for worker in workers {
      await worker.performWithKeyspace { worker, keyspace in
        // Read anew each time: of two changes at once, the later one reaches every worker last.
        let settings = worker.server.settings
        worker.settings = settings
        keyspace.options = settings.keyspace
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

  var isPausing: Bool { pauseDeadline.load(ordering: .relaxed) != 0 }

  /// Whether CLIENT PAUSE holds `command` back.
  func pauses(_ command: Command, _ connection: Connection) -> Bool {
    guard isPausing else { return false }
    if pausesOnlyWrites.load(ordering: .relaxed) {
      return command.flags.contains(.write) || command.flags.contains(.mayReplicate)
    }
    return true
  }

  // MARK: Connections

  func nextClientID() -> UInt64 { lastClientID.add(1, ordering: .relaxed).newValue }

  func connectionClosed() { connectionCount.subtract(1, ordering: .relaxed) }

  /// Gives an accepted descriptor to the next worker in turn.
  func accepted(_ completion: Completion, listener: Int, worker: Worker) {
    guard listeners.indices.contains(listener) else { return }
    if !completion.hasMore {
      worker.loop.ring.acceptMultishot(
        listeners[listener].descriptor, data: Worker.data(.accept, UInt64(listener)))
    }
    guard completion.result >= 0 else {
      if completion.result != -ECANCELED {
        log.warning(
          "Accepting client connection: \(SystemError("accept", -completion.result).reason)")
      }
      return
    }
    let descriptor = completion.result
    let turn = nextWorker.add(1, ordering: .relaxed).oldValue
    let chosen = workers[turn % workers.count]
    if chosen === worker {
      chosen.adopt(descriptor)
    } else {
      Task(executorPreference: chosen.loop) { chosen.adopt(descriptor) }
    }
  }

  /// Hands the listeners to the first worker, which accepts for all.
  func startAccepting(_ listeners: [Listener]) {
    let acceptor = workers[0]
    memory.started()
    self.listeners = listeners
    Task(executorPreference: acceptor.loop) {
      for (index, listener) in listeners.enumerated() {
        acceptor.loop.ring.acceptMultishot(
          listener.descriptor, data: Worker.data(.accept, UInt64(index)))
      }
    }
  }

  // MARK: Stop

  /// How long clients have to take their last replies.
  private static let drainSeconds: UInt64 = 2

  /// Stops accepting, lets replies out, and ends. Safe to call more than once: later calls wait for
  /// the first.
  ///
  /// - Returns: the process' exit code.
  func shutDown() async -> Int32 {
    let isFirst = !stopping.exchange(true, ordering: .sequentiallyConsistent)
    guard isFirst else { return await stopped.value }
    log.notice("User requested shutdown...")
    await workers[0].perform { worker in
      for listener in worker.server.listeners {
        // Closing alone would leave the accept waiting.
        shutdown(listener.descriptor, Int32(SHUT_RDWR))
        listener.close()
      }
      worker.server.listeners = []
    }
    for worker in workers { await worker.perform { $0.drain() } }
    let deadline = EventLoop.monotonicNanoseconds + Self.drainSeconds * 1_000_000_000
    for worker in workers { await worker.drained(until: deadline) }
    let configuration = self.configuration
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

  package init(path: String?, executable: String) {
    self.path = path
    self.executable = executable
  }
}

/// A value that becomes known once, for whoever waits for it.
final class ExitCode: Sendable {
  private struct State {
    var code: Int32?
    var waiters: [CheckedContinuation<Int32, Never>] = []
  }

  private let state = Mutex(State())

  func set(_ code: Int32) {
    let waiters = state.withLock { state in
      precondition(state.code == nil, "a server stops once")
      state.code = code
      return state.waiters
    }
    for waiter in waiters { waiter.resume(returning: code) }
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
