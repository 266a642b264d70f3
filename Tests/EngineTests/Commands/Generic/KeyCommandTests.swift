import RESP
import Testing

@testable import Engine

@Suite struct KeyCommandTests {
  /// Values of every encoding, by what OBJECT ENCODING says.
  static let values = [
    "int": "12345", "embstr": "short", "raw": String(repeating: "x", count: 100),
    "raw, long": String(repeating: "y", count: 5000),
  ]

  @Test func deletingAndCounting() {
    for command in ["DEL", "UNLINK"] {
      var session = KeyspaceSession()
      session.set("a", "1")
      session.set("b", "2", expiry: KeyspaceSession.start)
      session.set("c", "3")
      #expect(session.run("EXISTS", "a", "a", "b", "x") == ":2")
      #expect(session.run("TOUCH", "a", "b", "c") == ":2")
      #expect(session.run(command, "a", "a", "b", "c", "x") == ":2")
      #expect(session.run("DBSIZE") == ":0")
    }
  }

  /// More than are looked ahead for at a time.
  @Test func manyKeysInOneCommand() {
    var session = KeyspaceSession()
    let names = (0..<50).map { "key:\($0)" }
    for name in names { session.set(name, "value") }
    let asked = names + ["missing"] + names.reversed()
    #expect(session.run(["EXISTS"] + asked) == ":100")
    #expect(session.run(["DEL"] + asked) == ":50")
    #expect(session.run("DBSIZE") == ":0")
  }

  @Test func existsCountsHitsAndLeavesTheClockAlone() {
    var session = KeyspaceSession()
    session.set("a", "1")
    session.keyspace.now += 5000
    _ = session.run("EXISTS", "a", "x")
    #expect(session.keyspace.statistics.hits == 1)
    #expect(session.keyspace.statistics.misses == 1)
    #expect(session.run("OBJECT", "IDLETIME", "a") == ":5")
    _ = session.run("TOUCH", "a")
    #expect(session.run("OBJECT", "IDLETIME", "a") == ":0")
  }

  @Test func types() {
    var session = KeyspaceSession()
    session.set("a", "1")
    #expect(session.run("TYPE", "a") == "+string")
    #expect(session.run("TYPE", "x") == "+none")
  }

  @Test(arguments: values.keys.sorted())
  func renamingKeepsValueAndExpiry(encoding: String) throws {
    let value = try #require(Self.values[encoding])
    var session = KeyspaceSession()
    session.set("a", value, expiry: KeyspaceSession.start + 1000)
    session.set("b", String(repeating: "z", count: 3000))
    let changes = session.keyspace.changeCount
    #expect(session.run("RENAME", "a", "b") == "+OK")
    #expect(session.keyspace.changeCount == changes + 2)
    #expect(session.text("b") == value)
    #expect(session.text("a") == nil)
    #expect(session.run("PTTL", "b") == ":1000")
    #expect(session.run("RENAME", "b", "b") == "+OK")
    #expect(session.run("RENAME", "a", "a") == "-ERR no such key")
    #expect(session.run("RENAMENX", "a", "b") == "-ERR no such key")
    #expect(session.run("RENAMENX", "b", "b") == ":0")
    #expect(session.run("RENAMENX", "b", "a-longer-name") == ":1")
    #expect(session.text("a-longer-name") == value)
  }

  @Test(arguments: values.keys.sorted())
  func copying(encoding: String) throws {
    let value = try #require(Self.values[encoding])
    var session = KeyspaceSession()
    session.set("a", value, expiry: KeyspaceSession.start + 1000)
    #expect(session.run("COPY", "a", "b") == ":1")
    #expect(session.run("COPY", "a", "b") == ":0")
    #expect(session.run("COPY", "a", "b", "replace", "DB", "0", "REPLACE") == ":1")
    #expect(session.run("COPY", "a", "a", "DB", "3") == ":1")
    #expect(session.run("DEL", "a") == ":1")
    #expect(session.text("b") == value)
    #expect(session.run("PTTL", "b") == ":1000")
    session.keyspace.select(3)
    #expect(session.text("a") == value)
    #expect(session.run("PTTL", "a") == ":1000")
  }

  @Test(arguments: values.keys.sorted())
  func moving(encoding: String) throws {
    let value = try #require(Self.values[encoding])
    var session = KeyspaceSession()
    session.set("a", value, expiry: KeyspaceSession.start + 1000)
    #expect(session.run("MOVE", "a", "1") == ":1")
    #expect(session.run("MOVE", "a", "1") == ":0")
    session.set("a", "new")
    #expect(session.run("MOVE", "a", "1") == ":0")
    session.keyspace.select(1)
    #expect(session.text("a") == value)
    #expect(session.run("PTTL", "a") == ":1000")
  }

