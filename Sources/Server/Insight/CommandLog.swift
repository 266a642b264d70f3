import Engine
import RESP
import Shard
import Synchronization

/// One worker's list of remarkable commands of one kind, newest last. Readers merge the workers' lists by
/// the entries' numbers, which all workers draw from one counter.
struct CommandLog: Sendable {
  struct Entry: Sendable {
    let id: Int
    /// Seconds since 1970.
    let time: Int64
    /// Microseconds or bytes, as the kind has it.
    let value: Int
    let words: [[UInt8]]
    let peer: String
    let name: [UInt8]
  }

  /// What commands are logged for.
  enum Kind: Int, CaseIterable, Sendable {
    case slow, largeRequest, largeReply

    init(_ word: ByteView) throws(CommandError) {
      if word.matches("slow") {
        self = .slow
      } else if word.matches("large-request") {
        self = .largeRequest
      } else if word.matches("large-reply") {
        self = .largeReply
      } else {
        throw CommandError(
          "ERR type should be one of the following: slow, large-request, large-reply")
      }
    }
  }

  /// At least the newest that are to be kept.
  private(set) var entries: [Entry] = []

  mutating func append(_ entry: Entry, entriesMax: Int) {
    guard entriesMax > 0 else { return entries.removeAll() }
    entries.append(entry)
    // Trimmed by halves, so that a long log is not moved for each entry.
    if entries.count >= entriesMax * 2 { entries.removeFirst(entries.count - entriesMax) }
  }

  mutating func removeAll() { entries.removeAll() }

  /// The newest `count` entries of all workers, newest first.
  static func merge(_ parts: [[Entry]], count: Int) -> [Entry] {
    Array(parts.joined().sorted { $0.id > $1.id }.prefix(count))
  }
}

/// The three logs of one worker.
struct CommandLogs: Sendable {
  private var logs = [CommandLog](repeating: CommandLog(), count: CommandLog.Kind.allCases.count)

  subscript(kind: CommandLog.Kind) -> CommandLog {
    get { logs[kind.rawValue] }
    _modify { yield &logs[kind.rawValue] }
  }
}

/// Numbers the entries of the logs, for all workers.
final class CommandLogIDs: Sendable {
  private let slow = Atomic<Int>(0)
  private let largeRequest = Atomic<Int>(0)
  private let largeReply = Atomic<Int>(0)

  func next(_ kind: CommandLog.Kind) -> Int {
    switch kind {
    case .slow: slow.add(1, ordering: .relaxed).oldValue
    case .largeRequest: largeRequest.add(1, ordering: .relaxed).oldValue
    case .largeReply: largeReply.add(1, ordering: .relaxed).oldValue
    }
  }
}
