import Glibc
package import RESP

/// A blocking client for what comes before and after the load: a connection's first commands, questions to the server.
package struct SetupClient {
  package let descriptor: Int32

  package init(_ address: ServerAddress) throws(BenchmarkError) { descriptor = try address.connect() }

  package func close() { Glibc.close(descriptor) }

  /// Sends a command and waits for its reply, errors included.
  package func send(_ words: [String]) throws(BenchmarkError) -> Reply {
    var request = Array("*\(words.count)\r\n".utf8)
    for word in words { request += Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
    var sent = 0
    while sent < request.count {
      let step = unsafe request.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress.unsafelyUnwrapped + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      if step < 0, errno == EINTR { continue }
      guard step > 0 else { throw lost(words) }
      sent += step
    }
    return try receive(words)
  }

  private func receive(_ words: [String]) throws(BenchmarkError) -> Reply {
    var received: [UInt8] = []
    while true {
      let start = received.count
      received += [UInt8](repeating: 0, count: 16384)
      let step = unsafe received.withUnsafeMutableBytes {
        unsafe recv(descriptor, $0.baseAddress.unsafelyUnwrapped + start, 16384, 0)
      }
      let code = errno
      received.removeLast(16384 - max(step, 0))
      if step < 0, code == EINTR { continue }
      guard step > 0 else { throw lost(words) }
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
        guard error.problem == .incomplete else {
          throw BenchmarkError("The server's reply to \(words[0]) is none: \(error)")
        }
      }
    }
  }

  private func lost(_ words: [String]) -> BenchmarkError {
    BenchmarkError("The server closed the connection at \(words[0])")
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
