/// What took long, by kind of event, as LATENCY tells it: for each the worst of each second, for the last
/// 160 such seconds, and the worst of all.
struct LatencyEvents: Sendable {
  /// The events that the latency monitor knows.
  enum Event: String, CaseIterable, Sendable {
    case command
    case fastCommand = "fast-command"
    case expireCycle = "expire-cycle"
    case evictionCycle = "eviction-cycle"
    case evictionDel = "eviction-del"
    case activeDefragCycle = "active-defrag-cycle"
    // Turns of a thread, by what took most of their time: `TurnWatch.Cause`
    case turnMail = "turn-mail"
    case turnInput = "turn-input"
    case turnCommand = "turn-command"
    case turnBatch = "turn-batch"
    case turnBackground = "turn-background"
    case turnOutput = "turn-output"
    case turnCron = "turn-cron"
    case turnTimers = "turn-timers"
    case turnJobs = "turn-jobs"
  }

  struct Sample: Sendable, Equatable {
    /// Seconds since 1970.
    let time: Int64
    var milliseconds: Int
  }

  struct History: Sendable {
    /// Oldest first.
    fileprivate(set) var samples: [Sample] = []
    fileprivate(set) var worst = 0
    static let samplesMax = 160

    mutating func add(_ milliseconds: Int, time: Int64) {
      worst = max(worst, milliseconds)
      if let last = samples.last, last.time == time {
        samples[samples.count - 1].milliseconds = max(last.milliseconds, milliseconds)
        return
      }
      samples.append(Sample(time: time, milliseconds: milliseconds))
      if samples.count > Self.samplesMax { samples.removeFirst() }
    }

    /// Several workers' histories as one.
    static func merge(_ parts: [History]) -> History {
      var byTime: [Int64: Int] = [:]
      for part in parts {
        for sample in part.samples {
          byTime[sample.time] = max(byTime[sample.time] ?? 0, sample.milliseconds)
        }
      }
      var merged = History()
      merged.samples = byTime.sorted { $0.key < $1.key }.suffix(samplesMax).map {
        Sample(time: $0.key, milliseconds: $0.value)
      }
      merged.worst = parts.map(\.worst).max() ?? 0
      return merged
    }
  }

  private(set) var histories: [String: History] = [:]

  mutating func add(_ event: Event, milliseconds: Int, time: Int64) {
    histories[event.rawValue, default: History()].add(milliseconds, time: time)
  }

  /// Forgets the named events, or all.
  ///
  /// - Returns: which of them there were.
  mutating func reset(_ names: [String]) -> Set<String> {
    let gone = names.isEmpty ? Set(histories.keys) : Set(histories.keys).intersection(names)
    for name in gone { histories[name] = nil }
    return gone
  }

  /// All workers' events, each with its merged history.
  static func merge(_ parts: [LatencyEvents]) -> [String: History] {
    var all: [String: [History]] = [:]
    for part in parts {
      for (name, history) in part.histories { all[name, default: []].append(history) }
    }
    return all.mapValues(History.merge)
  }
}

extension Worker {
  /// Notes an event that took so long, if `latency-monitor-threshold` wants to know of it.
  func recordLatency(_ event: LatencyEvents.Event, milliseconds: Int) {
    let threshold = settings.latencyThresholdMilliseconds
    guard threshold > 0, milliseconds >= threshold else { return }
    insight.latencies.add(event, milliseconds: milliseconds, time: WallClock.milliseconds / 1000)
  }
}
