import EventLoop
import Testing

/// How many arrivals a loop waits for, by how fast they have come.
struct ArrivalBatchingTests {
  private static let microsecond: UInt64 = 1000

  /// What a loop aims at after a millisecond in which something came every `gap`.
  private static func target(
    gap: UInt64, sources: Int, delay: UInt64 = 200 * microsecond
  ) -> Int {
    var batching = ArrivalBatching(delay: delay)
    var target = 1
    for now in stride(from: 0, through: 1000 * microsecond, by: UInt64.Stride(gap)) {
      batching.note()
      target = batching.target(now: now, sources: sources)
    }
    return target
  }

  @Test func aBusyLoopWaitsForWhatComesWithinTheDelay() {
    let target = Self.target(gap: 10 * Self.microsecond, sources: 1000)
    #expect((19...21).contains(target))
  }

  @Test func aLoopWithLittleToDoAnswersAtOnce() {
    #expect(Self.target(gap: 30 * Self.microsecond, sources: 1000) == 1)
  }

  /// Clients that wait for their replies before they send again must not wait for each other.
  @Test func atMostHalfTheClientsAreWaitedFor() {
    #expect(Self.target(gap: 5 * Self.microsecond, sources: 30) == 15)
    #expect(Self.target(gap: 5 * Self.microsecond, sources: 14) == 1)
  }

  @Test func thereIsAMost() {
    #expect(Self.target(gap: Self.microsecond, sources: 10_000) == 32)
  }

  @Test func noDelayIsNoWaiting() {
    #expect(Self.target(gap: Self.microsecond, sources: 1000, delay: 0) == 1)
  }

  @Test func aLoopThatHasBecomeQuietForgetsItsRate() {
    var batching = ArrivalBatching(delay: 200 * Self.microsecond)
    for _ in 0..<100 { batching.note() }
    #expect(batching.target(now: 500 * Self.microsecond, sources: 1000) == 32)
    batching.note()
    #expect(batching.target(now: 1500 * Self.microsecond, sources: 1000) == 1)
  }
}
