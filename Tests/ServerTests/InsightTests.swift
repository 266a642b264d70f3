import RESP
import Shard
import Testing

@testable import Server

/// What is kept for those who look into the server.
struct InsightTests {
  private static func entry(_ id: Int) -> CommandLog.Entry {
    CommandLog.Entry(id: id, time: 0, value: 0, words: [], peer: "", name: [])
  }

  @Test func aLogKeepsTheNewestAndNoMoreThanTwiceTheirNumber() {
    var log = CommandLog()
    for id in 0..<1000 {
      log.append(Self.entry(id), entriesMax: 10)
      #expect(log.entries.count < 20)
    }
    #expect(log.entries.suffix(10).map(\.id) == Array(990..<1000))
    log.append(Self.entry(1000), entriesMax: 0)
    #expect(log.entries.isEmpty)
  }

  @Test func logsMergeByTheirNumbers() {
    let parts = [[1, 4, 6], [], [2, 3, 5]].map { $0.map(Self.entry) }
    #expect(CommandLog.merge(parts, count: 4).map(\.id) == [6, 5, 4, 3])
    #expect(CommandLog.merge(parts, count: .max).count == 6)
  }

  @Test func historiesKeepTheWorstOfEachSecond() {
    var events = LatencyEvents()
    for (time, milliseconds) in [(1, 5), (1, 9), (1, 7), (2, 3)] {
      events.add(.command, milliseconds: milliseconds, time: Int64(time))
    }
    var other = LatencyEvents()
    other.add(.command, milliseconds: 20, time: 2)
    other.add(.turnBatch, milliseconds: 1, time: 3)
    let merged = LatencyEvents.merge([events, other])
    #expect(merged["command"]?.samples.map(\.milliseconds) == [9, 20])
    #expect(merged["command"]?.worst == 20)
    #expect(merged["turn-batch"]?.samples.count == 1)
    for time in 0..<1000 { events.add(.command, milliseconds: 1, time: Int64(time)) }
    #expect((events.histories["command"]?.samples.count ?? 0) <= 160)
    #expect(events.reset(["command", "nothing"]) == ["command"])
    #expect(events.histories.isEmpty)
  }

