/// An answer of the metrics port.
struct HTTPResponse: Sendable {
  var status = 200
  var type = "text/plain; charset=utf-8"
  var body: [UInt8] = []
  var headers: [(String, String)] = []

  init(_ text: String, type: String) {
    self.type = type
    body = Array(text.utf8)
  }

  /// A status with its own name as the body.
  init(status: Int) {
    self.status = status
    body = Array("\(status) \(Self.reason(status))\n".utf8)
    if status == 405 { headers = [("Allow", "GET, HEAD")] }
  }

  /// As it goes out.
  ///
  /// - Parameters:
  ///   - isHead: the body is left out.
  ///   - staysOpen: another request may follow.
  func bytes(isHead: Bool, staysOpen: Bool) -> [UInt8] {
    var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\nContent-Type: \(type)\r\n"
    head += "Content-Length: \(body.count)\r\nCache-Control: no-store\r\n"
    head += "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    // The page brings its own style and script, and talks to nobody but this port.
    head += "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
    head += "script-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
    head += "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    head += staysOpen ? "\r\n" : "Connection: close\r\n\r\n"
    return Array(head.utf8) + (isHead ? [] : body)
  }

  private static func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 431: "Request Header Fields Too Large"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    default: "Error"
    }
  }
}
