import RESP
import TestSupport
import Testing

@testable import Engine

/// Blocks that move. Goal: nobody can tell, whatever the encoding; and what is claimed stays where it is. Method: sweeps that move
/// every block, and for the choice of blocks a heap of slabs that are mostly empty.
@Suite struct DefragmentationTests {
  private static let commands =
    CommandTable.generic + CommandTable.string + CommandTable.hash + CommandTable.list + CommandTable.set
    + CommandTable.sortedSet + CommandTable.stream

  private static func keyspace(seed: UInt64 = 1) -> TestKeyspace {
    var options = Keyspace.Options()
    options.databaseCount = 2
    options.listCompressDepth = 1
    options.listListpackSize = 8
    options.streamNodeEntriesMax = 5
    return TestKeyspace(commands, options: options, seed: seed)
  }

  /// Moves all blocks there are.
  private static func moveAll(_ test: TestKeyspace) {
    var mover = Keyspace.Mover(.all)
    while test.keyspace.defragment(&mover, mayMove: nil, while: { true }) {}
  }

  /// A key of each encoding, small and large.
  private static func fill(_ test: TestKeyspace) {
    _ = test.run("SET", "embedded", "abc")
    _ = test.run("SET", "integer", "12345", "PX", "100000")
    _ = test.run("SET", "inline", String(repeating: "i", count: 300))
    _ = test.run("SET", "buffer", String(repeating: "b", count: 3000))
    _ = test.run("SETRANGE", "grown", "100", "x")
    _ = test.run("APPEND", "grown", String(repeating: "y", count: 700))
    _ = test.run("SADD", "intset", "1", "2", "70000")
    _ = test.run("SADD", "listpack set", "a", "b")
    _ = test.run("HSET", "listpack hash", "f", "v", "g", "w")
    _ = test.run("HSET", "timed hash", "f", "v", "g", "w")
    _ = test.run("HPEXPIRE", "timed hash", "50000", "FIELDS", "1", "f")
    _ = test.run("ZADD", "listpack zset", "1", "a", "2", "b")
    _ = test.run("RPUSH", "listpack list", "a", "b")
    for index in 0..<3000 {
      _ = test.run("SADD", "set", "member\(index)")
      _ = test.run("HSET", "hash", "field\(index)", "value\(index)")
      _ = test.run("ZADD", "zset", "\(index % 700)", "member\(index)")
      _ = test.run("RPUSH", "list", "element\(index)", String(repeating: "c", count: index % 90))
      _ = test.run("XADD", "stream", "\(index + 1)-1", "field", "value\(index)")
    }
    _ = test.run("HPEXPIRE", "hash", "60000", "FIELDS", "2", "field1", "field2999")
    _ = test.run("RPUSH", "list", String(repeating: "plain", count: 3000))
    for group in ["one", "two"] {
      _ = test.run("XGROUP", "CREATE", "stream", group, "0")
      for consumer in ["alice", "bob"] {
        _ = test.run("XREADGROUP", "GROUP", group, consumer, "COUNT", "700", "STREAMS", "stream", ">")
      }
    }
  }

  private static let names = [
    "embedded", "integer", "inline", "buffer", "grown", "intset", "listpack set", "listpack hash", "timed hash",
    "listpack zset", "listpack list", "set", "hash", "zset", "list", "stream",
  ]

  /// Where the entry of a key is, and what its value's word is.
  private static func place(_ test: TestKeyspace, _ key: String) -> (entry: Int, word: Int) {
    ByteView.with(Array(key.utf8)) { key in
      let table = unsafe test.keyspace.database
      guard let slot = unsafe table.pointee.table.find(key, KeyHash(key, seed: test.keyspace.seed)) else {
        return (0, 0)
      }
      let block = unsafe DashTable.block(slot.pointee)
      return unsafe (Int(bitPattern: block.base), block.valueCount == 8 ? block.word : 0)
    }
  }

  private static func checkInvariants(_ test: TestKeyspace) {
    unsafe test.keyspace.database.pointee.table.checkInvariants()
    var position: UInt64? = 0
    while let current = position {
      position = unsafe test.keyspace.database.pointee.table.visitSegment(from: current) { slot in
        let block = unsafe DashTable.block(slot.pointee)
        guard block.encoding == .structure else { return }
        switch block.type {
        case .list: Quicklist(bits: block.word).checkInvariants()
        case .set, .hash: unsafe ElementTable(bits: block.word).table.pointee.checkInvariants()
        case .sortedSet:
          let index = SortedSetIndex(bits: block.word)
          index.tree.checkInvariants()
          unsafe index.members.table.pointee.checkInvariants()
          // What the tree points to is what the table has.
          index.tree.forEach(from: 0, count: index.count) { member, score in
            #expect(index.score(of: member) == score)
          }
        case .stream: Boxed<Stream>(bits: block.word).body.nodes.checkInvariants()
        case .string: break
        }
      }
    }
  }

