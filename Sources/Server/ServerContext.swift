import Coordinator
import Engine
import EventLoop
import Glibc
import Logging
import RESP
import Shard
import Synchronization

/// What all workers of one server share: fixed facts, and a few values guarded by atomics or a lock.
final class ServerContext: @unchecked Sendable {
  // Unchecked: `workers`, `loops`, `coordinator` are set once before the loops run; the rest is `let`, atomic, or
  // behind its lock.

  let table: CommandTable
  let serviceBodies: [ServiceCommand.Body?]
  let shardCount: Int
  let seed: UInt64
  let mailboxes: Mailboxes
  let log: Logger
  let startedAt = WallClock.milliseconds
  private(set) var workers: [Worker] = []
  private(set) var loops: [EventLoop] = []
  private(set) var coordinator: ScatterGather
  var listeners: [Listener] = []

  private let lastClientID = Atomic<UInt64>(0)
  let connectionCount = Atomic<Int>(0)
  /// How many commands are to be held back: the deadline of CLIENT PAUSE in monotonic nanoseconds, 0 for none.
  let pauseDeadline = Atomic<UInt64>(0)
  let pausesOnlyWrites = Atomic<Bool>(false)
  /// Which worker gets the next connection.
  private let nextWorker = Atomic<Int>(0)

  init(shardCount: Int, seed: UInt64, log: Logger) {
    self.shardCount = shardCount
    self.seed = seed
    self.log = log
    let services = ServiceCommand.all
    let engineCommands = CommandTable.string
    table = CommandTable(engineCommands + services.map(\.command))
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
    }
    serviceBodies = bodies
    mailboxes = Mailboxes(shardCount: shardCount)
    coordinator = ScatterGather(shards: [])
  }

  /// Says who the workers are, once, before any of them runs.
  func install(_ workers: [Worker]) {
    self.workers = workers
    loops = workers.map(\.loop)
    coordinator = ScatterGather(shards: workers.map(\.shard))
  }

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
    if !completion.hasMore, !worker.isDraining {
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

  func signalled(_ completion: Completion, worker: Worker) {}

  func drained(_ worker: Worker) {}
}
