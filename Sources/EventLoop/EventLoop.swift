import CLinux
import Glibc
import Synchronization

/// What lives on a loop: told of completions, and asked before the thread sleeps.
///
/// All calls come on the loop's thread.
package protocol LoopClient: AnyObject {
  /// Does one turn: reaps the ring's completions, works on what arrived, queues operations.
  func turn()
  /// Whether there is work that waits for no completion, so that the thread must not sleep.
  var hasWork: Bool { get }
  /// Jobs or timers have held the thread for more than a millisecond.
  func ranLong(_ phase: LoopPhase, nanoseconds: UInt64)
}

extension LoopClient {
  package func ranLong(_ phase: LoopPhase, nanoseconds: UInt64) {}
}

/// What a loop does beside its client's turns.
package enum LoopPhase: Sendable {
  case jobs
  case timers
}

/// One pinned thread that runs one io_uring, and Swift's jobs beside it.
///
/// A turn: run the jobs, let the client work, hand everything queued to the kernel and wait for
/// completions in one system call. It is the serial executor of the actors that live on it and
/// the task executor of the tasks that serve them, so that both stay on this thread.
///
/// Waking: the loop says in `sleeping` that it is about to wait, then looks at its queues once more;
/// whoever gives it work puts the work in first and then looks at `sleeping`. Both orders are
/// sequentially consistent, so one of the two sees the other.
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  // Unchecked: `ring`, `buffers`, `batching`, `spinning`, `timers`, `localJobs`, `client` and `isStopping` belong to the loop's thread;
  // `sharedJobs` has its lock; `sleeping` is atomic.
  package let name: String
  package private(set) var ring: Ring
  package private(set) var buffers: BufferRing
  private unowned var client: (any LoopClient)?
  /// How many arrivals to gather for a turn; the client notes them.
  @exclusivity(unchecked)
  package var batching = ArrivalBatching(delay: 0)
  /// Whether to stay awake for those who ask from other threads; the client notes them.
  @exclusivity(unchecked)
  package var spinning = Spinning()
  private var timers = TimerHeap()
  private var localJobs: [UnownedJob] = []
  private let sharedJobs = Mutex<[UnownedJob]>([])
  private let hasSharedJobs = Atomic<Bool>(false)
  private let sleeping = Atomic<Bool>(false)
  private let wakeDescriptor: Int32
  private var isStopping = false
  private let thread = Atomic<UInt>(0)

  /// Completion data that the loop keeps to itself; clients use other top bytes.
  private static let wakeData: UInt64 = 0xFF << 56
  package static let ignoredData: UInt64 = 0xFE << 56

  /// Makes the loop; call `run` on the thread it shall live on, which must be the one calling this.
  ///
  /// - Throws: when the kernel refuses an io_uring of the kind needed (Linux 6.1 or later).
  package init(name: String, receiveBuffers: Int = 64, receiveBufferByteCount: Int = 16384)
    throws(SystemError)
  {
    self.name = name
    let ring = try Ring()
    self.ring = ring
    buffers = try BufferRing(
      ring: ring, group: 0, count: receiveBuffers, bufferByteCount: receiveBufferByteCount)
    wakeDescriptor = clinux_eventfd()
    guard wakeDescriptor >= 0 else { throw SystemError("eventfd", errno) }
    thread.store(UInt(pthread_self()), ordering: .relaxed)
    ring.pollReadable(wakeDescriptor, data: Self.wakeData)
  }

  // MARK: The loop

  /// Runs until `stop`, with `client` on board. Never returns before.
  ///
  /// - Parameter cpu: the processor to stay on, nil for any.
  package func run(client: any LoopClient, cpu: Int32? = nil) {
    preconditionOnLoop()
    if let cpu {
      let code = clinux_pin_thread(cpu)
      precondition(code == 0, "cannot pin to processor \(cpu): errno \(code)")
    }
    unsafe name.withCString { unsafe clinux_name_thread($0) }
    self.client = client
    while !isStopping {
      runJobs()
      client.turn()
      wait(client, fireTimers())
      sleeping.store(false, ordering: .relaxed)
    }
    self.client = nil
    buffers.close(ring)
    ring.close()
    Glibc.close(wakeDescriptor)
  }

  /// Ends `run` after the current turn. On the loop's thread.
  package func stop() {
    preconditionOnLoop()
    isStopping = true
  }

  /// Hands over what is queued, and sleeps if there is nothing to do.
  private func wait(_ client: any LoopClient, _ now: UInt64) {
    if unsafe spinning.isOn(now: now), spin(client, now) { return }
    let time = waitTime(client, now)
    let target = unsafe batching.target(now: now)
    if target > 1, time != 0 {
      unsafe ring.wait(nanoseconds: min(time ?? .max, batching.delay), count: target)
    } else {
      ring.wait(nanoseconds: time)
    }
  }

  /// Looks for work from other threads for some microseconds.
  ///
  /// - Returns: whether there is some, and the kernel need not be asked.
  private func spin(_ client: any LoopClient, _ now: UInt64) -> Bool {
    var deadline = unsafe min(spinning.deadline, now + Spinning.sliceNanoseconds)
    if let first = timers.firstDeadline { deadline = min(deadline, first) }
    if ring.hasQueued || ring.hasCompletions || isStopping || !localJobs.isEmpty { return false }
    guard unsafe now - spinning.polled < Spinning.pollNanoseconds else {
      unsafe spinning.polled = now
      return false
    }
    repeat {
      for _ in 0..<Spinning.looksPerClock {
        if hasSharedJobs.load(ordering: .sequentiallyConsistent) || client.hasWork { return true }
        clinux_pause()
      }
    } while Self.monotonicNanoseconds < deadline
    return false
  }

  /// How long the thread may sleep: 0 with work at hand, nil without timers.
  private func waitTime(_ client: any LoopClient, _ now: UInt64) -> UInt64? {
    if !localJobs.isEmpty || isStopping || ring.hasCompletions || client.hasWork { return 0 }
    if unsafe spinning.isOn(now: now) { return 0 }
    sleeping.store(true, ordering: .sequentiallyConsistent)
    if hasSharedJobs.load(ordering: .sequentiallyConsistent) || client.hasWork { return 0 }
    guard let deadline = timers.firstDeadline else { return nil }
    return deadline > now ? deadline - now : 0
  }

  /// Whether the thread sleeps, or is about to: then it needs `wake`.
  package var isSleeping: Bool { sleeping.load(ordering: .sequentiallyConsistent) }

  /// Wakes the loop from any thread.
  package func wake() {
    guard sleeping.exchange(false, ordering: .sequentiallyConsistent) else { return }
    var one: UInt64 = 1
    while unsafe write(wakeDescriptor, &one, 8) < 0, errno == EINTR {}
  }

  /// Wakes `other` with this loop's next system call, rather than with one of its own.
  package func wakeWithNextSubmission(_ other: EventLoop) {
    guard other.sleeping.exchange(false, ordering: .sequentiallyConsistent) else { return }
    ring.message(other.ring.descriptor, remoteData: Self.ignoredData, data: Self.ignoredData)
  }

  /// Whether `completion` is the loop's own business. Clients ask this first.
  package func consumes(_ completion: Completion) -> Bool {
    guard completion.data == Self.ignoredData || completion.data == Self.wakeData else { return false }
    unsafe batching.noteMail()
    guard completion.data == Self.wakeData else { return true }
    var drained: UInt64 = 0
    while unsafe read(wakeDescriptor, &drained, 8) < 0, errno == EINTR {}
    if !completion.hasMore { ring.pollReadable(wakeDescriptor, data: Self.wakeData) }
    return true
  }

  // MARK: Time

  /// Nanoseconds of CLOCK_MONOTONIC.
  package static var monotonicNanoseconds: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// Runs `body` on this loop once, `nanoseconds` from now. On the loop's thread.
  @discardableResult
  package func schedule(after nanoseconds: UInt64, _ body: @escaping () -> Void) -> TimerID {
    preconditionOnLoop()
    return timers.insert(deadline: Self.monotonicNanoseconds + nanoseconds, body)
  }

  /// Makes a scheduled body not run. On the loop's thread.
  package func cancel(_ timer: TimerID) { timers.remove(timer) }

  /// Runs what is due; returns the time it went by, which serves for the rest of the turn.
  private func fireTimers() -> UInt64 {
    let now = Self.monotonicNanoseconds
    if let first = timers.firstDeadline, first <= now {
      while let body = timers.popDue(now) { body() }
      watch(.timers, since: now)
    }
    return now
  }

  private func watch(_ phase: LoopPhase, since start: UInt64) {
    let spent = Self.monotonicNanoseconds - start
    if spent >= Self.longNanoseconds { client?.ranLong(phase, nanoseconds: spent) }
  }

  private static let longNanoseconds: UInt64 = 1_000_000

  // MARK: Executor

  package var isOnLoop: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

  package func preconditionOnLoop() {
    precondition(isOnLoop, "not on the thread of loop \(name)")
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isOnLoop {
      localJobs.append(job)
      return
    }
    sharedJobs.withLock { $0.append(job) }
    hasSharedJobs.store(true, ordering: .sequentiallyConsistent)
    wake()
  }

  package func checkIsolated() { preconditionOnLoop() }

  package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

  /// Runs what is queued now; jobs that these enqueue run in the next turn.
  private func runJobs() {
    if hasSharedJobs.exchange(false, ordering: .sequentiallyConsistent) {
      localJobs.append(contentsOf: sharedJobs.withLock { jobs in
        let taken = jobs
        jobs.removeAll(keepingCapacity: true)
        return taken
      })
    }
    guard !localJobs.isEmpty else { return }
    let start = Self.monotonicNanoseconds
    defer { watch(.jobs, since: start) }
    var jobs: [UnownedJob] = []
    swap(&jobs, &localJobs)
    for job in jobs {
      unsafe job.runSynchronously(
        isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
  }
}
