import Glibc
package import RESP

/// A blocking client for what comes before and after the load: a connection's first commands, questions to the server.
package struct SetupClient {
  package let descriptor: Int32

  package init(_ address: ServerAddress) throws(BenchmarkError) {
    descriptor = try address.connect()
  }

  package func close() { Glibc.close(descriptor) }

  /// Sends a command and waits for its reply, errors included.
  package func send(_ words: [String]) throws(BenchmarkError) -> Reply {
    var request = Array("*\(words.count)\r\n".utf8)
    for word in words { request += Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
    try write(request, words[0])
    var received: [UInt8] = []
    while true {
      received += try receive(words[0])
      if let reply = try Self.reply(in: received, words[0]) { return reply }
    }
  }

  /// Sends a line and waits for one: for a protocol of lines.
  package func send(line: String) throws(BenchmarkError) -> String {
    try write(Array("\(line)\r\n".utf8), line)
    var received: [UInt8] = []
    while received.last != 0x0A { received += try receive(line) }
    return String(decoding: received.dropLast(2), as: UTF8.self)
  }

  /// Whether the server is there, and speaks `wire`.
  ///
  /// - Throws: an error with what it says instead.
  package func greet(_ wire: WireProtocol) throws(BenchmarkError) {
    switch wire {
    case .resp:
      if case .error(let text) = try send(["PING"]) {
        throw BenchmarkError("Error from the server at PING: \(text)")
      }
    case .memcached:
      let version = try send(line: "version")
      guard version.hasPrefix("VERSION ") else {
        throw BenchmarkError("The server is no memcached: \(version)")
      }
    }
  }

  private func write(_ request: [UInt8], _ what: String) throws(BenchmarkError) {
    var sent = 0
    while sent < request.count {
      let step = unsafe request.withUnsafeBytes {
        unsafe Glibc.send(
          descriptor, $0.baseAddress.unsafelyUnwrapped + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if step < 0, errno == EINTR { continue }
      guard step > 0 else { throw lost(what) }
      sent += step
    }
  }

  /// What has come, at least a byte.
  private func receive(_ what: String) throws(BenchmarkError) -> [UInt8] {
    var chunk = [UInt8](repeating: 0, count: 16384)
    while true {
      let step = unsafe chunk.withUnsafeMutableBytes {
        unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
      }
      if step < 0, errno == EINTR { continue }
      guard step > 0 else { throw lost(what) }
      chunk.removeLast(chunk.count - step)
      return chunk
    }
  }

  /// The first reply that is no push, nil if it is not complete.
  private static func reply(in received: [UInt8], _ what: String) throws(BenchmarkError) -> Reply? {
    do throws(ReplyError) {
      return try ByteView.with(received) { (bytes) throws(ReplyError) in
        var offset = 0
        while true {
          let reply = try ReplyParser.parse(bytes, at: &offset)
          if case .push = reply { continue }
          return reply
        }
      }
    } catch {
      if error.problem == .incomplete { return nil }
      throw BenchmarkError("The server's reply to \(what) is none: \(error)")
    }
  }

  private func lost(_ what: String) -> BenchmarkError {
    BenchmarkError("The server closed the connection at \(what)")
  }

  /// Sends commands that must succeed.
  package func require(_ commands: [[String]]) throws(BenchmarkError) {
    for words in commands {
      if case .error(let text) = try send(words) {
        throw BenchmarkError("Error from the server at \(words[0]): \(text)")
      }
    }
  }
}
