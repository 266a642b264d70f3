import EventLoop
import Synchronization

/// One run of one workload against one server.
package struct RunPlan: Sendable {
  package var address: ServerAddress
  package var wire = WireProtocol.resp
  /// What each connection sends first.
  package var handshake: [[String]] = []
  package var connections = 50
  package var pipeline = 1
  package var threads = 1
  /// Processors for the threads, in turn; none leaves them free.
  package var cpus: [Int32] = []
  package var templates: [RequestTemplate]
  package var weights: [Int]
  package var values: ValueBytes
  package var keyCount = 1
  package var distribution = KeyDistribution.uniform
  package var tags = KeyTags.none
  package var schedule = Schedule.closed
  package var extent: Extent
  package var seed: UInt64 = 1
  /// Nanoseconds that a point of the time series stands for.
  package var interval: UInt64 = 250_000_000

  package init(
    address: ServerAddress, templates: [RequestTemplate], weights: [Int], values: ValueBytes,
    extent: Extent
  ) {
    self.address = address
    self.templates = templates
    self.weights = weights
    self.values = values
    self.extent = extent
  }

  /// The `index`-th thread's part of `total`.
  func share(of total: Int, _ index: Int) -> Int {
    total / threads + (index < total % threads ? 1 : 0)
  }

  func encoder(thread: Int) -> RequestEncoder {
    RequestEncoder(
      templates: templates, weights: weights, values: values,
      keys: KeyNumbers(distribution, count: keyCount, part: thread, of: threads), tags: tags,
      seed: seed &+ UInt64(thread) &* 0xD1B5_4A32_D192_ED03)
  }
}

/// What the server speaks.
package enum WireProtocol: Equatable, Sendable {
  case resp
  /// memcached's text protocol.
  case memcached
}

/// What the threads of a run and the one that waits for them share.
final class RunControl: Sendable {
  /// The threads shall stop early.
  let isStopping = Atomic<Bool>(false)
  /// Monotonic nanoseconds at which the threads begin; set before `begin` lets them go.
  let startTime = Atomic<UInt64>(0)
  /// A thread says that it is connected, or has failed, or is done.
  let reports = Semaphore()
  /// Lets one thread begin.
  let begin = Semaphore()
  private let state = Mutex(State())

  struct State {
    var outcomes: [ThreadOutcome] = []
    var intervals: [IntervalSample] = []
    var failure: BenchmarkError?
  }

  func finish(_ outcome: consuming ThreadOutcome) {
    state.withLock { [outcome] in $0.outcomes.append(outcome) }
    reports.signal()
  }

  /// A thread cannot go on; nobody shall.
  func fail(_ error: BenchmarkError) {
    state.withLock { if $0.failure == nil { $0.failure = error } }
    isStopping.store(true, ordering: .relaxed)
  }

  func publish(_ sample: consuming IntervalSample) {
    state.withLock { [sample] in $0.intervals.append(sample) }
  }

  var failure: BenchmarkError? { state.withLock { $0.failure } }

  func takeIntervals() -> [IntervalSample] {
    state.withLock { state in
      let taken = state.intervals
      state.intervals = []
      return taken
    }
  }

  func takeOutcomes() -> [ThreadOutcome] {
    state.withLock { state in
      let taken = state.outcomes
      state.outcomes = []
      return taken
    }
  }
}

/// What a thread has seen in one interval.
struct IntervalSample: Sendable {
  let index: Int
  let latencies: HDRHistogram
}

/// What a thread has seen in all.
struct ThreadOutcome: Sendable {
  /// For each template.
  var latencies: [HDRHistogram]
  var errors = 0
  var errorText = ""
  /// When its last reply came, in monotonic nanoseconds.
  var end: UInt64 = 0
  /// Open loop: requests that were due before the end and never sent.
  var unsent = 0
}
