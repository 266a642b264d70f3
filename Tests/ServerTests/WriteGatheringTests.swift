import Testing

@testable import Server

struct WriteGatheringTests {
  @Test func aWriteWaitsForThoseWhoHaveJustHeard() {
    var gathering = WriteGathering()
    #expect(gathering.syncDelay(queued: 1, now: 5) == nil)
    gathering.begin(now: 1_000_000)
    // 25 clients have their replies, 25 others have sent meanwhile.
    gathering.end(byteCount: 2500, queued: 2500, now: 1_300_000)
    #expect(gathering.syncDelay(queued: 2500, now: 1_300_000) == 150_000)
    #expect(gathering.syncDelay(queued: 4000, now: 1_400_000) == 50_000)
    #expect(gathering.syncDelay(queued: 4500, now: 1_400_000) == nil)
    #expect(gathering.syncDelay(queued: 2500, now: 1_450_000) == nil)
  }

  @Test func aClientAloneDoesNotWait() {
    var gathering = WriteGathering()
    gathering.begin(now: 1_000_000)
    gathering.end(byteCount: 100, queued: 0, now: 2_000_000)
    #expect(gathering.syncDelay(queued: 100, now: 2_010_000) == nil)
  }

  @Test func noWriteWaitsForLongerThanTheBound() {
    var gathering = WriteGathering()
    gathering.begin(now: 0)
    gathering.end(byteCount: 1000, queued: 0, now: 50_000_000)
    #expect(gathering.syncDelay(queued: 10, now: 50_000_000) == WriteGathering.syncDelayMax)
  }

  @Test func writesThatNobodyWaitsForKeepTheirDistance() {
    var gathering = WriteGathering()
    #expect(gathering.writeDelay(queued: 1, now: 1_000_000_000) == nil)
    gathering.begin(now: 1_000_000_000)
    #expect(gathering.writeDelay(queued: 1, now: 1_000_500_000) == 1_500_000)
    #expect(gathering.writeDelay(queued: WriteGathering.writeByteCount, now: 1_000_500_000) == nil)
    #expect(gathering.writeDelay(queued: 1, now: 1_002_000_000) == nil)
  }

  @Test func onlyManyWritesInAShortTimeAreBusy() {
    var gathering = WriteGathering()
    for index in 0..<WriteGathering.manyWrites - 1 { gathering.begin(now: 1_000_000_000 + UInt64(index) * 5_000_000) }
    #expect(!gathering.isBusy)
    for index in 0..<20 { gathering.begin(now: 1_050_000_000 + UInt64(index) * 5_000_000) }
    #expect(gathering.isBusy)
    // As many, then a long pause.
    gathering.begin(now: 2_000_000_000)
    #expect(!gathering.isBusy)
    for index in 1..<20 { gathering.begin(now: 2_000_000_000 + UInt64(index) * 20_000_000) }
    #expect(!gathering.isBusy)
  }
}
