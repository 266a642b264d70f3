import CLinux
import EventLoop

/// Turns processor ticks into microseconds by what has passed of both since the server started.
struct TickClock: Sendable {
  private let startTicks = clinux_ticks()
  private let startNanoseconds = EventLoop.monotonicNanoseconds

  /// Ticks per microsecond.
  var rate: Double {
    let ticks = Double(clinux_ticks() &- startTicks)
    let nanoseconds = Double(EventLoop.monotonicNanoseconds &- startNanoseconds)
    guard ticks > 0, nanoseconds > 0 else { return 1000 }
    return ticks * 1000 / nanoseconds
  }
}
