import EventLoop
import Testing

/// How many arrivals a loop waits for, by how fast they have come and from how many.
struct ArrivalBatchingTests {
  private static let microsecond: UInt64 = 1000

  /// What a loop aims at after two milliseconds in which something came every `gap`, from one client after the other.
  private static func target(
    gap: UInt64, sources: Int, delay: UInt64 = 200 * microsecond
  ) -> Int {
    var batching = ArrivalBatching(delay: delay)
    var marks = Array(repeating: ArrivalBatching.Mark(), count: sources)
    var target = 1
    for (index, now) in stride(from: 0, through: 2100 * microsecond, by: UInt64.Stride(gap)).enumerated() {
      batching.note(&marks[index % sources])
      target = batching.target(now: 5_000_000 + now)
    }
    return target
  }

  @Test func aBusyLoopWaitsForWhatComesWithinTheDelay() {
    let target = Self.target(gap: 10 * Self.microsecond, sources: 100)
    #expect((19...21).contains(target))
  }

  @Test func aLoopWithLittleToDoAnswersAtOnce() {
    #expect(Self.target(gap: 30 * Self.microsecond, sources: 100) == 1)
  }

  /// Clients that wait for their replies before they send again must not wait for each other.
  @Test func atMostHalfTheActiveClientsAreWaitedFor() {
    #expect(Self.target(gap: 5 * Self.microsecond, sources: 30) == 15)
    #expect(Self.target(gap: 5 * Self.microsecond, sources: 14) == 1)
  }

  @Test func thereIsAMost() {
    #expect(Self.target(gap: Self.microsecond, sources: 500) == 32)
  }

  @Test func noDelayIsNoWaiting() {
    #expect(Self.target(gap: Self.microsecond, sources: 500, delay: 0) == 1)
  }

  @Test func mailCountsToo() {
    var batching = ArrivalBatching(delay: 200 * Self.microsecond)
    _ = batching.target(now: 5_000_000)
    for _ in 0..<100 { batching.noteMail() }
    #expect(batching.target(now: 6_000_000) == 20)
  }

  @Test func aLoopThatHasBecomeQuietForgetsItsRate() {
    var batching = ArrivalBatching(delay: 200 * Self.microsecond)
    _ = batching.target(now: 5_000_000)
    for _ in 0..<200 { batching.noteMail() }
    #expect(batching.target(now: 6_000_000) == 32)
    batching.noteMail()
    #expect(batching.target(now: 7_000_000) == 1)
  }
}
