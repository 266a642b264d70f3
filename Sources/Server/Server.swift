import CLinux
package import Engine
import EventLoop
import Glibc
import Logging
import RESP
package import ServerConfig
import Shard
import Synchronization

/// A whole server: its threads, its listeners, from start to stop.
package final class Server: Sendable {
  let context: ServerContext

  /// Why a server could not start; already logged.
  package struct StartFailure: Error {}

  /// Starts the threads, listens, and returns when clients can connect.
  ///
  /// - Parameter procedures: what FCALL can call beside the functions of libraries.
  /// - Throws: when the kernel refuses a ring, or an address can't be listened on.
  package convenience init(
    _ configuration: Configuration, origin: ConfigurationOrigin, procedures: [Procedure] = []
  ) throws(StartFailure) {
    try self.init(threads: configuration, origin: origin, procedures: procedures)
    context.log.notice("Server initialized")
    try listen()
    context.setProcessTitle(configuration)
  }

  /// Starts the threads and nothing else: nobody listens, no file is read.
  init(
    threads configuration: Configuration, origin: ConfigurationOrigin, procedures: [Procedure]
  ) throws(StartFailure) {
    let output = LogOutput(
      path: configuration[.logfile], level: LogOutput.level(named: configuration[.loglevel]))
    let log = Logger(label: "martlet") { _ in RedisLog(output: output) }
    let cpus = Self.allowedProcessors
    let shardCount = configuration[.shards] > 0 ? configuration[.shards] : cpus.count
    context = ServerContext(
      shardCount: shardCount, configuration: configuration, origin: origin, log: log,
      logOutput: output, procedures: procedures)
    log.notice("Martlet \(Version.martlet) is starting, compatible with Redis \(Version.redis)")
    log.notice(
      "Running mode=standalone, port=\(configuration[.port]), shards=\(shardCount), PID: \(getpid())"
    )
    try startWorkers(pinnedTo: shardCount == cpus.count && shardCount > 1 ? cpus : [])
  }

  private static var allowedProcessors: [Int32] {
    var cpus = [Int32](repeating: 0, count: 1024)
    let count = unsafe clinux_allowed_cpus(&cpus, Int32(cpus.count))
    return Array(cpus.prefix(Int(count)))
  }

  // MARK: Start

  /// Starts one thread per shard; each makes its own ring, since a ring belongs to the thread that makes it.
  private func startWorkers(pinnedTo cpus: [Int32]) throws(StartFailure) {
    let starting = Starting(count: context.shardCount)
    let context = self.context
    let settings = context.settings
    for index in 0..<context.shardCount {
      let cpu = cpus.isEmpty ? nil : cpus[index]
      do throws(SystemError) {
        try LoopThread.start {
          do throws(SystemError) {
            let loop = try EventLoop(name: "shard-\(index)")
            let shard = Shard(
              index: index, loop: loop, options: settings.keyspace, seed: context.seed)
            let worker = Worker(shard: shard, server: context, settings: settings)
            // Nobody sends to a worker before all are known to each other.
            guard starting.finished(index, worker) else { return }
            worker.startCron()
            ReplyStorage.addReleaser()
            loop.run(client: worker, cpu: cpu)
            ReplyStorage.removeReleaser()
            context.memory.shards[index].end()
          } catch {
            starting.failed(error)
          }
        }
      } catch {
        starting.failed(error)
      }
    }
    switch starting.wait(installing: context) {
    case nil: return
    case .some(let error):
      context.log.critical(
        "Cannot start: \(error.description). Martlet needs io_uring of Linux 6.1 or later; containers and sysctl kernel.io_uring_disabled may forbid it."
      )
      throw StartFailure()
    }
  }

  private func listen() throws(StartFailure) {
    let configuration = context.configuration
    var listeners: [Listener] = []
    let port = configuration[.port]
    let backlog = configuration[.tcpBacklog]
    do throws(SystemError) {
      listeners = try context.openTCP(configuration)
    } catch {
      context.log.warning("Failed listening on port \(port) (tcp), aborting.")
      throw StartFailure()
    }
    let path = configuration[.unixsocket]
    if !path.isEmpty {
      do throws(SystemError) {
        listeners.append(
          try Listener.unix(
            path: path, permissions: configuration[.unixsocketperm], backlog: backlog))
      } catch {
        context.log.warning(
          "Failed opening Unix socket: \(error.call): \(error.reason)")
        throw StartFailure()
      }
    }
    if listeners.isEmpty {
      context.log.warning("Configured to not listen anywhere, exiting.")
      throw StartFailure()
    }
    let context = self.context
    // Clients that come before the data is there hear so.
    context.persistence.willLoad()
    context.memory.started()
    _ = context.setOOMScore(context.configuration)
    context.setAllocatorThreads(context.configuration)
    context.startAccepting(listeners, metrics: try listenForMetrics())
    Task {
      guard await context.persistence.start() else { return context.stopped.set(1) }
      await context.workers[0].perform { _ in context.persistence.startCron() }
      // One line a kind of listener, however many addresses it has.
      if listeners.contains(where: { $0.path == nil }) {
        context.log.notice("Ready to accept connections tcp")
      }
      if listeners.contains(where: { $0.path != nil }) {
        context.log.notice("Ready to accept connections unix")
      }
    }
  }

  private func listenForMetrics() throws(StartFailure) -> [Listener] {
    let port = context.configuration[.metricsPort]
    guard port != 0 else { return [] }
    var listeners: [Listener] = []
    for address in context.configuration[.metricsBind].split(separator: " ") {
      do throws(SystemError) {
        listeners.append(try Listener.tcp(address: String(address), port: port, backlog: 64))
      } catch {
        context.log.warning(
          "Could not listen for metrics on \(address):\(port): \(error.call): \(error.reason)")
        throw StartFailure()
      }
      context.log.notice("Metrics on http://\(address):\(port)/")
    }
    return listeners
  }

  // MARK: Stop

  /// Has the server stop as SHUTDOWN does; returns when it has, with the process' exit code.
  package func stop(because reason: String) async -> Int32 {
    context.log.warning("\(reason)")
    return await context.shutDown() ?? -1
  }

  /// Whether it is about to stop, and nobody has taken that back.
  package var isStopping: Bool { context.isStopping }

  /// The process ends at once.
  package func abandon() { context.abandon() }

  /// The exit code, once a client's SHUTDOWN has stopped the server.
  package func waitUntilStopped() async -> Int32 { await context.stopped.value }
}

/// The meeting point of the threads of a starting server.
private final class Starting: Sendable {
  private struct State {
    var workers: [Int: Worker] = [:]
    var error: SystemError?
    var isOpen = false
  }

  private let state = Mutex(State())
  private let count: Int
  private let arrival = Semaphore()
  private let departure = Semaphore()

  init(count: Int) { self.count = count }

  /// Registers a worker and waits for the others; false if the start failed.
  func finished(_ index: Int, _ worker: Worker) -> Bool {
    state.withLock { $0.workers[index] = worker }
    arrival.signal()
    departure.wait()
    return state.withLock { $0.isOpen }
  }

  func failed(_ error: SystemError) {
    state.withLock { if $0.error == nil { $0.error = error } }
    arrival.signal()
  }

  /// Waits for all threads, makes the workers known to each other and lets them run.
  func wait(installing context: ServerContext) -> SystemError? {
    for _ in 0..<count { arrival.wait() }
    let error = state.withLock { state in
      if state.error == nil {
        context.install((0..<count).compactMap { state.workers[$0] })
        state.isOpen = true
      }
      return state.error
    }
    for _ in 0..<count { departure.signal() }
    return error
  }
}
