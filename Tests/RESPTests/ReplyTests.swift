import RESP
import TestSupport
import Testing

@Suite struct ReplyTests {
  private func parse(_ bytes: [UInt8]) -> Result<Reply, ReplyError> {
    ByteView.with(bytes) { view in
      Result { () throws(ReplyError) in try ReplyParser.parse(view) }
    }
  }

  private func write(_ version: Int, _ body: (inout ReplyWriter) -> Void) -> Reply? {
    var writer = ReplyWriter(protocolVersion: version)
    body(&writer)
    return try? parse(writer.bytes.bytes).get()
  }

  @Test func `bulk strings of every length are written byte for byte`() {
    // In one writer, too, so that each begins wherever the one before has ended, and the storage grows under them.
    var all = ReplyWriter(protocolVersion: 2)
    var expected: [UInt8] = []
    for length in 0...130 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
      let text = Array("$\(length)\r\n".utf8) + bytes + [0x0D, 0x0A]
      var one = ReplyWriter(protocolVersion: 2)
      one.bulk(bytes)
      #expect(one.bytes.bytes == text)
      all.bulk(bytes)
      expected += text
    }
    #expect(all.bytes.bytes == expected)
  }

  @Test func `every type reads back as it was written`() {
    #expect(write(2) { $0.ok() } == .ok)
    #expect(write(2) { $0.error("ERR a\r\nb") } == .error("ERR a  b"))
    for value in [0, 9, 10, -1, Int.max, Int.min] {
      #expect(write(2) { $0.integer(value) } == .integer(value))
      #expect(write(2) { $0.bulk(value) } == .text("\(value)"))
    }
    #expect(write(2) { $0.null() } == .null)
    #expect(write(3) { $0.null() } == .null)
    #expect(write(2) { $0.nullArray() } == .nullArray)
    #expect(write(3) { $0.nullArray() } == .null)
    #expect(write(2) { $0.boolean(true) } == .integer(1))
    #expect(write(3) { $0.boolean(false) } == .boolean(false))
    #expect(write(2) { $0.double(1.5) } == .text("1.5"))
    #expect(write(3) { $0.double(3) } == .double("3"))
    #expect(write(3) { $0.bigNumber(ByteView("123")) } == .bigNumber("123"))
    #expect(write(3) { $0.verbatim([65]) } == .verbatim(format: "txt", text: [65]))
    #expect(write(2) { $0.verbatim([65]) } == .text("A"))
    for version in [2, 3] {
      let map = write(version) {
        $0.map(1)
        $0.integer(1)
        $0.integer(2)
      }
      #expect(map == (version == 2 ? .integers(1, 2) : .map([.init(.integer(1), .integer(2))])))
      let deferred = write(version) {
        $0.deferredArray { writer in
          for value in 0..<12 { writer.integer(value) }
          return 12
        }
      }
      #expect(deferred == .array((0..<12).map { .integer($0) }))
    }
    #expect(
      write(3) {
        $0.set(1)
        $0.integer(1)
      } == .set([.integer(1)]))
    #expect(
      write(3) {
        $0.attribute(1)
        $0.integer(1)
        $0.integer(2)
        $0.ok()
      } == .attributed([.init(.integer(1), .integer(2))], .ok))
  }

  @Test func `every prefix is incomplete, and skip agrees with parse`() {
    let whole = Array(
      "*5\r\n:1\r\n$3\r\na\r\n\r\n%1\r\n+k\r\n*-1\r\n|1\r\n+a\r\n_\r\n,1.5\r\n=5\r\ntxt:x\r\n".utf8)
    for end in 0...whole.count {
      let prefix = Array(whole[..<end])
      let skipped = ByteView.with(prefix) { ReplyParser.skip($0, from: 0) }
      if end == whole.count {
        #expect(skipped == end)
        #expect((try? parse(prefix).get()) != nil)
      } else {
        #expect(skipped == nil, "\(end) bytes")
        #expect(parse(prefix) == .failure(ReplyError(offset: end, problem: .incomplete)))
      }
    }
  }

  @Test func `malformed replies say where and why`() {
    let cases: [(String, Int, ReplyError.Problem)] = [
      ("?\r\n", 0, .unknownType(63)), (":x\r\n", 1, .invalidInteger),
      ("$-2\r\n", 1, .invalidLength), ("#x\r\n", 1, .invalidBoolean),
      ("*1\r\n:\r\n", 5, .invalidInteger), ("$1\r\nabc", 5, .missingLineEnd),
      ("=3\r\nabc\r\n", 4, .invalidVerbatim),
      (String(repeating: "*1\r\n", count: 200), 129 * 4, .tooDeep),
    ]
    for (text, offset, problem) in cases {
      #expect(
        parse(Array(text.utf8)) == .failure(ReplyError(offset: offset, problem: problem)),
        "\(text)")
    }
  }

  @Test func `skip goes on from any offset and never reads behind the end`() throws {
    let input = Array("+a\r\n*2\r\n:1\r\n:2\r\n$-1\r\n".utf8)
    ByteView.with(input) { view in
      #expect(ReplyParser.skip(view, from: 0) == 4)
      #expect(ReplyParser.skip(view, from: 4) == 16)
      #expect(ReplyParser.skip(view, from: 16) == 21)
      #expect(ReplyParser.skip(view, from: 21) == nil)
    }
    let alphabet = Array("*$:%|+_-\r\n0123".utf8)
    try withEvery("seed", in: UInt64(1)...5000) { seed in
      var random = SeededGenerator(seed: seed)
      let bytes = (0..<Int.random(in: 0...30, using: &random)).map { _ in
        alphabet.randomElement(using: &random) ?? 0
      }
      ByteView.with(bytes) { view in
        var offset = 0
        if (try? ReplyParser.parse(view, at: &offset)) != nil {
          #expect(ReplyParser.skip(view, from: 0) == offset, "seed \(seed)")
        }
      }
    }
  }

  @Test func `decimal text is canonical`() {
    let cases: [(String, Int?)] = [
      ("0", 0), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min),
      ("9223372036854775808", nil), ("-9223372036854775809", nil), ("", nil), ("-", nil),
      ("-0", nil), ("+1", nil), ("01", nil), (" 1", nil), ("1 ", nil), ("1a", nil),
      ("99999999999999999999", nil), ("184467440737095516160", nil),
    ]
    for (text, value) in cases {
      #expect(ByteView.with(Array(text.utf8)) { DecimalText.integer($0) } == value, "\(text)")
    }
    let doubles: [(Double, String)] = [
      (0, "0"), (-0.0, "-0"), (3, "3"), (0.1, "0.1"), (-2.5, "-2.5"), (1e21, "1e+21"),
      (1e-7, "1e-7"), (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"),
    ]
    for (value, text) in doubles { #expect(DecimalText.describe(value) == text) }
    for text in ["", " 1", "1 ", "nan", "1e999", "0x", "a"] {
      #expect(ByteView.with(Array(text.utf8)) { DecimalText.double($0) } == nil, "\(text)")
    }
    #expect(ByteView.with(Array("0x10".utf8)) { DecimalText.double($0) } == 16)
  }
}
