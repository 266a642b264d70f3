import Engine
import Testing

@Suite struct EXPIRETests {
  private static let now = KeyspaceSession.start

  @Test(arguments: [
    ("EXPIRE", "100", now + 100_000), ("PEXPIRE", "100", now + 100),
    ("EXPIREAT", "1800000000", 1_800_000_000_000),
    ("PEXPIREAT", "1800000000123", 1_800_000_000_123),
    ("PEXPIREAT", "9223372036854775807", Int64.max),
  ])
  func expiryIsSet(command: String, time: String, expected: Int64) {
    var session = KeyspaceSession()
    session.set("k", "v")
    #expect(session.run(command, "k", time) == ":1")
    #expect(session.run("PEXPIRETIME", "k") == ":\(expected)")
    #expect(session.run(command, "missing", time) == ":0")
    #expect(session.text("k") == "v")
  }

  @Test(arguments: [
    ("EXPIRE", "0"), ("EXPIRE", "-1"), ("PEXPIRE", "-9223372036854775808"), ("EXPIREAT", "1"),
    ("PEXPIREAT", "1700000000000"),
  ])
  func aTimeThatHasPassedDeletes(command: String, time: String) {
    var session = KeyspaceSession()
    session.set("k", "v")
    let changes = session.keyspace.changeCount
    #expect(session.run(command, "k", time) == ":1")
    #expect(session.keyspace.count == 0)
    #expect(session.keyspace.changeCount == changes + 1)
  }

  @Test(arguments: [
    ("EXPIRE", "9223372036854775807"), ("EXPIRE", "9223372036854775"),
    ("EXPIRE", "-9223372036854776"), ("PEXPIRE", "9223372036854775807"),
    ("EXPIREAT", "9223372036854775807"), ("EXPIREAT", "-9223372036854775808"),
  ])
  func timesThatOverflowAreErrors(command: String, time: String) {
    var session = KeyspaceSession()
    session.set("k", "v")
    let name = command.lowercased()
    #expect(session.run(command, "k", time) == "-ERR invalid expire time in '\(name)' command")
    #expect(session.run("TTL", "k") == ":-1")
  }

  /// Condition, expiry before (nil: none) and after now, reply.
  @Test(
    arguments: [
      ("NX", nil, 50, 1), ("NX", 100, 50, 0), ("XX", nil, 50, 0), ("XX", 100, 50, 1),
      ("GT", nil, 50, 0), ("GT", 100, 50, 0), ("GT", 100, 100, 0), ("GT", 100, 150, 1),
      ("LT", nil, 50, 1), ("LT", 100, 50, 1), ("LT", 100, 100, 0), ("LT", 100, 150, 0),
      ("lt", 100, -5, 1),
    ] as [(String, Int64?, Int64, Int)])
  func conditions(condition: String, before: Int64?, after: Int64, reply: Int) {
    var session = KeyspaceSession()
    session.set("k", "v", expiry: before.map { Self.now + $0 })
    #expect(session.run("PEXPIRE", "k", "\(after)", condition) == ":\(reply)")
    let left = reply == 1 ? after : before ?? -1
    #expect(session.run("PTTL", "k") == ":\(left < -1 ? -2 : left)")
  }

  @Test(arguments: [
    (["10", "foo"], "ERR Unsupported option foo"), (["x", "foo"], "ERR Unsupported option foo"),
    (["x"], "ERR value is not an integer or out of range"),
    (["x", "NX"], "ERR value is not an integer or out of range"),
    (["10", "n\r\nx"], "ERR Unsupported option nx"),
    (["10", "NX", "XX"], "ERR NX and XX, GT or LT options at the same time are not compatible"),
    (["10", "GT", "LT"], "ERR GT and LT options at the same time are not compatible"),
    (
      ["10", "NX", "GT", "LT"],
      "ERR NX and XX, GT or LT options at the same time are not compatible"
    ),
  ])
  func errors(words: [String], message: String) {
    var session = KeyspaceSession()
    session.set("k", "v")
    let reply = session.run((["EXPIRE", "k"] + words).map { Array($0.utf8) })
    let text = String(decoding: reply.dropLast(2), as: UTF8.self)
    #expect(text.filter { $0 != " " } == "-\(message)".filter { $0 != " " })
  }

  @Test func timesAreRoundedToSeconds() {
    var session = KeyspaceSession()
    session.set("k", "v", expiry: Self.now + 1499)
    #expect(session.run("TTL", "k") == ":1")
    #expect(session.run("PTTL", "k") == ":1499")
    #expect(session.run("EXPIRETIME", "k") == ":1700000001")
    session.keyspace.now -= 1
    #expect(session.run("TTL", "k") == ":2")
    for command in ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"] {
      #expect(session.run(command, "missing") == ":-2")
      session.set("forever", "v")
      #expect(session.run(command, "forever") == ":-1")
    }
  }

  @Test func persistTakesTheExpiryAway() {
    var session = KeyspaceSession()
    session.set("k", "v", expiry: Self.now + 100)
    #expect(session.run("PERSIST", "k") == ":1")
    #expect(session.run("PERSIST", "k") == ":0")
    #expect(session.run("PERSIST", "missing") == ":0")
    session.keyspace.now += 200
    #expect(session.text("k") == "v")
  }

  @Test func anExpiredKeyIsGone() {
    var session = KeyspaceSession()
    session.set("k", "v", expiry: Self.now + 100)
    session.keyspace.now += 100
    #expect(session.run("PEXPIRE", "k", "5") == ":0")
    #expect(session.keyspace.count == 0)
  }
}
