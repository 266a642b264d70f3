import Synchronization

/// What one worker keeps for those who look into the server.
struct Insight {
  var logs = CommandLogs()
  var latencies = LatencyEvents()
  var turns = TurnWatch()
  var monitors = Monitors()
  var hotKeys = HotKeys()
}

/// And what all workers share of that.
final class SharedInsight: Sendable {
  let logIDs = CommandLogIDs()
  /// Clients in MONITOR mode, on any worker. Nearly always 0: the one thing looked at while nobody looks.
  let monitorCount = Atomic<Int>(0)
  /// How many of them each worker has.
  let monitorsOfWorkers = Mutex<[Int: Int]>([:])

  var isMonitored: Bool { monitorCount.load(ordering: .relaxed) != 0 }
}
