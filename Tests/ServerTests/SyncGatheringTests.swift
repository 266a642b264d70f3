import Testing

@testable import Server

struct SyncGatheringTests {
  @Test func aWriteWaitsForThoseWhoHaveJustHeard() {
    var gathering = SyncGathering()
    #expect(gathering.delay(queued: 1, now: 5) == nil)
    gathering.begin(now: 1_000_000)
    // 25 clients have their replies, 25 others have sent meanwhile.
    gathering.end(byteCount: 2500, queued: 2500, now: 1_300_000)
    #expect(gathering.delay(queued: 2500, now: 1_300_000) == 150_000)
    #expect(gathering.delay(queued: 4000, now: 1_400_000) == 50_000)
    #expect(gathering.delay(queued: 4500, now: 1_400_000) == nil)
    #expect(gathering.delay(queued: 2500, now: 1_450_000) == nil)
  }

  @Test func aClientAloneDoesNotWait() {
    var gathering = SyncGathering()
    gathering.begin(now: 1_000_000)
    gathering.end(byteCount: 100, queued: 0, now: 2_000_000)
    #expect(gathering.delay(queued: 100, now: 2_010_000) == nil)
  }

  @Test func noWriteWaitsForLongerThanTheBound() {
    var gathering = SyncGathering()
    gathering.begin(now: 0)
    gathering.end(byteCount: 1000, queued: 0, now: 50_000_000)
    #expect(gathering.delay(queued: 10, now: 50_000_000) == SyncGathering.delayMax)
  }
}
