import Foundation
import LoadGenerator
import Testing

struct ReportTests {
  @Test func jsonTextIsReadBackAsItWas() throws {
    let value = JSONText.object([
      ("text", .string("a\"b\\c\nü\u{1}")),
      ("list", .array([.integer(-3), .number(0.125), .null, .boolean(true)])),
      ("empty", .array([])), ("nothing", .object([])), ("infinite", .number(.infinity)),
    ])
    let read = try #require(
      try JSONSerialization.jsonObject(with: Data(value.text.utf8)) as? [String: Any])
    #expect(read["text"] as? String == "a\"b\\c\nü\u{1}")
    let list = try #require(read["list"] as? [Any])
    #expect(list[0] as? Int == -3)
    #expect(list[1] as? Double == 0.125)
    #expect(list[2] is NSNull)
    #expect((read["empty"] as? [Any])?.count == 0)
    #expect(read["infinite"] is NSNull)
  }

  private static func run() throws -> (Workload, RunResult) {
    let values = ValueBytes(sizes: 1...1, seed: 1)
    guard case .run(let options) = try OptionParser.parse(["--mix", "get=1,set=1"]) else {
      throw BenchmarkError("no run")
    }
    var result = RunResult(latencies: [HDRHistogram(), HDRHistogram()])
    for index in 1...100 { result.latencies[index % 2].record(UInt64(index) * 10_000) }
    for latencies in result.latencies { result.total.add(latencies) }
    result.seconds = 0.5
    result.series = [
      SeriesPoint(start: 0, rate: 200, p50: 500_000, p99: 990_000, max: 1_000_000),
      SeriesPoint(start: 0.25, rate: 0, p50: 0, p99: 0, max: 0),
    ]
    return (try Workload.all(options, values)[0], result)
  }

  @Test func theTablesColumnsHoldWhatTheRunHasShown() throws {
    let (workload, result) = try Self.run()
    var options = BenchmarkOptions()
    let table = ConsoleReport(options).run(workload, result).split(separator: "\n")
    #expect(table.count == 3)
    let total = table[0].split(separator: " ").map(String.init)
    #expect(
      total.suffix(10) == [
        "100", "200", "0.505", "0.010", "0.500", "0.950", "0.990", "1.000", "1.000", "0",
      ])
    options.isQuiet = true
    #expect(
      ConsoleReport(options).run(workload, result)
        == "GET 1 : SET 1: 200.00 requests per second, p50=0.500 msec\n")
    options.isCSV = true
    #expect(
      ConsoleReport(options).run(workload, result)
        == "\"GET 1 : SET 1\",\"200.00\",\"0.505\",\"0.010\",\"0.500\",\"0.950\",\"0.990\",\"1.000\"\n"
    )
  }

  @Test func chartsAreWellFormedXML() throws {
    var run = try Self.run()
    run.0.title = "EVAL \"<a & b>\""
    for runs in [[], [run], [run, run]] {
      let parser = XMLCheck()
      #expect(parser.accepts(ChartReport.text(runs)))
      #expect(parser.lines == runs.count * 3)
    }
  }

  @Test func anOpenLoopIsDueAtEvenTimes() {
    var pacer = Pacer(rate: 1000, start: 5_000_000)
    #expect(pacer.waiting(at: 4_999_999) == 0)
    #expect(pacer.waiting(at: 5_000_000) == 1)
    #expect(pacer.take() == 5_000_000)
    #expect(pacer.waiting(at: 5_999_999) == 0)
    #expect(pacer.waiting(at: 15_000_000) == 10)
    for number in 1...10 { #expect(pacer.take() == 5_000_000 + UInt64(number) * 1_000_000) }
    #expect(pacer.waiting(at: 15_000_000) == 0)
  }
}

/// Counts the lines of an image, and that its tags are closed in order.
private final class XMLCheck {
  var lines = 0

  func accepts(_ text: String) -> Bool {
    lines = 0
    var open: [Substring] = []
    var rest = Substring(text)
    while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      let name = tag.prefix { $0 != " " && $0 != "/" }
      if tag.hasPrefix("polyline") { lines += 1 }
      if tag.contains("<") { return false }
      if tag.hasPrefix("/") {
        guard open.popLast() == tag.dropFirst() else { return false }
      } else if !tag.hasSuffix("/") {
        open.append(name)
      }
    }
    return open.isEmpty && !rest.contains("<")
  }
}
