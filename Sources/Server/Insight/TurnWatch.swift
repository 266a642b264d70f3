import CLinux
import EventLoop
import Shard

/// Counts the turns in which a thread was busy for more than a millisecond, by what took most of it. Nothing the
/// server does should: whoever looks here knows what a stall was due to.
struct TurnWatch: Sendable {
  static let longNanoseconds: UInt64 = 1_000_000

  enum Cause: Int, CaseIterable, Sendable {
    /// Taking in replies and messages of other threads.
    case mail
    /// Taking in what clients sent, and parsing it.
    case input
    /// One command that took long by itself.
    case command
    /// Many commands, none of them long.
    case batch
    /// A slice of expiry or of freeing.
    case background
    /// Handing replies and mail on.
    case output
    case cron
    case timers
    /// Work that other threads or tasks gave to this one.
    case jobs

    var name: String {
      switch self {
      case .mail: "mail"
      case .input: "input"
      case .command: "command"
      case .batch: "batch"
      case .background: "background"
      case .output: "output"
      case .cron: "cron"
      case .timers: "timers"
      case .jobs: "jobs"
      }
    }

    var event: LatencyEvents.Event {
      switch self {
      case .mail: .turnMail
      case .input: .turnInput
      case .command: .turnCommand
      case .batch: .turnBatch
      case .background: .turnBackground
      case .output: .turnOutput
      case .cron: .turnCron
      case .timers: .turnTimers
      case .jobs: .turnJobs
      }
    }
  }

  private(set) var counts = [Int](repeating: 0, count: Cause.allCases.count)
  /// The longest of each cause.
  private(set) var worstNanoseconds = [UInt64](repeating: 0, count: Cause.allCases.count)
  /// In ticks, what is long.
  private(set) var longTicks = UInt64.max
  /// A command of this turn was long by itself.
  private var hasLongCommand = false

  var total: Int { counts.reduce(0, +) }
  var worst: UInt64 { worstNanoseconds.max() ?? 0 }

  /// The clock's rate is known better from time to time.
  mutating func calibrate(ticksPerMicrosecond rate: Double) {
    longTicks = UInt64(Double(Self.longNanoseconds) / 1000 * rate)
  }

  mutating func noted(_ command: NotedCommand) {
    if command.ticks >= longTicks { hasLongCommand = true }
  }

  mutating func count(_ cause: Cause, nanoseconds: UInt64) {
    counts[cause.rawValue] += 1
    worstNanoseconds[cause.rawValue] = max(worstNanoseconds[cause.rawValue], nanoseconds)
  }

  /// Whether one of the commands since the last call was long by itself.
  mutating func takeLongCommand() -> Bool {
    defer { hasLongCommand = false }
    return hasLongCommand
  }

  /// CONFIG RESETSTAT.
  mutating func reset() {
    counts = counts.map { _ in 0 }
    worstNanoseconds = worstNanoseconds.map { _ in 0 }
  }
}

/// When the parts of a turn ended, in ticks.
struct TurnMarks {
  var start: UInt64 = 0
  var mail: UInt64 = 0
  var input: UInt64 = 0
  var commands: UInt64 = 0
  var background: UInt64 = 0
  var output: UInt64 = 0
}

extension Worker {
  /// Looks at the turn's time: nothing more than a comparison if it was short.
  @inline(__always)
  func watchTurn(_ marks: TurnMarks) {
    if unsafe marks.output &- marks.start >= longTurnTicks { countLongTurn(marks) }
  }

  @inline(never)
  private func countLongTurn(_ marks: TurnMarks) {
    let hasLongCommand = unsafe insight.turns.takeLongCommand()
    let parts: [(TurnWatch.Cause, UInt64)] = [
      (.mail, marks.mail &- marks.start),
      (.input, marks.input &- marks.mail),
      (hasLongCommand ? .command : .batch, marks.commands &- marks.input),
      (.background, marks.background &- marks.commands),
      (.output, marks.output &- marks.background),
    ]
    guard let longest = parts.max(by: { $0.1 < $1.1 }) else { return }
    let microseconds = Double(marks.output &- marks.start) / server.tickClock.rate
    countLong(longest.0, nanoseconds: UInt64(microseconds * 1000))
  }

  func countLong(_ cause: TurnWatch.Cause, nanoseconds: UInt64) {
    unsafe insight.turns.count(cause, nanoseconds: nanoseconds)
    recordLatency(cause.event, milliseconds: Int(nanoseconds / 1_000_000))
  }

  /// For the cron: ticks per time are known better the longer the server runs.
  func calibrateWatch() {
    unsafe insight.turns.calibrate(ticksPerMicrosecond: server.tickClock.rate)
    unsafe longTurnTicks = unsafe insight.turns.longTicks
    configureObserver()
  }

  /// For the cron's end.
  func watchCron(since start: UInt64) {
    let spent = EventLoop.monotonicNanoseconds - start
    if spent >= TurnWatch.longNanoseconds { countLong(.cron, nanoseconds: spent) }
  }

  /// What the loop did outside of the turn has taken long.
  func ranLong(_ phase: LoopPhase, nanoseconds: UInt64) {
    switch phase {
    case .jobs: countLong(.jobs, nanoseconds: nanoseconds)
    case .timers: countLong(.timers, nanoseconds: nanoseconds)
    }
  }
}
