/// One request to the metrics port: what is needed of HTTP/1.1 (RFC 9112) to answer GET and HEAD, and nothing more.
struct HTTPRequest: Equatable, Sendable {
  let method: String
  /// Without the query.
  let path: String
  /// The client may send another request on this connection.
  let staysOpen: Bool

  enum Outcome: Equatable {
    case incomplete
    case request(HTTPRequest, byteCount: Int)
    /// The status to answer with; nothing on the connection makes sense after that.
    case failure(Int)
  }

  static let headBytesMax = 8192
  private static let lineBytesMax = 2048
  private static let fieldsMax = 64

  /// Reads the request at the start of `bytes`.
  static func parse(_ bytes: [UInt8]) -> Outcome {
    // A line end too many behind the request before is forgiven.
    let start = bytes.starts(with: [0x0D, 0x0A]) ? 2 : 0
    guard let end = endOfHead(bytes, from: start) else {
      return bytes.count - start > headBytesMax ? .failure(431) : .incomplete
    }
    if end - start > headBytesMax { return .failure(431) }
    var lines = lines(bytes[start..<end - 4])
    guard !lines.isEmpty else { return .failure(400) }
    let first = lines.removeFirst()
    guard first.count <= lineBytesMax else { return .failure(414) }
    guard lines.count <= fieldsMax else { return .failure(431) }
    let words = first.split(separator: 0x20, omittingEmptySubsequences: false)
    guard words.count == 3, isToken(words[0]), isTarget(words[1]) else { return .failure(400) }
    let version = String(decoding: words[2], as: UTF8.self)
    guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
      return .failure(version.hasPrefix("HTTP/") ? 505 : 400)
    }
    var fields = Fields()
    for line in lines {
      if let failure = fields.add(line) { return .failure(failure) }
    }
    if version == "HTTP/1.1", fields.hostCount != 1 { return .failure(400) }
    if fields.hasBody { return .failure(413) }
    let target = words[1].prefix { $0 != UInt8(ascii: "?") }
    return .request(
      HTTPRequest(
        method: String(decoding: words[0], as: UTF8.self),
        path: String(decoding: target, as: UTF8.self),
        staysOpen: version == "HTTP/1.1" ? !fields.closes : fields.keepsAlive),
      byteCount: end)
  }

  /// Behind the empty line.
  private static func endOfHead(_ bytes: [UInt8], from start: Int) -> Int? {
    var index = start + 3
    let limit = min(bytes.count, start + headBytesMax + 4)
    while index < limit {
      if bytes[index] == 0x0A, bytes[index - 1] == 0x0D, bytes[index - 2] == 0x0A,
        bytes[index - 3] == 0x0D
      {
        return index + 1
      }
      index += 1
    }
    return nil
  }

  private static func lines(_ head: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = head.startIndex
    var index = start
    while index < head.endIndex {
      if head[index] == 0x0D, index + 1 < head.endIndex, head[index + 1] == 0x0A {
        lines.append(head[start..<index])
        index += 2
        start = index
      } else {
        index += 1
      }
    }
    lines.append(head[start...])
    return lines
  }

  /// RFC 9110, 5.6.2.
  private static func isToken(_ word: ArraySlice<UInt8>) -> Bool {
    !word.isEmpty
      && word.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  private static func isTarget(_ word: ArraySlice<UInt8>) -> Bool {
    word.first == UInt8(ascii: "/") && word.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  /// What the header says that matters here.
  private struct Fields {
    var hostCount = 0
    var closes = false
    var keepsAlive = false
    var hasBody = false

    /// - Returns: the status to fail with, nil if the line is fine.
    mutating func add(_ line: ArraySlice<UInt8>) -> Int? {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), isToken(line[..<colon]),
        line.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F })
      else { return 400 }
      let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      let value = String(decoding: line[(colon + 1)...], as: UTF8.self).lowercased()
        .drop { $0 == " " || $0 == "\t" }
      switch name {
      case "host": hostCount += 1
      case "connection":
        closes = closes || value.contains("close")
        keepsAlive = keepsAlive || value.contains("keep-alive")
      case "transfer-encoding": hasBody = true
      case "content-length":
        guard let length = Int(value.prefix { $0 != " " && $0 != "\t" }), length >= 0 else {
          return 400
        }
        hasBody = hasBody || length > 0
      default: break
      }
      return nil
    }
  }
}
