package import Engine

/// What one thread counts about the commands it runs; readers add threads up.
///
/// Time is counted in processor ticks and turned into microseconds when read.
package struct CommandStatistics: Sendable {
  package let counters: CommandCounters
  /// By the first word of the error.
  package var errors: [String: Int] = [:]
  package var totalErrorReplies = 0
  /// `latency-tracking`.
  package var tracksLatencies = true
  package var observer = CommandObserver()
  /// `errorstats` stops growing here, so that scripts and modules can't fill memory with codes.
  package static let errorCodesMax = 128

  /// - Parameter counters: stay the caller's to deallocate.
  package init(_ counters: CommandCounters) { self.counters = counters }

  /// Stands in for the real ones while somebody else has those; counts nothing.
  package static var placeholder: CommandStatistics { CommandStatistics(CommandCounters(commandCount: 0)) }

  @inline(__always)
  package func count(_ command: Int, ticks: UInt64) {
    counters.count(command, ticks: ticks, tracksLatencies: tracksLatencies)
  }

  package mutating func countError(_ error: CommandError) { countError(code: error.code) }

  package mutating func countError(code: String) {
    totalErrorReplies += 1
    if errors[code] != nil || errors.count < Self.errorCodesMax { errors[code, default: 0] += 1 }
  }

  /// Starts from zero; what is to be observed stays.
  package mutating func reset() {
    counters.reset()
    errors = [:]
    totalErrorReplies = 0
  }
}
