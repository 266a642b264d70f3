/// How many arrivals a busy loop waits for before it takes its next turn.
///
/// A turn costs a system call, a sleep and a wake-up, and a hot cache, whether it serves one request or twenty. When arrivals
/// come close together, waiting for some of them costs each a fraction of a round trip and saves most of that: network cards
/// moderate their interrupts for the same reason. The rate is measured, so that a loop with little to do, or few
/// clients, answers each arrival at once; and no wait lasts longer than `delay`.
package struct ArrivalBatching: Sendable {
  /// For how long arrivals are gathered, in nanoseconds; 0 turns the mechanism off.
  package var delay: UInt64
  /// Arrivals since `windowStart`, and how many different ones they are from.
  private var arrivals = 0
  private var sources = 0
  private var windowStart: UInt64 = 0
  private var window: UInt32 = 0
  /// How many to wait for during this window.
  private var target = 1

  /// Fewer than these at a time save less than the sleep costs that comes before them.
  private static let least = 8
  /// More save nothing.
  private static let most = 32
  /// What the rate is taken over, in nanoseconds.
  private static let windowNanoseconds: UInt64 = 1_000_000

  package init(delay: UInt64) { self.delay = delay }

  /// When a client has last sent something, as far as batching needs to know.
  package struct Mark: Sendable {
    fileprivate var window: UInt32 = 0
    package init() {}
  }

  /// A client has sent something.
  ///
  /// - Parameter mark: the client's.
  @inline(__always)
  package mutating func note(_ mark: inout Mark) {
    arrivals &+= 1
    if mark.window != window {
      mark.window = window
      sources &+= 1
    }
  }

  /// Another thread's mail has arrived.
  @inline(__always)
  package mutating func noteMail() {
    arrivals &+= 1
    sources &+= 1
  }

  /// How many arrivals to wait for, at least 1.
  ///
  /// That is as many as should come within `delay` at the rate of the last window, but at most half as many as there
  /// were clients: those that wait for their replies before they send again must not wait for each other. Clients that
  /// are connected and silent do not count.
  ///
  /// - Parameter now: monotonic nanoseconds.
  @inline(__always)
  package mutating func target(now: UInt64) -> Int {
    let elapsed = now &- windowStart
    if elapsed >= Self.windowNanoseconds { beginWindow(now, elapsed) }
    return target
  }

  /// With how many completions something has to come that is not to be looked at late.
  package var companions: Int { target > 1 ? Self.most : 0 }

  private mutating func beginWindow(_ now: UInt64, _ elapsed: UInt64) {
    let expected = Int(clamping: UInt64(arrivals) &* delay / elapsed)
    let wanted = min(expected, Self.most, sources / 2)
    target = wanted < Self.least ? 1 : wanted
    arrivals = 0
    sources = 0
    window &+= 1
    windowStart = now
  }
}