  @Test func swappingDatabases() {
    var session = KeyspaceSession()
    session.set("a", "1")
    #expect(session.run("SWAPDB", "0", "5") == "+OK")
    #expect(session.run("DBSIZE") == ":0")
    session.keyspace.select(5)
    #expect(session.text("a") == "1")
  }

  @Test func flushing() {
    var session = KeyspaceSession()
    session.set("a", "1")
    session.keyspace.select(1)
    session.set("b", "1")
    #expect(session.run("FLUSHDB", "ASYNC") == "+OK")
    #expect(session.keyspace.count == 0)
    #expect(session.keyspace.keyCount(inDatabase: 0) == 1)
    #expect(session.run("FLUSHALL", "sync") == "+OK")
    #expect(session.keyspace.keyCount(inDatabase: 0) == 0)
  }

  @Test func randomKeysAreThoseThatLive() {
    var session = KeyspaceSession()
    #expect(session.keyspace.randomKey() == nil)
    for index in 0..<200 { session.set("dead\(index)", "v", expiry: KeyspaceSession.start) }
    session.set("a", "1")
    session.set("b", "1")
    var seen: Set<String> = []
    for _ in 0..<100 { seen.insert(session.keyspace.randomKey()?.string ?? "none") }
    #expect(seen == ["a", "b"])
  }