  @Test func secretsAreLeftOut() {
    func redacted(_ line: String, _ command: String) -> String {
      let words = line.split(separator: " ").map { Array($0.utf8) }
      return Redaction.redacted(words, of: command)
        .map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
    }
    #expect(redacted("AUTH u p", "auth") == "AUTH (redacted) (redacted)")
    #expect(
      redacted("HELLO 3 auth u p SETNAME x", "hello")
        == "HELLO 3 auth (redacted) (redacted) SETNAME x")
    #expect(
      redacted("CONFIG SET requirepass p port 1", "config|set")
        == "CONFIG SET requirepass (redacted) port 1")
    #expect(redacted("HELLO 3 AUTH", "hello") == "HELLO 3 AUTH")
    #expect(redacted("SET AUTH p", "set") == "SET AUTH p")
  }

  @Test func hotKeysStandOutAndForget() {
    var keys = HotKeys()
    for number in 0..<10_000 {
      ByteView.with(Array("cold:\(number)".utf8)) { keys.add($0, database: 0) }
      if number % 4 == 0 { keys.add(ByteView("hot"), database: 3) }
    }
    #expect(keys.counts.count <= 128)
    let merged = HotKeys.merge([keys, HotKeys()])
    #expect(merged.keys.first?.key == HotKeys.Key(database: 3, name: Array("hot".utf8)))
    #expect((merged.keys.first?.count ?? 0) > 2300)
    for _ in 0..<10_000 { keys.decay() }
    #expect(keys.counts.isEmpty && keys.total == 0)
  }

  @Test func histogramStepsAreCumulativePowersOfTwo() {
    let histogram = latencies(of: [500, 900, 3000, 40_000])
    let steps = HistogramSteps.steps(of: histogram, ticksPerMicrosecond: 1000)
    #expect(steps.map(\.microseconds) == [1, 4, 66])
    #expect(steps.map(\.count) == [2, 3, 4])
  }

  @Test func percentilesAreWithinSixPercent() {
    let histogram = latencies(of: Array(1...100_000))
    for percentile in [1.0, 50, 90, 99, 99.9] {
      let exact = percentile * 1000
      let found = Double(histogram.percentile(percentile))
      #expect(found >= exact - 1 && found <= exact * 1.07, "p\(percentile)")
    }
    #expect(latencies(of: [1, .max]).percentile(100) == .max)
  }

  private func latencies(of ticks: [UInt64]) -> LatencyHistogram {
    let counters = CommandCounters(commandCount: 2)
    defer { counters.deallocate() }
    for ticks in ticks { counters.count(1, ticks: ticks, tracksLatencies: true) }
    var counts = CommandCounters.Counts()
    counters.add(0, to: &counts)
    #expect(counts.calls == 0 && counts.latencies.count == 0)
    counters.add(1, to: &counts)
    #expect(counts.calls == ticks.count && counts.latencies.count == ticks.count)
    return counts.latencies
  }

  @Test func movingBlocksTakesMoreTimeTheMoreHolesExceedTheLimit() {
    var limits = WorkerSettings.MemoryLimits()
    limits.defragmentation.isEnabled = true
    limits.bytesMax = 1000 << 20
    func effort(holes: Int, allocated: Int) -> Int {
      limits.effort(waste: holes << 20, allocated: allocated << 20)
    }
    #expect(effort(holes: 15, allocated: 1000) == 0)
    #expect(25...84 ~= effort(holes: 25, allocated: 1000))
    #expect(effort(holes: 25, allocated: 1000) < effort(holes: 45, allocated: 1000))
    #expect(effort(holes: 100, allocated: 1000) == 85)
    // What is allocated is no reason to hold writers back, and holes are none where it leaves room for them.
    #expect(effort(holes: 10, allocated: 1200) == 0)
    #expect(effort(holes: 60, allocated: 900) == 0)
    limits.bytesMax = 0
    #expect(effort(holes: 60, allocated: 1000) == 0)
    limits.defragmentation.isEnabled = false
    #expect(effort(holes: 900, allocated: 1000) == 0)
  }

  @Test func countersStartFromZeroAgain() {
    let counters = CommandCounters(commandCount: 1)
    defer { counters.deallocate() }
    counters.count(0, ticks: 5, tracksLatencies: true)
    counters.count(0, ticks: 7, tracksLatencies: false)
    counters.countFailed(0)
    counters.countRejected(0)
    var counts = CommandCounters.Counts()
    counters.add(0, to: &counts)
    #expect(counts.calls == 2 && counts.ticks == 12 && counts.failed == 1 && counts.rejected == 1)
    #expect(counts.latencies.count == 1)
    counters.reset()
    counts = CommandCounters.Counts()
    counters.add(0, to: &counts)
    #expect(counts.calls == 0 && counts.ticks == 0 && counts.failed == 0 && counts.rejected == 0)
    #expect(counts.latencies.count == 0)
  }

  @Test func jsonIsWellFormed() {
    var json = JSONWriter()
    json.object { json in
      json.field("a\"\\\u{1}", "x\ny")
      json.key("list")
      json.array { json in
        json.value(1)
        json.value(Double.nan)
        json.array { _ in }
        json.object { _ in }
      }
      json.field("n", -5)
    }
    #expect(json.text == #"{"a\"\\\u0001":"x\ny","list":[1,0,[],{}],"n":-5}"#)
  }

  @Test func aGraphHasAColumnASample() {
    var events = LatencyEvents()
    for (time, milliseconds) in [(40, 10), (90, 100)] {
      events.add(.command, milliseconds: milliseconds, time: Int64(time))
    }
    let history = LatencyEvents.merge([events])["command"] ?? .init()
    let lines = LatencyGraph.draw("command", history, now: 100).split(
      separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "command - high 100 ms, low 10 ms (all time high 100 ms)")
    #expect(lines[2...5].map(String.init) == [" #", " |", " |", "_|"])
    #expect(lines[7...9].map(String.init) == ["11", "m0", " s"])
  }
}
