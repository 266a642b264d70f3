import EventLoop
import Synchronization
import Testing

@Suite(
  .enabled(if: RunningLoop.refusal == nil, "this kernel gives out no io_uring"),
  .timeLimit(.minutes(1)))
struct EventLoopTests {
  private static let millisecond: UInt64 = 1_000_000

  // MARK: Timers

  @Test func timersFireInTheOrderOfTheirDeadlines() throws {
    let running = try RunningLoop { loop, client in
      for milliseconds in [5, 1, 3, 2, 4] as [UInt64] {
        loop.schedule(after: milliseconds * Self.millisecond) { client.note("\(milliseconds)") }
      }
      loop.schedule(after: 6 * Self.millisecond) { loop.stop() }
    }
    running.join()
    #expect(running.client.notes == ["1", "2", "3", "4", "5"])
  }

  @Test func aTimerIsNeverEarly() throws {
    let start = EventLoop.monotonicNanoseconds
    let running = try RunningLoop { loop, _ in
      loop.schedule(after: 5 * Self.millisecond) { loop.stop() }
    }
    running.join()
    #expect(EventLoop.monotonicNanoseconds - start >= 5 * Self.millisecond)
  }

  @Test func aCancelledTimerDoesNotFireAndTheOthersDo() throws {
    let running = try RunningLoop { loop, client in
      let first = loop.schedule(after: Self.millisecond) { client.note("first") }
      let second = loop.schedule(after: 2 * Self.millisecond) { client.note("second") }
      loop.schedule(after: 3 * Self.millisecond) { client.note("third") }
      loop.schedule(after: 4 * Self.millisecond) { loop.stop() }
      loop.cancel(second)
      loop.cancel(first)
      loop.cancel(first)
    }
    running.join()
    #expect(running.client.notes == ["third"])
  }

  @Test func aTimerMayScheduleTheNext() throws {
    let running = try RunningLoop { loop, client in
      @Sendable func tick(_ left: Int) {
        if left == 0 { return loop.stop() }
        client.note("\(left)")
        loop.schedule(after: Self.millisecond / 10) { tick(left - 1) }
      }
      tick(5)
    }
    running.join()
    #expect(running.client.notes == ["5", "4", "3", "2", "1"])
  }

  // MARK: Waking

  /// A loop without timers sleeps until it is woken, so one lost wake-up hangs this test.
  @Test func noJobFromAnotherThreadIsLost() async throws {
    let running = try RunningLoop()
    for round in 0..<3000 {
      let onLoop = await running.perform { loop, _ in loop.isOnLoop }
      #expect(onLoop, "round \(round)")
    }
    await running.stop()
  }

  @Test func jobsOfOneThreadRunInTheirOrder() async throws {
    let running = try RunningLoop()
    let loop = running.loop!
    let client = running.client
    let tasks = (0..<500).map { number in
      Task(executorPreference: loop) { client.note("\(number)") }
    }
    for task in tasks { await task.value }
    await running.stop()
    #expect(client.notes == (0..<500).map(String.init))
  }

  /// The woken loop has no timer and nothing in its queues: only the message gets it going.
  @Test func aLoopWakesAnotherWithItsNextSubmission() async throws {
    let arrived = Semaphore()
    let flag = Atomic<Bool>(false)
    let sleeper = try RunningLoop { _, client in
      client.looksForWork = { flag.load(ordering: .sequentiallyConsistent) }
      client.onTurn = {
        if flag.exchange(false, ordering: .sequentiallyConsistent) { arrived.signal() }
      }
    }
    let waker = try RunningLoop()
    let target = sleeper.loop!
    for _ in 0..<500 {
      await waker.perform { loop, _ in
        flag.store(true, ordering: .sequentiallyConsistent)
        loop.wakeWithNextSubmission(target)
      }
      arrived.wait()
    }
    await waker.stop()
    await sleeper.stop()
  }

  @Test func anIdleLoopTakesNoTurns() async throws {
    let turns = Atomic<Int>(0)
    let running = try RunningLoop { _, client in
      client.onTurn = { turns.add(1, ordering: .relaxed) }
    }
    while !running.loop.isSleeping { await Task.yield() }
    let before = turns.load(ordering: .relaxed)
    try await Task.sleep(for: .milliseconds(50))
    #expect(turns.load(ordering: .relaxed) - before <= 1)
    await running.stop()
  }
}