  @Test func aRandomKeyIsFoundInATableThatIsAllButEmpty() {
    var session = KeyspaceSession()
    for index in 0..<20_000 { session.set("k\(index)", "v") }
    for index in 0..<20_000 where index != 777 { _ = session.run("DEL", "k\(index)") }
    for _ in 0..<20 { #expect(session.keyspace.randomKey()?.string == "k777") }
  }

  @Test func objectFacts() {
    for (encoding, value) in Self.values {
      var session = KeyspaceSession()
      session.set("a", value)
      let name = encoding.prefix { $0 != "," }
      #expect(session.run("OBJECT", "ENCODING", "a") == "$\(name.count)\(name)")
      #expect(session.run("object", "refcount", "a") == ":1")
      #expect(session.run("OBJECT", "ENCODING", "x") == "$-1")
      #expect(
        session.run("OBJECT", "FREQ", "a").hasPrefix(
          "-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please"))
    }
    var options = Keyspace.Options()
    options.countsFrequency = true
    var session = KeyspaceSession(options)
    session.set("a", "1")
    #expect(session.run("OBJECT", "FREQ", "a") == ":5")
    #expect(session.run("OBJECT", "FREQ", "x") == "$-1")
    #expect(
      session.run("OBJECT", "IDLETIME", "a").hasPrefix(
        "-ERR An LFU maxmemory policy is selected, idle time not tracked. Please"))
    #expect(session.run("OBJECT", "HELP").hasPrefix("*12+OBJECT <subcommand> [<arg>"))
  }

  /// Words in a keyspace where `s` is a string, and what Redis replies.
  @Test(arguments: [
    ("SWAPDB x 0", "ERR invalid first DB index"), ("SWAPDB 0 x", "ERR invalid second DB index"),
    ("SWAPDB 0 99", "ERR DB index is out of range"),
    ("SWAPDB 99 x", "ERR invalid second DB index"),
    ("SWAPDB -1 0", "ERR DB index is out of range"),
    ("SWAPDB 99999999999 0", "ERR invalid first DB index"),
    ("MOVE s x", "ERR value is not an integer or out of range"),
    ("MOVE s 99", "ERR DB index is out of range"),
    ("MOVE s 0", "ERR source and destination objects are the same"),
    ("MOVE nokey 0", "ERR source and destination objects are the same"),
    ("COPY s t DB x", "ERR value is not an integer or out of range"),
    ("COPY s t DB 99", "ERR DB index is out of range"),
    (
      "COPY s t DB 4294967296",
      "ERR value is out of range, value must between -2147483648 and 2147483647"
    ),
    ("COPY s t DB -1", "ERR DB index is out of range"),
    ("SWAPDB 0 99999999999", "ERR invalid second DB index"),
    ("SORT no LIMIT 0 9999999999999999999", "ERR value is not an integer or out of range"),
    ("COPY s s", "ERR source and destination objects are the same"),
    ("COPY no no", "ERR source and destination objects are the same"),
    ("COPY s t DB", "ERR syntax error"), ("COPY s t foo", "ERR syntax error"),
    ("FLUSHDB foo", "ERR syntax error"), ("FLUSHALL sync async", "ERR syntax error"),
    ("FLUSHALL x y", "ERR syntax error"),
    ("RESTORE n 0 x", "ERR DUMP payload version or checksum are wrong"),
    ("RESTORE n -1 x", "ERR Invalid TTL value, must be >= 0"),
    ("RESTORE n x x", "ERR value is not an integer or out of range"),
    ("RESTORE n 0 x foo", "ERR syntax error"),
    ("RESTORE n 0 x IDLETIME -1", "ERR Invalid IDLETIME value, must be >= 0"),
    ("RESTORE n 0 x IDLETIME x", "ERR value is not an integer or out of range"),
    ("RESTORE n 0 x FREQ 256", "ERR Invalid FREQ value, must be >= 0 and <= 255"),
    ("RESTORE n 0 x IDLETIME 1 FREQ 1", "ERR syntax error"),
    ("RESTORE n 0 x FREQ", "ERR syntax error"),
    ("RESTORE s 0 x", "BUSYKEY Target key name already exists."),
    ("RESTORE s x x REPLACE", "ERR value is not an integer or out of range"),
    ("SORT s", "WRONGTYPE Operation against a key holding the wrong kind of value"),
    ("SORT s LIMIT x 0", "ERR value is not an integer or out of range"),
    ("SORT s LIMIT 0", "ERR syntax error"), ("SORT s foo", "ERR syntax error"),
    ("SORT s BY", "ERR syntax error"), ("SORT s GET", "ERR syntax error"),
    ("SORT_RO no STORE x", "ERR syntax error"),
  ])
  func errors(line: String, message: String) {
    var session = KeyspaceSession()
    session.set("s", "abc")
    let changes = session.keyspace.changeCount
    let words = line.split(separator: " ").map { Array($0.utf8) }
    #expect(String(decoding: session.run(words), as: UTF8.self) == "-\(message)\r\n")
    #expect(session.keyspace.changeCount == changes)
    #expect(session.text("s") == "abc")
  }

  @Test func restoringSetsExpiryAndClock() {
    var session = KeyspaceSession()
    let payload = hexBytes("00c0400a002d1a265ebaed03f5")
    func restore(_ session: inout KeyspaceSession, _ ttl: String, _ options: String...) -> String {
      let words = [Array("RESTORE".utf8), Array("k".utf8), Array(ttl.utf8), payload]
      let reply = session.run(words + options.map { Array($0.utf8) })
      return String(decoding: reply.dropLast(2), as: UTF8.self)
    }
    #expect(restore(&session, "5000") == "+OK")
    #expect(session.run("PTTL", "k") == ":5000")
    #expect(restore(&session, "1700000001000", "REPLACE", "ABSTTL", "IDLETIME", "90") == "+OK")
    #expect(session.run("PTTL", "k") == ":1000")
    #expect(session.run("OBJECT", "IDLETIME", "k") == ":90")
    #expect(restore(&session, "1", "ABSTTL", "REPLACE") == "+OK")
    #expect(session.keyspace.count == 0)
    #expect(restore(&session, "1", "ABSTTL") == "+OK")
    #expect(session.keyspace.count == 0)
  }

  @Test func sortingNothing() {
    var session = KeyspaceSession()
    session.set("d", "old")
    #expect(
      session.run("SORT", "no", "BY", "w_*->f", "LIMIT", "0", "5", "GET", "#", "DESC", "ALPHA")
        == "*0")
    #expect(session.run("SORT_RO", "no") == "*0")
    #expect(session.run("SORT", "no", "STORE", "d") == ":0")
    #expect(session.keyspace.count == 0)
  }

  @Test(arguments: [
    ("SORT a BY x STORE d STORE e", [1, 7]), ("SORT a BY STORE d", [1]), ("SORT a", [1]),
    ("SORT a GET STORE LIMIT STORE 1 STORE z", [1, 8]), ("SORT a STORE", [1]),
  ])
  func sortFindsItsKeys(line: String, positions: [Int]) {
    Arguments.with(line.split(separator: " ").map { Array($0.utf8) }) { arguments in
      #expect(Command.sort.keyPositions(in: arguments) == positions)
    }
  }

  @Test func waitOptions() throws {
    func parse(_ count: String, _ timeout: String) -> String {
      Arguments.with([Array("WAIT".utf8), Array(count.utf8), Array(timeout.utf8)]) { arguments in
        do throws(CommandError) {
          let options = try WaitOptions(arguments, now: KeyspaceSession.start)
          return "\(options.replicaCount) \(options.timeoutMilliseconds)"
        } catch {
          return String(decoding: error.message, as: UTF8.self)
        }
      }
    }
    #expect(parse("-1", "100") == "-1 100")
    #expect(parse("x", "x") == "ERR value is not an integer or out of range")
    #expect(parse("0", "x") == "ERR timeout is not an integer or out of range")
    #expect(parse("0", "-1") == "ERR timeout is negative")
    #expect(parse("0", "9223372036854775807") == "ERR timeout is out of range")
  }
}
