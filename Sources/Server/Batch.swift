import Engine
import EventLoop
import RESP
import Shard

/// What one turn executes: the commands that were parsed, and which connection each run of them is from.
///
/// Parsing goes over everything that arrived before the first command runs, so that the memory of later
/// commands can be asked for while earlier ones execute.
struct Batch: ~Copyable {
  /// One command, its words in `arguments`.
  struct Record {
    /// Index into the command table, or one of the negative marks below.
    let command: Int32
    let wordCount: Int32
    let firstWord: Int
    /// Where the command ends in its run's bytes.
    let end: Int
    /// Of the first key, where there is one.
    let hash: KeyHash
    /// The shard of the first key.
    let shard: Int32

    static let unknown: Int32 = -1
    /// Stands where no command has been parsed yet.
    static let none = Record(
      command: unknown, wordCount: 0, firstWord: 0, end: 0, hash: KeyHash(rawValue: 0), shard: 0)
    static let protocolError: Int32 = -2
  }

  /// Consecutive commands of one connection.
  struct Run {
    let connection: Connection
    let records: Range<Int>
    /// The bytes they were parsed from: a receive buffer, or the connection's own input.
    let source: ByteView
    let isFromInput: Bool
    /// Where parsing stopped.
    let end: Int
    let failure: ProtocolError?
  }

  var arguments = ArgumentTable(capacity: 4096)
  var records: [Record] = []
  var runs: [Run] = []
  /// Some commands may have several keys.
  var hasManyKeys = false

  /// Room for so many words is kept from turn to turn.
  private static let argumentsKept = 1 << 15

  init() {
    records.reserveCapacity(4096)
    runs.reserveCapacity(256)
  }

  mutating func removeAll() {
    arguments.removeAll(retaining: Self.argumentsKept)
    records.removeAll(keepingCapacity: true)
    runs.removeAll(keepingCapacity: true)
    hasManyKeys = false
  }
}
