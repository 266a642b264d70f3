/// How many arrivals a busy loop waits for before it takes its next turn.
///
/// A turn costs a system call, a sleep and a wake-up, and a hot cache, whether it serves one request or twenty. When arrivals
/// come close together, waiting for some of them costs each a fraction of a round trip and saves most of that: network cards
/// moderate their interrupts for the same reason. The rate is measured, so that a loop with little to do, or few
/// clients, answers each arrival at once; and no wait lasts longer than `delay`.
package struct ArrivalBatching: Sendable {
  /// For how long arrivals are gathered, in nanoseconds; 0 turns the mechanism off.
  package var delay: UInt64
  /// Arrivals since `windowStart`.
  private var arrivals = 0
  private var windowStart: UInt64 = 0
  /// Arrivals expected within `delay`.
  private(set) var expected = 0

  /// Fewer than these at a time save less than the sleep costs that comes before them.
  private static let least = 8
  /// More save nothing.
  private static let most = 32
  /// What the rate is taken over, in nanoseconds.
  private static let window: UInt64 = 500_000

  package init(delay: UInt64) { self.delay = delay }

  /// Something arrived: a request, or another thread's mail.
  @inline(__always)
  package mutating func note() { arrivals &+= 1 }

  /// How many arrivals to wait for, at least 1.
  ///
  /// - Parameters:
  ///   - now: monotonic nanoseconds.
  ///   - sources: clients that may send. Half of them at most are waited for: clients that wait for their replies
  ///     before they send again must not wait for each other.
  @inline(__always)
  package mutating func target(now: UInt64, sources: Int) -> Int {
    let elapsed = now &- windowStart
    if elapsed >= Self.window {
      expected = Int(clamping: UInt64(arrivals) &* delay / elapsed)
      arrivals = 0
      windowStart = now
    }
    let target = min(expected, Self.most, sources / 2)
    return target < Self.least ? 1 : target
  }
}
