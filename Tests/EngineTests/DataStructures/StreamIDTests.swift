import RESP
import Testing

@testable import Engine

@Suite struct StreamIDTests {
  private func parse(_ text: String, edges: Bool = false, automatic: Bool = false)
    -> (UInt64, UInt64, Bool)?
  {
    ByteView.with(Array(text.utf8)) {
      StreamID.parse($0, missingSequence: 9, edges: edges, automatic: automatic)
    }.map { ($0.id.milliseconds, $0.id.sequence, $0.hasSequence) }
  }

  @Test func `texts are IDs as Redis reads them`() throws {
    #expect(try #require(parse("5-3")) == (5, 3, true))
    #expect(try #require(parse("5")) == (5, 9, true))
    #expect(try #require(parse("18446744073709551615-18446744073709551615")) == (.max, .max, true))
    #expect(try #require(parse("007- 2")) == (7, 2, true))
    #expect(try #require(parse("1-*", automatic: true)) == (1, 0, false))
    #expect(try #require(parse("+", edges: true)) == (.max, .max, true))
    #expect(try #require(parse("-", edges: true)) == (0, 0, true))
    for text in ["", "-", "+", "a", "1-", "-1", "1-*", "1-a", "1--2", "18446744073709551616", "1 "]
    {
      #expect(parse(text) == nil, "\(text)")
    }
  }

  @Test func `an ID has neighbours, its text reads back`() {
    #expect(StreamID(1, .max).next == StreamID(2, 0))
    #expect(StreamID(2, 0).previous == StreamID(1, .max))
    #expect(StreamID.max.next == nil)
    #expect(StreamID.zero.previous == nil)
    for id in [StreamID.zero, .max, StreamID(1 << 63, 10), StreamID(12, 1 << 62)] {
      let text = id.withText { $0.string }
      #expect(text == "\(id.milliseconds)-\(id.sequence)")
    }
  }
}
