import Benchmark
import Engine
import Measuring
import RESP

/// A keyspace, and commands for it that are parsed already: what is left is what a shard does for each.
final class Session: @unchecked Sendable {
  // Unchecked: benchmarks run one after the other.
  fileprivate static let table = CommandTable(CommandTable.engine)
  private var keyspace = Keyspace(seed: 1)
  private var reply = ReplyWriter()

  /// - Parameter commands: what to begin with.
  init(_ commands: [[String]] = []) {
    keyspace.now = 1_700_000_000_000
    run(Commands(commands))
  }

  func run(_ commands: Commands) {
    for place in commands.places {
      guard let body = Self.table.bodies[place.command].run else { preconditionFailure("no body") }
      do throws(CommandError) {
        try body(
          &keyspace, commands.words.arguments(from: place.first, count: place.count), &reply)
      } catch {
        preconditionFailure(String(decoding: error.message, as: UTF8.self))
      }
      if reply.count > 1 << 16 { reply.removeAll() }
    }
    reply.removeAll()
    blackHole(keyspace.changeCount)
  }

  /// Adds a benchmark: these commands, on a value whose encoding is the one meant.
  func measure(_ name: String, encoding: String? = nil, _ commands: [[String]]) {
    let commands = Commands(commands)
    if let encoding { expect(encoding, commands) }
    Measuring.measure(name, calls: commands.places.count) { self.run(commands) }
  }

  private func expect(_ encoding: String, _ commands: Commands) {
    let place = commands.places[0]
    let key = commands.words.arguments(from: place.first, count: place.count)[1].string
    let question = Commands([["OBJECT", "ENCODING", key]])
    reply.removeAll()
    let asked = question.places[0]
    try? Self.table.bodies[asked.command].run?(
      &keyspace, question.words.arguments(from: asked.first, count: asked.count), &reply)
    let found = reply.bytes.string
    precondition(found.contains("\r\n\(encoding)\r\n"), "\(key) is no \(encoding): \(found)")
    reply.removeAll()
  }
}

/// Commands whose words stay where they are.
final class Commands: @unchecked Sendable {
  // Unchecked: nothing changes after the start.
  private let bytes: ReplyWriter
  fileprivate private(set) var words = ArgumentTable()
  /// Which command each is, and where its words are.
  fileprivate private(set) var places: [(command: Int, first: Int, count: Int)] = []

  init(_ commands: [[String]]) {
    var writer = ReplyWriter()
    for words in commands {
      writer.array(words.count)
      for word in words { writer.bulk(word) }
    }
    bytes = writer
    let view = bytes.bytes
    var parser = RequestParser()
    var offset = 0
    while offset < view.count {
      let first = words.count
      guard
        case .command(let consumed) = parser.next(
          view[offset..<view.count], limits: RequestParser.Limits(), into: &words),
        let command = Session.table.index(
          of: words.arguments(from: first, count: words.count - first))
      else { preconditionFailure("no command at \(offset)") }
      places.append((command, first, words.count - first))
      offset += consumed
    }
  }
}