  @Test func allThatMovesStaysWhatItIs() {
    let test = Self.keyspace()
    Self.fill(test)
    let dumps = Self.names.map { test.runRaw([Array("DUMP".utf8), Array($0.utf8)]) }
    let places = Self.names.map { Self.place(test, $0) }
    let changes = test.changeCount
    let idle = test.run("OBJECT", "IDLETIME", "embedded")
    let pending = test.run("XPENDING", "stream", "one")
    Self.moveAll(test)
    for (name, old) in zip(Self.names, places) {
      let new = Self.place(test, name)
      #expect(new.entry != old.entry, "\(name) has not moved")
    }
    for _ in 0..<2 {
      Self.checkInvariants(test)
      Self.moveAll(test)
    }
    Self.checkInvariants(test)
    for (index, name) in Self.names.enumerated() {
      #expect(test.runRaw([Array("DUMP".utf8), Array(name.utf8)]) == dumps[index], "\(name)")
    }
    #expect(test.changeCount == changes)
    #expect(test.run("PTTL", "integer") == .integer(100_000))
    #expect(test.run("OBJECT", "IDLETIME", "embedded") == idle)
    #expect(test.run("XPENDING", "stream", "one") == pending)
    // Entries, elements and nodes, three times.
    #expect(test.keyspace.statistics.movedBlocks > 3 * 10_000)
    #expect(test.keyspace.statistics.unmovedBlocks == 0)
    #expect(test.keyspace.statistics.movedKeys == 3 * Self.names.count)
  }

