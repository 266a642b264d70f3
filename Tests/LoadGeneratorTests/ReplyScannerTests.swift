import LoadGenerator
import RESP
import Testing

struct ReplyScannerTests {
  /// A reply of every type, with the number of errors in it.
  private static let replies: [(text: String, errors: Int)] = [
    ("+OK\r\n", 0), ("-ERR no\r\n", 1), (":42\r\n", 0), (":-1\r\n", 0), ("$5\r\nhello\r\n", 0),
    ("$0\r\n\r\n", 0),
    ("$-1\r\n", 0), ("$7\r\na\r\n+b\r\n\r\n", 0), ("*0\r\n", 0), ("*-1\r\n", 0),
    ("*2\r\n$1\r\na\r\n:1\r\n", 0),
    ("*3\r\n*1\r\n+a\r\n*-1\r\n*2\r\n*0\r\n-ERR in\r\n", 1), ("_\r\n", 0), ("#t\r\n", 0),
    (",3.14\r\n", 0),
    (",inf\r\n", 0), ("(123456789012345678901234567890\r\n", 0), ("=8\r\ntxt:text\r\n", 0),
    ("%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n_\r\n", 0), ("%0\r\n", 0), ("~2\r\n+a\r\n+b\r\n", 0),
    ("|1\r\n+key\r\n*2\r\n:1\r\n:2\r\n$1\r\nx\r\n", 0), ("$12\r\n0123456789ab\r\n", 0),
    ("!6\r\nERR no\r\n", 1),
  ]

  private static func scan(_ scanner: inout ReplyScanner, _ bytes: [UInt8]) -> Int {
    ByteView.with(bytes) { scanner.scan($0) }
  }

  @Test func eachTypeIsOneReplyCutAnywhere() {
    for reply in Self.replies {
      let bytes = Array(reply.text.utf8)
      for cut in 0...bytes.count {
        var scanner = ReplyScanner()
        let first = Self.scan(&scanner, Array(bytes[..<cut]))
        #expect(
          first == (cut == bytes.count ? 1 : 0), "\(reply.text.debugDescription) cut at \(cut)")
        #expect(
          first + Self.scan(&scanner, Array(bytes[cut...])) == 1,
          "\(reply.text.debugDescription) cut at \(cut)")
        #expect(scanner.errorCount == reply.errors)
        #expect(!scanner.isMalformed)
      }
    }
  }

  @Test func aStreamCutIntoThreeIsAsManyReplies() {
    let bytes = Array(Self.replies.map(\.text).joined().utf8)
    for first in stride(from: 0, through: bytes.count, by: 3) {
      for second in stride(from: first, through: bytes.count, by: 7) {
        var scanner = ReplyScanner()
        let parts = [bytes[..<first], bytes[first..<second], bytes[second...]]
        #expect(parts.reduce(0) { $0 + Self.scan(&scanner, Array($1)) } == Self.replies.count)
      }
    }
  }

  @Test func byteByByteItIsTheSame() {
    var scanner = ReplyScanner()
    let bytes = Array(Self.replies.map(\.text).joined().utf8)
    #expect(bytes.reduce(0) { $0 + Self.scan(&scanner, [$1]) } == Self.replies.count)
    #expect(scanner.errorCount == 3)
  }

  @Test func itAgreesWithTheParser() {
    // The parser knows no blob errors: servers don't send any.
    for reply in Self.replies where !reply.text.hasPrefix("!") {
      let end = ByteView.with(Array(reply.text.utf8)) { ReplyParser.skip($0, from: 0) }
      #expect(end == reply.text.utf8.count)
    }
  }

  @Test func pushesAreNoReplies() {
    var scanner = ReplyScanner()
    let push = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n"
    #expect(Self.scan(&scanner, Array((push + "+OK\r\n" + push).utf8)) == 1)
    #expect(!scanner.isMalformed)
  }

  @Test func theLastErrorIsKept() {
    var scanner = ReplyScanner()
    #expect(Self.scan(&scanner, Array("-ERR first\r\n-ERR sec".utf8)) == 1)
    #expect(Self.scan(&scanner, Array("ond\r\n".utf8)) == 1)
    #expect(String(decoding: scanner.errorText, as: UTF8.self) == "ERR second")
  }

  @Test(arguments: ["?\r\n", "HTTP/1.1 200 OK\r\n", "$x\r\n", "*9999999999999999999\r\n"])
  func whatIsNoReplyIsNoticed(_ text: String) {
    var scanner = ReplyScanner()
    #expect(Self.scan(&scanner, Array(text.utf8)) == 0)
    #expect(scanner.isMalformed)
  }
}
