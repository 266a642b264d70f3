/// When requests are sent.
package enum Schedule: Equatable, Sendable {
  /// A connection sends its next requests when it has all replies: measures what a server can do.
  case closed
  /// So many requests a second over all connections, whether replies come or not. Latency counts from the time at which a
  /// request was due, so a server that pauses is charged for all who would have come meanwhile.
  case open(rate: Double)
}

/// The due times of one thread's share of an open loop.
package struct Pacer: Sendable {
  private let nanosecondsPerRequest: Double
  private let start: UInt64
  private var issued: UInt64 = 0

  /// - Parameters:
  ///   - rate: this thread's, per second.
  ///   - start: when the first request is due, in monotonic nanoseconds.
  package init(rate: Double, start: UInt64) {
    nanosecondsPerRequest = 1e9 / rate
    self.start = start
  }

  /// When the next request is due.
  package var nextDue: UInt64 { start + UInt64(Double(issued) * nanosecondsPerRequest) }

  /// The next request is sent; returns when it was due.
  package mutating func take() -> UInt64 {
    defer { issued += 1 }
    return nextDue
  }

  /// How many requests are due by `now` and not taken.
  package func waiting(at now: UInt64) -> Int {
    guard now >= start else { return 0 }
    let due = UInt64(Double(now - start) / nanosecondsPerRequest) + 1
    return due > issued ? Int(due - issued) : 0
  }
}

/// How much to do.
package struct Extent: Sendable {
  /// Stop after so many operations, after so many seconds, or what comes first.
  package var operations: Int?
  package var seconds: Double?
  /// Seconds before anything counts.
  package var warmup: Double

  package init(operations: Int? = nil, seconds: Double? = nil, warmup: Double = 0) {
    self.operations = operations
    self.seconds = seconds
    self.warmup = warmup
  }
}
