package import Engine
package import RESP

/// A keyspace without sockets, with a clock that the test moves: runs commands and gives their
/// replies.
package final class TestKeyspace {
  package var keyspace: Keyspace
  /// 2 or 3.
  package var protocolVersion = 2
  private let table: CommandTable

  /// - Parameter commands: what `run` knows.
  package init(
    _ commands: [Command], options: Keyspace.Options = Keyspace.Options(), seed: UInt64 = 1
  ) {
    table = CommandTable(commands)
    keyspace = Keyspace(options: options, seed: seed)
    keyspace.now = 1_000_000
  }

  /// Milliseconds since 1970.
  package var now: Int64 {
    get { keyspace.now }
    set { keyspace.now = newValue }
  }

  package var changeCount: Int { keyspace.changeCount }

  package func run(_ words: String...) -> Reply { run(words.map { Array($0.utf8) }) }

  package func run(_ words: [String]) -> Reply { run(words.map { Array($0.utf8) }) }

  /// Runs one command as the server would: look-up, arity, body, error reply.
  package func run(_ words: [[UInt8]]) -> Reply {
    let bytes = runRaw(words)
    do {
      return try ByteView.with(bytes) { (view) throws(ReplyError) -> Reply in
        var offset = 0
        let reply = try ReplyParser.parse(view, at: &offset)
        precondition(offset == bytes.count, "a command wrote more than one reply")
        precondition(ReplyParser.skip(view, from: 0) == offset, "skip and parse disagree")
        return reply
      }
    } catch {
      preconditionFailure("no reply: \(error) in \(String(decoding: bytes, as: UTF8.self))")
    }
  }

  /// As `run`, with the reply's bytes.
  package func runRaw(_ words: [[UInt8]]) -> [UInt8] {
    var writer = ReplyWriter(protocolVersion: protocolVersion)
    Arguments.with(words) { arguments in
      guard let index = table.index(of: arguments[0]) else {
        return writer.error(CommandError.unknownCommand(arguments).message)
      }
      var command = table.commands[index]
      if arguments.count > 1, let subcommand = command.subcommand(arguments[1]) {
        command = subcommand
      }
      guard command.arity.allows(arguments.count), let body = command.body else {
        return writer.error(CommandError.wrongArity(command.name).message)
      }
      do throws(CommandError) {
        try body(&keyspace, arguments, &writer)
      } catch {
        writer.truncate(to: 0)
        writer.error(error.message)
      }
    }
    return writer.bytes.bytes
  }
}

extension Command {
  fileprivate func subcommand(_ word: ByteView) -> Command? {
    let name = word.string.lowercasedASCII
    return subcommands.first { $0.name == name }
  }
}

extension Reply {
  package static let ok = Reply.simple("OK")

  package static func text(_ text: String) -> Reply { .bulk(Array(text.utf8)) }

  package static func texts(_ texts: String?...) -> Reply {
    .array(texts.map { $0.map { .text($0) } ?? .null })
  }

  package static func integers(_ values: Int...) -> Reply { .array(values.map { .integer($0) }) }

  package static let wrongType = Reply.error(
    "WRONGTYPE Operation against a key holding the wrong kind of value")
  package static let syntaxError = Reply.error("ERR syntax error")
  package static let notAnInteger = Reply.error("ERR value is not an integer or out of range")
}
