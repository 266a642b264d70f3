import Benchmark
import Measuring
import RESP

let benchmarks: @Sendable () -> Void = {
  let value = String(repeating: "v", count: 64)
  let gets = Requests((0..<1000).map { ["GET", "key:\($0)"] })
  let sets = Requests((0..<1000).map { ["SET", "key:\($0)", value] })
  let wide = Requests((0..<20).map { row in ["MSET"] + (0..<50).flatMap { ["key:\(row * 50 + $0)", value] } })
  let inline = Requests(text: (0..<1000).map { "SET key:\($0) value\r\n" }.joined())
  measure("Parser, GET", calls: 1000) { gets.parse() }
  measure("Parser, SET of 64 bytes", calls: 1000) { sets.parse() }
  measure("Parser, MSET of 50 keys", calls: 20) { wide.parse() }
  measure("Parser, inline SET", calls: 1000) { inline.parse() }
  measure("Parser, skipping replies", calls: 1000) { sets.skip() }
  measure("Writer, bulk strings of 64 bytes", calls: 1000) {
    var reply = ReplyWriter()
    let bytes = ByteView("0123456789012345678901234567890123456789012345678901234567890123")
    for _ in 0..<1000 { reply.bulk(bytes) }
    blackHole(reply.count)
  }
}

/// Commands as bytes, one behind the other.
struct Requests: Sendable {
  private let bytes: [UInt8]

  init(_ commands: [[String]]) {
    var writer = ReplyWriter()
    for words in commands {
      writer.array(words.count)
      for word in words { writer.bulk(word) }
    }
    bytes = writer.bytes.bytes
  }

  init(text: String) { bytes = Array(text.utf8) }

  func parse() {
    ByteView.with(bytes) { view in
      var words = ArgumentTable()
      var parser = RequestParser()
      var offset = 0
      while offset < view.count {
        guard
          case .command(let consumed) = parser.next(
            view[offset..<view.count], limits: RequestParser.Limits(), into: &words)
        else { preconditionFailure("a command that is none, at \(offset)") }
        offset += consumed
        words.truncate(to: 0)
      }
    }
  }

  func skip() {
    ByteView.with(bytes) { view in
      var offset = 0
      while offset < view.count {
        guard let end = ReplyParser.skip(view, from: offset) else {
          preconditionFailure("a reply that is none, at \(offset)")
        }
        offset = end
      }
    }
  }
}
