/// Whether a loop stays awake for a while when it has nothing to do.
///
/// To put a thread to sleep and to wake it costs ten to thirty microseconds, most of what a short question from
/// another thread takes. Where such questions have followed each other within less than that, the loop looks for the
/// next one that long before it sleeps. Where they come seldom it sleeps at once.
package struct Spinning: Sendable {
  /// Questions that came soon count up to this; each that came late halves what they count.
  private static let creditMax = 8
  /// For how long the next question is waited for.
  private static let windowNanoseconds: UInt64 = 40_000
  /// The kernel is asked for completions so often meanwhile.
  static let pollNanoseconds: UInt64 = 20_000
  /// Timers and jobs are looked at so often.
  static let sliceNanoseconds: UInt64 = 10_000
  /// The clock is read once for so many looks.
  static let looksPerClock = 32

  private var credit = 0
  /// When the loop was done with the last question.
  private var last: UInt64 = 0
  private var wasAsked = false
  /// When the kernel was asked last.
  var polled: UInt64 = 0

  /// Somebody asks, from another thread.
  package mutating func note(now: UInt64) {
    credit = now &- last < Self.windowNanoseconds ? min(credit + 1, Self.creditMax) : credit / 2
    wasAsked = true
  }

  var deadline: UInt64 { last + Self.windowNanoseconds }

  @inline(__always)
  mutating func isOn(now: UInt64) -> Bool {
    if wasAsked {
      wasAsked = false
      last = now
    }
    return credit > 0 && now < deadline
  }
}
