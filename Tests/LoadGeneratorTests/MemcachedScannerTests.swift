import LoadGenerator
import RESP
import Testing

struct MemcachedScannerTests {
  private static let replies: [(text: String, errors: Int)] = [
    ("STORED\r\n", 0), ("END\r\n", 0), ("VALUE key:1 0 3\r\nabc\r\nEND\r\n", 0),
    ("VALUE a 7 0\r\n\r\nVALUE b 0 12 99\r\nEND\r\nERROR\r\n\r\nEND\r\n", 0),
    ("VERSION 1.6.18\r\n", 0),
    ("NOT_FOUND\r\n", 0), ("DELETED\r\n", 0), ("42\r\n", 0), ("7\r\n", 0), ("ERROR\r\n", 1),
    ("CLIENT_ERROR bad data chunk\r\n", 1), ("SERVER_ERROR out of memory\r\n", 1),
    ("EXISTS\r\n", 0),
  ]

  private static func scan(_ scanner: inout MemcachedScanner, _ bytes: [UInt8]) -> Int {
    ByteView.with(bytes) { scanner.scan($0) }
  }

  @Test func eachIsOneReplyCutAnywhere() {
    for reply in Self.replies {
      let bytes = Array(reply.text.utf8)
      for cut in 0...bytes.count {
        var scanner = MemcachedScanner()
        let first = Self.scan(&scanner, Array(bytes[..<cut]))
        #expect(
          first + Self.scan(&scanner, Array(bytes[cut...])) == 1,
          "\(reply.text.debugDescription) cut at \(cut)")
        #expect(first == 0 || cut == bytes.count)
        #expect(scanner.errorCount == reply.errors)
        #expect(!scanner.isMalformed)
      }
    }
  }

  @Test func byteByByteItIsTheSame() {
    var scanner = MemcachedScanner()
    let bytes = Array(Self.replies.map(\.text).joined().utf8)
    #expect(bytes.reduce(0) { $0 + Self.scan(&scanner, [$1]) } == Self.replies.count)
    #expect(scanner.errorCount == 3)
    #expect(String(decoding: scanner.errorText, as: UTF8.self) == "SERVER_ERROR out of memory")
  }

  @Test(arguments: ["VALUE key\r\n", "VALUE key 0 99999999999999999999\r\n"])
  func whatIsNoReplyIsNoticed(_ text: String) {
    var scanner = MemcachedScanner()
    #expect(Self.scan(&scanner, Array(text.utf8)) == 0)
    #expect(scanner.isMalformed)
  }
}
