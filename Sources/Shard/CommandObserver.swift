import Engine
package import RESP

/// Picks out the commands that are worth telling about: those that took long, or replied with a lot.
///
/// Part of the statistics, so that the time measured for them is the only measurement. While nothing is
/// remarkable it costs two comparisons a command.
package struct CommandObserver: Sendable {
  /// A command of so many ticks is noted; `.max` for none.
  package var ticksMin = UInt64.max
  /// A reply of so many bytes is noted; `.max` for none.
  package var replyBytesMin = Int.max
  /// Whose command runs.
  package var client = Client.none
  /// What was noted and not taken yet.
  package private(set) var noted: [NotedCommand] = []
  /// Noted between two looks at most; what comes on top is lost.
  private static let notedMax = 4096

  /// A connection, by its thread and its handle there.
  package struct Client: Sendable, Equatable {
    package let shard: Int
    package let connection: UInt64

    package init(shard: Int, connection: UInt64) {
      self.shard = shard
      self.connection = connection
    }

    /// Nobody's, as when the server runs it by itself.
    package static let none = Client(shard: -1, connection: 0)
  }

  package init() {}

  @inline(__always)
  package func isRemarkable(ticks: UInt64, replyBytes: Int) -> Bool {
    ticks >= ticksMin || replyBytes >= replyBytesMin
  }

  package mutating func note(
    _ command: Int, _ arguments: Arguments, ticks: UInt64, replyBytes: Int, requestBytes: Int = 0
  ) {
    guard noted.count < Self.notedMax else { return }
    noted.append(
      NotedCommand(
        command: command, words: NotedCommand.shortened(arguments), ticks: ticks,
        requestBytes: requestBytes, replyBytes: replyBytes, client: client))
  }

  package mutating func take() -> [NotedCommand] {
    var taken: [NotedCommand] = []
    swap(&taken, &noted)
    return taken
  }
}

/// A command that ran, with its words as the command log keeps them.
package struct NotedCommand: Sendable {
  package let command: Int
  package let words: [[UInt8]]
  /// How long it ran; 0 if that is not why it was noted.
  package let ticks: UInt64
  /// What the client sent; 0 if that is not why it was noted.
  package let requestBytes: Int
  package let replyBytes: Int
  package let client: CommandObserver.Client

  package init(
    command: Int, words: [[UInt8]], ticks: UInt64, requestBytes: Int = 0, replyBytes: Int,
    client: CommandObserver.Client
  ) {
    self.command = command
    self.words = words
    self.ticks = ticks
    self.requestBytes = requestBytes
    self.replyBytes = replyBytes
    self.client = client
  }

  private static let wordsMax = 32
  private static let wordBytesMax = 128

  /// The first 31 words and a remark about the rest, if there are more than 32; of each word the first
  /// 128 bytes and a remark.
  package static func shortened(_ arguments: Arguments) -> [[UInt8]] {
    let count = Swift.min(arguments.count, wordsMax)
    return (0..<count).map { index in
      if arguments.count > wordsMax, index == count - 1 {
        return Array("... (\(arguments.count - count + 1) more arguments)".utf8)
      }
      let word = arguments[index]
      guard word.count > wordBytesMax else { return word.bytes }
      return word[0..<wordBytesMax].bytes
        + Array("... (\(word.count - wordBytesMax) more bytes)".utf8)
    }
  }
}
