import Engine
import RESP
import Shard
import TestSupport
import Testing

struct ParcelTests {
  private static func text(_ view: ByteView) -> [UInt8] { (0..<view.count).map { view[$0] } }

  /// What a parcel holds, as its destination reads it.
  private static func commands(in parcel: Parcel) -> [(record: Parcel.Record, words: [[UInt8]])] {
    var table = ArgumentTable(capacity: 1)
    var records: [Parcel.Record] = []
    parcel.read(into: &table) { records.append($0) }
    return records.map { record in
      let words = table.arguments(from: record.firstWord, count: record.wordCount)
      return (record, (0..<words.count).map { text(words[$0]) })
    }
  }

  private static func append(
    _ words: [[UInt8]], to parcel: Parcel, command: Int = 0
  ) {
    Arguments.with(words) { arguments in
      parcel.append(
        command: command, database: 0, protocolVersion: 2, hash: KeyHash(rawValue: 0),
        arguments: arguments,
        waiter: Parcel.Waiter(connection: 0, place: 0))
    }
  }

  @Test func aCommandArrivesAsItWasSent() {
    let parcel = Parcel(origin: 2)
    Arguments.with([Array("SET".utf8), Array("key".utf8), []]) { arguments in
      parcel.append(
        command: 70_000, database: 15, protocolVersion: 3, leavesAccessClocks: true,
        hash: KeyHash(rawValue: .max - 5), arguments: arguments,
        waiter: Parcel.Waiter(connection: 9, place: 8))
    }
    let commands = Self.commands(in: parcel)
    #expect(commands.count == 1)
    let (record, words) = commands[0]
    #expect(record.command == 70_000)
    #expect(record.database == 15)
    #expect(record.protocolVersion == 3)
    #expect(record.leavesAccessClocks)
    #expect(record.hash.rawValue == UInt64.max - 5)
    #expect(words == [Array("SET".utf8), Array("key".utf8), []])
    #expect(parcel.waiters.map(\.connection) == [9])
    #expect(parcel.waiters.map(\.place) == [8])
  }

  /// Sizes from nothing to far more than the first buffer, so that it grows between and inside commands.
  @Test(arguments: 1...10) func manyCommandsKeepTheirOrderAndBytes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let parcel = Parcel(origin: 0)
    for _ in 0..<3 {
      var sent: [[[UInt8]]] = []
      for number in 0..<Int.random(in: 1...200, using: &random) {
        let longest = Int.random(in: 0..<20, using: &random) == 0 ? 20_000 : 40
        let words = (0..<Int.random(in: 1...5, using: &random)).map { _ in
          random.bytes(0...longest)
        }
        sent.append(words)
        Self.append(words, to: parcel, command: number)
      }
      let commands = Self.commands(in: parcel)
      #expect(parcel.count == sent.count)
      #expect(commands.map(\.record.command) == Array(sent.indices))
      #expect(commands.map(\.words) == sent)
      parcel.reset(origin: parcel.origin)
      #expect(parcel.count == 0)
      #expect(parcel.waiters.isEmpty)
    }
  }

  @Test func repliesComeBackByTheirPlace() {
    let parcel = Parcel(origin: 0)
    for round in 0..<2 {
      for _ in 0..<3 { Self.append([[1]], to: parcel) }
      #expect(!parcel.isAnswered)
      parcel.writeReplies { reply in
        reply.ok()
        parcel.endReply(reply)
        reply.protocolVersion = 3
        reply.null()
        parcel.endReply(reply)
        reply.protocolVersion = 2
        reply.integer(round)
        parcel.endReply(reply)
      }
      #expect(parcel.isAnswered)
      #expect(Self.text(parcel.reply(at: 0)) == Array("+OK\r\n".utf8))
      #expect(Self.text(parcel.reply(at: 1)) == Array("_\r\n".utf8))
      #expect(Self.text(parcel.reply(at: 2)) == Array(":\(round)\r\n".utf8))
      parcel.reset(origin: parcel.origin)
      #expect(!parcel.isAnswered)
    }
  }
}
