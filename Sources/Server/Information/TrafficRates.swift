import Shard

/// How fast commands and bytes come and go: the mean of the last sixteen samples, a tenth of a second each,
/// as Redis computes it.
struct TrafficRates: Sendable {
  /// What is counted, and how much of it came per second.
  struct Track: Sendable {
    private static let samplesMax = 16
    private var samples = [Int](repeating: 0, count: samplesMax)
    private var next = 0
    private var lastTotal = 0

    var perSecond: Int { samples.reduce(0, +) / Self.samplesMax }

    /// A total that shrank was reset.
    mutating func sample(_ total: Int, nanoseconds: UInt64) {
      let added = total >= lastTotal ? total - lastTotal : total
      lastTotal = total
      samples[next] = Int(Double(added) * 1e9 / Double(max(nanoseconds, 1)))
      next = (next + 1) % Self.samplesMax
    }
  }

  var commands = Track()
  var received = Track()
  var sent = Track()
  var turns = Track()
  var turnTicks = Track()
  fileprivate var sampledAt: UInt64 = 0
}

extension Worker {
  /// For the cron.
  func sampleRates() {
    let elapsed = turnTime &- rates.sampledAt
    rates.sampledAt = turnTime
    rates.commands.sample(counters.callCount, nanoseconds: elapsed)
    unsafe rates.received.sample(traffic.receivedByteCount, nanoseconds: elapsed)
    unsafe rates.sent.sample(traffic.sentByteCount, nanoseconds: elapsed)
    unsafe rates.turns.sample(traffic.turnCount, nanoseconds: elapsed)
    unsafe rates.turnTicks.sample(Int(truncatingIfNeeded: traffic.turnTicks), nanoseconds: elapsed)
  }
}
