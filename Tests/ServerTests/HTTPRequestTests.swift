import Testing

@testable import Server

/// What the metrics port makes of bytes.
struct HTTPRequestTests {
  private static func parse(_ text: String) -> HTTPRequest.Outcome {
    HTTPRequest.parse(Array(text.utf8))
  }

  private static func status(_ text: String) -> Int? {
    if case .failure(let status) = parse(text) { return status }
    return nil
  }

  @Test func aRequestIsReadUpToItsEnd() {
    let text = "GET /metrics?a=b HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"
    let expected = HTTPRequest(method: "GET", path: "/metrics", staysOpen: true)
    #expect(
      Self.parse(text + "GET") == .request(expected, byteCount: text.utf8.count))
  }

  @Test func everyBeginningOfARequestIsIncomplete() {
    let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)
    for count in 0..<bytes.count {
      #expect(HTTPRequest.parse(Array(bytes[..<count])) == .incomplete, "\(count) bytes")
    }
    #expect(HTTPRequest.parse(bytes) != .incomplete)
  }

  @Test func connectionsStayOpenAsTheVersionAndTheClientSay() {
    func staysOpen(_ text: String) -> Bool? {
      if case .request(let request, _) = Self.parse(text) { return request.staysOpen }
      return nil
    }
    #expect(staysOpen("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == true)
    #expect(staysOpen("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n") == false)
    #expect(staysOpen("GET / HTTP/1.0\r\n\r\n") == false)
    #expect(staysOpen("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") == true)
  }

  @Test func whatIsNoRequestIsRefused() {
    #expect(Self.status("GET / HTTP/1.1\r\n\r\n") == 400)
    #expect(Self.status("GET  / HTTP/1.1\r\nHost: a\r\n\r\n") == 400)
    #expect(Self.status("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n") == 400)
    #expect(Self.status("G(T / HTTP/1.1\r\nHost: a\r\n\r\n") == 400)
    #expect(Self.status("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n") == 400)
    #expect(Self.status("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n") == 400)
    #expect(Self.status("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n") == 413)
    #expect(Self.status("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n") == nil)
    #expect(Self.status("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505)
    #expect(Self.status(String(repeating: "a", count: 9000)) == 431)
    let long = String(repeating: "a", count: 3000)
    #expect(Self.status("GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n") == 414)
  }

  @Test func randomBytesAreNeverARequestAndNeverATrap() {
    var generator = SystemRandomNumberGenerator()
    let seed = Array("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8)
    for _ in 0..<20_000 {
      var bytes = seed
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
      }
      if case .request(let request, let count) = HTTPRequest.parse(bytes) {
        #expect(request.path.hasPrefix("/") && count <= bytes.count)
      }
    }
  }
}
