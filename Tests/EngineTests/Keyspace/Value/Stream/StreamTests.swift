import RESP
import TestSupport
import Testing

@testable import Engine

/// Goal: a stream holds what a list of entries would, whatever is added, deleted and trimmed. Method: random operations
/// from a seed, with nodes of few entries, compared with an array.
@Suite struct StreamTests {
  struct Entry: Equatable {
    let id: StreamID
    let words: [String]
  }

  static let fieldSets = [["a"], ["a", "b"], ["17", "b"], ["b", "a"]]

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `random operations leave what they leave in a list`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var options = Keyspace.Options()
    options.streamNodeEntriesMax = 7
    options.streamNodeBytesMax = 400
    let stream = Boxed(Stream())
    defer { stream.free() }
    var model: [Entry] = []
    var added = 0
    for _ in 0..<2500 {
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<14:
        let entry = newEntry(above: stream.body.lastID, &random)
        Arguments.with(entry.words.map { Array($0.utf8) }) {
          stream.body.append(entry.id, $0, options)
        }
        model.append(entry)
        added += 1
      case 14..<17:
        guard let entry = model.randomElement(using: &random) else { continue }
        let isDeleted = stream.body.delete(entry.id)
        let isDeletedAgain = stream.body.delete(entry.id)
        #expect(isDeleted)
        #expect(!isDeletedAgain)
        model.removeAll { $0.id == entry.id }
      case 17:
        let trim = StreamTrim(limit: .count(Int.random(in: 0...60, using: &random)))
        guard case .count(let wanted) = trim.limit else { continue }
        let surplus = max(model.count - wanted, 0)
        let removed = stream.body.trim(trim)
        #expect(removed == surplus)
        model.removeFirst(surplus)
      case 18:
        guard let entry = model.randomElement(using: &random) else { continue }
        let below = model.prefix { $0.id < entry.id }.count
        let removed = stream.body.trim(StreamTrim(limit: .id(entry.id)))
        #expect(removed == below)
        model.removeFirst(below)
      default:
        let trim = StreamTrim(limit: .count(20), isApproximate: true)
        let removed = stream.body.trim(trim)
        #expect(removed <= max(model.count - 20, 0))
        model.removeFirst(removed)
      }
      check(stream, model)
    }
    let addedInAll = stream.body.entriesAdded
    #expect(addedInAll == added)
  }

  private func newEntry(above last: StreamID, _ random: inout SeededGenerator) -> Entry {
    let id =
      Bool.random(using: &random)
      ? StreamID(last.milliseconds + UInt64.random(in: 1...3, using: &random), 5)
      : StreamID(last.milliseconds, last.sequence + 1)
    let fields = Self.fieldSets.randomElement(using: &random) ?? []
    return Entry(
      id: id,
      words: fields.flatMap { field -> [String] in
        let size = Int.random(in: 0...40, using: &random)
        return [field, size > 30 ? "\(size * 99_999)" : String(repeating: "v", count: size)]
      })
  }

  private func check(_ stream: Boxed<Stream>, _ model: [Entry]) {
    stream.body.nodes.checkInvariants()
    var forwards: [Entry] = []
    stream.body.visit(from: .zero, to: .max) { entry in
      forwards.append(read(entry))
      return true
    }
    #expect(forwards == model)
    var backwards: [Entry] = []
    stream.body.visitBackwards(from: .zero, to: .max) { entry in
      backwards.append(read(entry))
      return true
    }
    #expect(backwards == model.reversed())
    let (count, firstID) = (stream.body.count, stream.body.firstID)
    #expect(count == model.count)
    #expect(firstID == model.first?.id ?? .zero)
    var position = stream.body.nodes.firstPosition
    while let current = position {
      let node = stream.body.nodes[current]
      var check = StreamNodeCheck(id: node.id)
      #expect(Listpack.isValid(node.listpack.bytes) { check.takes($0) })
      #expect(check.isComplete)
      #expect(node.count > 0)
      position = stream.body.nodes.position(after: current)
    }
  }

  private func read(_ entry: StreamEntry) -> Entry {
    var words: [String] = []
    entry.forEachField { field, value in
      words.append(field.withBytes { $0.string })
      words.append(value.withBytes { $0.string })
    }
    return Entry(id: entry.id, words: words)
  }

  @Test func `a large stream is freed slice by slice`() {
    let keyspace = TestKeyspace(CommandTable.stream + CommandTable.generic)
    for _ in 0..<3000 {
      _ = keyspace.run("XADD", "s", "*", "field", String(repeating: "v", count: 1500))
    }
    _ = keyspace.run("XGROUP", "CREATE", "s", "g", "0")
    _ = keyspace.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")
    #expect(keyspace.run("DEL", "s") == .integer(1))
    #expect(keyspace.run("XLEN", "s") == .integer(0))
  }
}
