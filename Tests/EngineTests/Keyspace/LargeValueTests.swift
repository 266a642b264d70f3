import RESP
import TestSupport
import Testing

@testable import Engine

/// Large values in a snapshot: in slices they make the bytes that they make at once.
@Suite struct LargeValueTests {
  private static let kinds = ["set", "hash", "times", "sorted", "list", "plain", "stream", "string", "noise"]

  /// A keyspace with a large value of some kind, at `key`.
  private static func make(_ kind: String, compresses: Bool = true) -> TestKeyspace {
    var options = Keyspace.Options()
    options.compressesStrings = compresses
    let keyspace = TestKeyspace(CommandTable.engine, options: options)
    fill(keyspace, kind)
    _ = keyspace.run("EXPIRE", "key", "1000")
    return keyspace
  }

  private static func fill(_ keyspace: TestKeyspace, _ kind: String) {
    var random = SeededGenerator(seed: 3)
    let key = Array("key".utf8)
    func run(_ command: String, _ words: [[UInt8]]) { _ = keyspace.run([Array(command.utf8), key] + words) }
    switch kind {
    case "set": for number in 0..<9000 { _ = keyspace.run("SADD", "key", "member \(number)") }
    case "hash", "times":
      for number in 0..<9000 {
        run("HSET", [Array("\(number)".utf8), [UInt8](repeating: 0x61, count: number % 50)])
      }
      guard kind == "times" else { return }
      for number in stride(from: 0, to: 9000, by: 5) {
        _ = keyspace.run("HPEXPIREAT", "key", "\(2_000_000 + number)", "FIELDS", "1", "\(number)")
      }
    case "sorted": for number in 0..<9000 { _ = keyspace.run("ZADD", "key", "\(number / 7)", "member \(number)") }
    case "list": for number in 0..<40_000 { run("RPUSH", [random.bytes(number % 20...30)]) }
    case "plain":
      for number in 0..<40 { run("RPUSH", [random.bytes(70_000...70_000) + [UInt8](repeating: 0, count: number * 1000)]) }
    case "stream":
      for number in 1...9000 { _ = keyspace.run("XADD", "key", "\(number)-1", "field", "value \(number % 9)") }
      _ = keyspace.run("XGROUP", "CREATE", "key", "group", "5-1")
      _ = keyspace.run("XREADGROUP", "GROUP", "group", "reader", "COUNT", "500", "STREAMS", "key", ">")
    case "string": run("SET", [Array((0..<100_000).map { "\($0) " }.joined().utf8)])
    default: run("SET", [random.bytes(500_000...500_000)])
    }
  }

  private static func saveAtOnce(_ keyspace: TestKeyspace) -> [UInt8] {
    keyspace.keyspace.beginSnapshot()
    let cut = cut(keyspace)
    while sweep(keyspace) {}
    return cut?.takePart() ?? []
  }

  private static func sweep(_ keyspace: TestKeyspace) -> Bool { keyspace.keyspace.sweepSnapshot(.max) { true } }

  private static func next(_ keyspace: TestKeyspace) -> LargeValueSave? { keyspace.keyspace.nextLargeValue() }

  private static func cut(_ keyspace: TestKeyspace) -> SnapshotCut? { keyspace.keyspace.currentSnapshot }

  /// The large value's turn has come.
  private static func begin(_ keyspace: TestKeyspace) throws -> LargeValueSave {
    keyspace.keyspace.beginSnapshot(slicesValues: true)
    #expect(sweep(keyspace))
    return try #require(next(keyspace))
  }

  private static func advance(_ keyspace: TestKeyspace, _ save: LargeValueSave) {
    keyspace.keyspace.advance(save, .max) { false }
  }

  @Test(arguments: kinds, [true, false])
  func slicesMakeTheSameBytes(_ kind: String, compresses: Bool) throws {
    let keyspace = Self.make(kind, compresses: compresses)
    let whole = Self.saveAtOnce(keyspace)
    let save = try Self.begin(keyspace)
    #expect(save.keyName == Array("key".utf8))
    var slices = 0
    while save.byteCount == nil {
      Self.advance(keyspace, save)
      slices += 1
    }
    #expect(save.byteCount == whole.count)
    // A string that is written as it is need not be looked at.
    let isKnownAtOnce = !compresses && (kind == "string" || kind == "noise")
    #expect(isKnownAtOnce || slices > 2)
    save.place()
    var bytes: [UInt8] = []
    while !save.isOver {
      Self.advance(keyspace, save)
      bytes += save.takeBytes()
    }
    #expect(bytes == whole)
    #expect(Self.next(keyspace) == nil && !Self.sweep(keyspace))
    // The marks are right for the next one.
    #expect(Self.saveAtOnce(keyspace) == whole)
  }

  @Test(arguments: kinds, [0, 1, 3])
  func theRestIsWrittenBeforeAChange(_ kind: String, slices: Int) throws {
    let keyspace = Self.make(kind)
    let whole = Self.saveAtOnce(keyspace)
    let save = try Self.begin(keyspace)
    while save.byteCount == nil { Self.advance(keyspace, save) }
    save.place()
    for _ in 0..<slices { Self.advance(keyspace, save) }
    _ = keyspace.run("DEL", "key")
    #expect(save.isOver && save.takeBytes() == whole)
    let cut = Self.cut(keyspace)
    while Self.sweep(keyspace) {}
    #expect(cut?.takePart() == [])
  }

  @Test(arguments: ["FLUSHALL", "DEL", "cancelled"])
  func whatHasNoPlaceIsWrittenOtherwise(_ change: String) throws {
    let keyspace = Self.make("set")
    let whole = Self.saveAtOnce(keyspace)
    let save = try Self.begin(keyspace)
    let cut = try #require(Self.cut(keyspace))
    Self.advance(keyspace, save)
    switch change {
    case "FLUSHALL": keyspace.keyspace.flushAll()
    case "DEL": _ = keyspace.run("DEL", "key")
    default: keyspace.keyspace.cancelSnapshot()
    }
    #expect(save.isOver && Self.next(keyspace) == nil)
    while Self.sweep(keyspace) {}
    #expect(cut.takePart() == (change == "cancelled" ? [] : whole))
  }

  @Test func swappedDatabasesAreSavedAsTheyWere() throws {
    let keyspace = Self.make("list")
    let whole = Self.saveAtOnce(keyspace)
    keyspace.keyspace.beginSnapshot(slicesValues: true)
    #expect(Self.sweep(keyspace))
    keyspace.keyspace.swapDatabases(0, 1)
    let save = try #require(Self.next(keyspace))
    while save.byteCount == nil { Self.advance(keyspace, save) }
    save.place()
    while !save.isOver { Self.advance(keyspace, save) }
    #expect(save.takeBytes() == whole)
  }
}