  @Test func whatIsClaimedStays() {
    let test = Self.keyspace()
    Self.fill(test)
    let claimed: Set = ["embedded", "buffer", "intset", "hash", "zset", "list", "stream"]
    let seed = test.keyspace.seed
    let hashes = Set(claimed.map { name in ByteView.with(Array(name.utf8)) { KeyHash($0, seed: seed).rawValue } })
    let before = claimed.map { ($0, Self.place(test, $0)) }
    let free = Self.place(test, "set")
    var mover = Keyspace.Mover(.all)
    while test.keyspace.defragment(&mover, mayMove: { !hashes.contains($0.rawValue) }, while: { true }) {}
    for (name, place) in before { #expect(Self.place(test, name) == place, "\(name)") }
    #expect(Self.place(test, "set") != free)
  }

  /// Two keyspaces of one seed get the same commands; in one of them blocks move all the time.
  @Test(arguments: [UInt64(1), 2, 3, 4])
  func commandsInBetweenGiveTheSameReplies(seed: UInt64) {
    let moved = Self.keyspace(seed: seed)
    let still = Self.keyspace(seed: seed)
    var random = SeededGenerator(seed: seed)
    var mover = Keyspace.Mover(.all)
    for round in 0..<6000 {
      let words = Self.command(&random)
      #expect(moved.run(words) == still.run(words), "\(words), seed \(seed), round \(round)")
      var steps = Int.random(in: 0..<4, using: &random)
      if steps > 0 {
        _ = moved.keyspace.defragment(&mover, mayMove: nil) {
          steps -= 1
          return steps > 0
        }
      }
      if round % 1000 == 999 { Self.checkInvariants(moved) }
    }
    #expect(moved.keyspace.statistics.movedBlocks > 10_000)
    for type in ["string", "hash", "set", "zset", "list", "stream"] {
      for index in 0..<3 {
        let words = [Array("DUMP".utf8), Array("\(type)\(index)".utf8)]
        #expect(moved.runRaw(words) == still.runRaw(words), "\(type)\(index), seed \(seed)")
      }
    }
  }

  private static func command(_ random: inout SeededGenerator) -> [String] {
    let index = Int.random(in: 0..<3, using: &random)
    let element = "e\(Int.random(in: 0..<900, using: &random))"
    let number = "\(Int.random(in: 0..<900, using: &random))"
    let choices: [[String]] = [
      ["SET", "string\(index)", String(repeating: "s", count: Int.random(in: 0..<2000, using: &random))],
      ["APPEND", "string\(index)", element], ["GET", "string\(index)"], ["DEL", "string\(index)"],
      ["HSET", "hash\(index)", element, number], ["HSET", "hash\(index)", element, String(repeating: "h", count: 100)],
      ["HDEL", "hash\(index)", element], ["HGET", "hash\(index)", element], ["HSCAN", "hash\(index)", "0"],
      ["SADD", "set\(index)", element], ["SADD", "set\(index)", number], ["SREM", "set\(index)", element],
      ["SPOP", "set\(index)"], ["SUNIONSTORE", "set\(index)", "set0", "set1"],
      ["ZADD", "zset\(index)", number, element], ["ZADD", "zset\(index)", number, element, number, number],
      ["ZREM", "zset\(index)", element], ["ZPOPMIN", "zset\(index)"], ["ZRANGE", "zset\(index)", "0", "20", "WITHSCORES"],
      ["ZRANK", "zset\(index)", element], ["ZINCRBY", "zset\(index)", number, element],
      ["RPUSH", "list\(index)", element, number], ["LPUSH", "list\(index)", number], ["LPOP", "list\(index)"],
      ["LINSERT", "list\(index)", "BEFORE", element, "x"], ["LREM", "list\(index)", "1", element],
      ["LRANGE", "list\(index)", "0", "10"],
      ["XADD", "stream\(index)", "*", element, number], ["XTRIM", "stream\(index)", "MAXLEN", "300"],
      ["XGROUP", "CREATE", "stream\(index)", "g\(index)", "0"], ["XLEN", "stream\(index)"],
      ["XREADGROUP", "GROUP", "g\(index)", element, "COUNT", "9", "STREAMS", "stream\(index)", ">"],
      ["XAUTOCLAIM", "stream\(index)", "g\(index)", element, "0", "0", "COUNT", "20"],
      ["RENAME", "zset\(index)", "zset0"], ["COPY", "hash0", "hash\(index)", "REPLACE"],
    ]
    // Mostly what adds, so that values become large.
    let growing = [4, 9, 14, 15, 21, 27, 27, 31]
    let choice =
      Bool.random(using: &random)
      ? growing[Int.random(in: 0..<growing.count, using: &random)] : Int.random(in: 0..<choices.count, using: &random)
    return choices[choice]
  }

  @Test func aSnapshotUnderWayHasEverythingOnce() {
    let test = Self.keyspace()
    for index in 0..<5000 { _ = test.run("SET", "key\(index)", String(repeating: "v", count: index % 300)) }
    Self.fill(test)
    test.keyspace.beginSnapshot()
    guard let cut = test.keyspace.currentSnapshot else { return }
    var byteCount = 0
    var savedCount = 0
    var mover = Keyspace.Mover(.all)
    var goesOn = true
    while goesOn {
      goesOn = test.keyspace.sweepSnapshot(1 << 20) { false }
      savedCount += cut.takeSavedCount()
      byteCount += cut.takePart().count
      _ = test.keyspace.defragment(&mover, mayMove: nil) { Bool.random() }
      _ = test.run("SET", "key\(byteCount % 5000)", "new")
    }
    #expect(savedCount == 5000 + Self.names.count)
    // The names, and of the values what compression leaves.
    #expect(byteCount > 5000 * 20)
  }

  @Test func aTableMayBecomeSmallerInTheMiddleOfASweep() {
    let test = Self.keyspace()
    for index in 0..<2000 { _ = test.run("SET", "key\(index)", "v") }
    var mover = Keyspace.Mover(.all)
    for stepsMax in 1..<12 {
      var steps = stepsMax
      _ = test.keyspace.defragment(&mover, mayMove: nil) {
        steps -= 1
        return steps > 0
      }
      _ = test.run("FLUSHALL")
      for index in 0..<stepsMax { _ = test.run("SET", "key\(index)", "v") }
    }
    while test.keyspace.defragment(&mover, mayMove: nil, while: { true }) {}
    Self.checkInvariants(test)
    #expect(test.run("GET", "key0") == .text("v"))
  }

  /// Of blocks side by side in slabs three quarters go; those that are left come together, and then stay where they are.
  @Test func blocksOfEmptySlabsComeTogether() {
    let test = Self.keyspace()
    let value = String(repeating: "v", count: 90)
    let count = 200_000
    for index in 0..<count { _ = test.run("SET", "key\(index)", value) }
    for index in 0..<count where index % 4 != 0 { _ = test.run("DEL", "key\(index)") }
    var mover = Keyspace.Mover()
    for _ in 0..<4 {
      while test.keyspace.defragment(&mover, mayMove: nil, while: { true }) {}
    }
    let moved = test.keyspace.statistics.movedBlocks
    #expect(moved > count / 8)
    while test.keyspace.defragment(&mover, mayMove: nil, while: { true }) {}
    #expect(test.keyspace.statistics.movedBlocks - moved < count / 40)
    #expect(test.run("GET", "key0") == .text(value))
    Self.checkInvariants(test)
  }
}
