import RESP
import TestSupport
import Testing

@testable import Engine

extension TestKeyspace {
  static var streams: TestKeyspace {
    TestKeyspace(CommandTable.stream + CommandTable.generic + CommandTable.string)
  }

  /// A stream `s` of entries 1-0 to `count`-0.
  static func stream(count: Int) -> TestKeyspace {
    let keyspace = TestKeyspace.streams
    for number in 1...count { _ = keyspace.run("XADD", "s", "\(number)-0", "f", "\(number)") }
    return keyspace
  }

  /// The IDs of a reply of entries.
  func ids(_ words: String...) -> [String] { Self.ids(run(words)) }

  static func ids(_ reply: Reply) -> [String] {
    guard case .array(let entries) = reply else { return [] }
    return entries.map { entry in
      guard case .array(let parts) = entry, case .bulk(let id)? = parts.first else { return "?" }
      return String(decoding: id, as: UTF8.self)
    }
  }

  /// What one XREAD or XREADGROUP of one stream found.
  func readIDs(_ words: String...) -> [String]? {
    guard case .array(let streams) = run(words), case .array(let parts)? = streams.first else {
      return nil
    }
    return Self.ids(parts[1])
  }
}

@Suite struct StreamCommandTests {
  static let invalidID = Reply.error("ERR Invalid stream ID specified as stream command argument")

  // MARK: XADD

  @Test func `an automatic ID is the time, and grows when the clock stands or goes back`() {
    let keyspace = TestKeyspace.streams
    keyspace.now = 5000
    #expect(keyspace.run("XADD", "s", "*", "a", "b") == .text("5000-0"))
    #expect(keyspace.run("XADD", "s", "*", "a", "b") == .text("5000-1"))
    keyspace.now = 4000
    #expect(keyspace.run("XADD", "s", "*", "a", "b") == .text("5000-2"))
    #expect(keyspace.run("XADD", "s", "5000-*", "a", "b") == .text("5000-3"))
    #expect(keyspace.run("XADD", "s", "6000-*", "a", "b") == .text("6000-0"))
  }

  @Test func `an ID must be above the last one`() {
    let keyspace = TestKeyspace.stream(count: 3)
    let tooSmall = Reply.error(
      "ERR The ID specified in XADD is equal or smaller than the target stream top item")
    #expect(keyspace.run("XADD", "s", "3-0", "a", "b") == tooSmall)
    #expect(keyspace.run("XADD", "s", "2-*", "a", "b") == tooSmall)
    #expect(
      keyspace.run("XADD", "t", "0-0", "a", "b")
        == .error("ERR The ID specified in XADD must be greater than 0-0"))
    #expect(keyspace.run("EXISTS", "t") == .integer(0))
    let last = "18446744073709551615-18446744073709551615"
    #expect(keyspace.run("XADD", "s", last, "a", "b") == .text(last))
    #expect(
      keyspace.run("XADD", "s", "*", "a", "b")
        == .error(
          "ERR The stream has exhausted the last possible ID, unable to add more items"))
    #expect(keyspace.run("XSETID", "s", "0-1") != .ok)
  }

  @Test func `malformed additions change nothing`() {
    let keyspace = TestKeyspace.stream(count: 1)
    let changes = keyspace.changeCount
    for words in [
      ["XADD", "s", "*", "a"], ["XADD", "s", "*", "a", "b", "c"],
      ["XADD", "s", "MAXLEN", "x", "*", "a", "b"],
      ["XADD", "s", "abc", "a", "b"], ["XADD", "s", "LIMIT", "3", "*", "a", "b"],
      ["XADD", "s", "MAXLEN", "1", "MINID", "1", "*", "a", "b"],
      ["XADD", "s", "MAXLEN", "-1", "*", "a", "b"],
      ["XADD", "s", "MAXLEN", "=", "5", "LIMIT", "2", "*", "a", "b"],
    ] {
      guard case .error = keyspace.run(words) else {
        Issue.record("\(words) is no error")
        continue
      }
    }
    #expect(keyspace.changeCount == changes)
    #expect(keyspace.run("XLEN", "s") == .integer(1))
    #expect(keyspace.run("XADD", "t", "NOMKSTREAM", "*", "a", "b") == .null)
    #expect(keyspace.run("EXISTS", "t") == .integer(0))
  }

  @Test func `commands on another type are refused`() {
    let keyspace = TestKeyspace.streams
    _ = keyspace.run("SET", "k", "v")
    for words in [
      ["XADD", "k", "*", "a", "b"], ["XLEN", "k"], ["XRANGE", "k", "-", "+"], ["XDEL", "k", "1"],
      ["XTRIM", "k", "MAXLEN", "1"], ["XREAD", "STREAMS", "k", "0"],
      ["XGROUP", "CREATE", "k", "g", "0"],
      ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "k", ">"], ["XACK", "k", "g", "1"],
      ["XPENDING", "k", "g"], ["XCLAIM", "k", "g", "c", "0", "1"],
      ["XAUTOCLAIM", "k", "g", "c", "0", "0"],
      ["XINFO", "STREAM", "k"], ["XSETID", "k", "1"], ["XDELEX", "k", "IDS", "1", "1"],
      ["XACKDEL", "k", "g", "IDS", "1", "1"],
    ] { #expect(keyspace.run(words) == .wrongType, "\(words)") }
  }

  // MARK: Ranges, deletion

  @Test func `ranges include their ends or not, in either direction`() {
    let keyspace = TestKeyspace.stream(count: 5)
    #expect(keyspace.ids("XRANGE", "s", "2", "4") == ["2-0", "3-0", "4-0"])
    #expect(keyspace.ids("XRANGE", "s", "(2-0", "(4-0") == ["3-0"])
    #expect(keyspace.ids("XRANGE", "s", "-", "+", "COUNT", "2") == ["1-0", "2-0"])
    #expect(keyspace.ids("XREVRANGE", "s", "+", "-", "COUNT", "2") == ["5-0", "4-0"])
    #expect(keyspace.ids("XREVRANGE", "s", "(4", "2") == ["4-0", "3-0", "2-0"])
    #expect(keyspace.run("XRANGE", "s", "-", "+", "COUNT", "0") == .nullArray)
    #expect(keyspace.run("XRANGE", "none", "-", "+") == .array([]))
    #expect(keyspace.run("XRANGE", "s", "(-", "+") == Self.invalidID)
  }

  @Test func `a stream without entries stays, with its last ID`() {
    let keyspace = TestKeyspace.stream(count: 3)
    #expect(keyspace.run("XDEL", "s", "1", "2", "3", "4", "1") == .integer(3))
    #expect(keyspace.run("EXISTS", "s") == .integer(1))
    #expect(keyspace.ids("XRANGE", "s", "-", "+") == [])
    guard case .error = keyspace.run("XADD", "s", "3-0", "a", "b") else {
      Issue.record("the last ID is forgotten")
      return
    }
    #expect(keyspace.run("XADD", "s", "3-1", "a", "b") == .text("3-1"))
  }

  @Test func `an approximate cut takes whole nodes, an exact one single entries`() {
    let keyspace = TestKeyspace.stream(count: 250)
    #expect(keyspace.run("XTRIM", "s", "MAXLEN", "~", "120") == .integer(100))
    #expect(keyspace.run("XTRIM", "s", "MAXLEN", "~", "0", "LIMIT", "10") == .integer(0))
    #expect(keyspace.run("XTRIM", "s", "MINID", "131") == .integer(30))
    #expect(keyspace.run("XTRIM", "s", "MAXLEN", "=", "5") == .integer(115))
    #expect(keyspace.ids("XRANGE", "s", "-", "+").first == "246-0")
    #expect(keyspace.run("XADD", "s", "MAXLEN", "2", "300-0", "a", "b") == .text("300-0"))
    #expect(keyspace.ids("XRANGE", "s", "-", "+") == ["250-0", "300-0"])
  }

  // MARK: Groups

  @Test func `each entry goes to one consumer, and is pending until acknowledged`() {
    let keyspace = TestKeyspace.stream(count: 5)
    #expect(keyspace.run("XGROUP", "CREATE", "s", "g", "1") == .ok)
    let more = ["XREADGROUP", "GROUP", "g"]
    #expect(
      keyspace.readIDs(more[0], more[1], more[2], "a", "COUNT", "2", "STREAMS", "s", ">") == [
        "2-0", "3-0",
      ])
    #expect(
      keyspace.readIDs(more[0], more[1], more[2], "b", "STREAMS", "s", ">") == ["4-0", "5-0"])
    #expect(keyspace.run("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">") == .nullArray)
    #expect(keyspace.readIDs(more[0], more[1], more[2], "a", "STREAMS", "s", "2") == ["3-0"])
    #expect(keyspace.run("XACK", "s", "g", "2-0", "4-0", "9-0") == .integer(2))
    #expect(
      keyspace.run("XPENDING", "s", "g")
        == .array([
          .integer(2), .text("3-0"), .text("5-0"),
          .array([.texts("a", "1"), .texts("b", "1")]),
        ]))
    _ = keyspace.run("XDEL", "s", "3-0")
    #expect(
      keyspace.run("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", "0")
        == .array([.array([.text("s"), .array([.array([.text("3-0"), .nullArray])])])]))
    #expect(keyspace.run("XGROUP", "DELCONSUMER", "s", "g", "a") == .integer(1))
    #expect(keyspace.run("XGROUP", "DESTROY", "s", "g") == .integer(1))
    #expect(keyspace.run("XGROUP", "DESTROY", "s", "g") == .integer(0))
  }

  @Test func `a claim takes what has been idle for long enough`() {
    let keyspace = TestKeyspace.stream(count: 4)
    _ = keyspace.run("XGROUP", "CREATE", "s", "g", "0")
    _ = keyspace.run("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">")
    keyspace.now += 1000
    #expect(keyspace.run("XCLAIM", "s", "g", "b", "2000", "1-0") == .array([]))
    #expect(keyspace.ids("XCLAIM", "s", "g", "b", "1000", "1-0", "7-0") == ["1-0"])
    #expect(
      keyspace.run("XPENDING", "s", "g", "-", "+", "10", "b")
        == .array([.array([.text("1-0"), .text("b"), .integer(0), .integer(2)])]))
    _ = keyspace.run("XDEL", "s", "2-0")
    #expect(
      keyspace.run("XAUTOCLAIM", "s", "g", "c", "500", "0", "COUNT", "2", "JUSTID")
        == .array([.text("4-0"), .texts("3-0"), .texts("2-0")]))
    #expect(
      keyspace.run("XAUTOCLAIM", "s", "g", "c", "500", "(3-0")
        == .array([.text("0-0"), .array([.array([.text("4-0"), .texts("f", "4")])]), .array([])]))
  }

  @Test func `what a group has read is known as long as deletions leave no hole`() {
    let keyspace = TestKeyspace.stream(count: 10)
    _ = keyspace.run("XGROUP", "CREATE", "s", "g", "0")
    _ = keyspace.run("XREADGROUP", "GROUP", "g", "a", "COUNT", "4", "STREAMS", "s", ">")
    #expect(progress(keyspace) == [.integer(4), .integer(6)])
    _ = keyspace.run("XDEL", "s", "8-0")
    #expect(progress(keyspace) == [.integer(4), .null])
    _ = keyspace.run("XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">")
    #expect(progress(keyspace) == [.integer(10), .integer(0)])
  }

  private func progress(_ keyspace: TestKeyspace) -> [Reply] {
    guard case .array(let groups) = keyspace.run("XINFO", "GROUPS", "s"),
      case .array(let fields)? = groups.first
    else { return [] }
    return [fields[9], fields[11]]
  }

  @Test func `deletion treats references as it is told`() {
    let keyspace = TestKeyspace.stream(count: 4)
    _ = keyspace.run("XGROUP", "CREATE", "s", "g", "0")
    _ = keyspace.run("XGROUP", "CREATE", "s", "h", "3")
    _ = keyspace.run("XREADGROUP", "GROUP", "g", "a", "COUNT", "3", "STREAMS", "s", ">")
    #expect(keyspace.run("XDELEX", "s", "ACKED", "IDS", "2", "1-0", "4-0") == .integers(2, 2))
    #expect(keyspace.run("XDELEX", "s", "IDS", "2", "1-0", "1-0") == .integers(1, -1))
    #expect(keyspace.run("XDELEX", "s", "DELREF", "IDS", "1", "2-0") == .integers(1))
    #expect(
      keyspace.run("XACKDEL", "s", "g", "ACKED", "IDS", "2", "3-0", "3-0") == .integers(1, -1))
    #expect(keyspace.ids("XPENDING", "s", "g", "-", "+", "9") == ["1-0"])
    #expect(keyspace.run("XLEN", "s") == .integer(1))
    #expect(keyspace.run("XDELEX", "none", "IDS", "1", "1") == .integers(-1))
  }

  // MARK: XREAD

  @Test func `reading takes what is above an ID, the last entry, or nothing yet`() {
    let keyspace = TestKeyspace.stream(count: 3)
    #expect(keyspace.readIDs("XREAD", "COUNT", "1", "STREAMS", "s", "1") == ["2-0"])
    #expect(keyspace.readIDs("XREAD", "STREAMS", "s", "+") == ["3-0"])
    #expect(keyspace.run("XREAD", "STREAMS", "s", "$") == .nullArray)
    #expect(keyspace.run("XREAD", "STREAMS", "none", "s", "0", "3") == .nullArray)
    #expect(keyspace.run("XREAD", "BLOCK", "STREAMS", "s", "0") != .nullArray)
    keyspace.protocolVersion = 3
    guard case .map(let pairs) = keyspace.run("XREAD", "STREAMS", "none", "s", "0", "2") else {
      Issue.record("not a map")
      return
    }
    #expect(pairs.map(\.key) == [.text("s")])
  }

  @Test func `waiting turns a dollar into the last ID`() throws {
    let keyspace = TestKeyspace.stream(count: 3)
    let blocking = try #require(Command.xread.blocking)
    let words = ["XREAD", "BLOCK", "20", "STREAMS", "s", "t", "$", "5"]
    try Arguments.with(words.map { Array($0.utf8) }) { arguments in
      #expect(try blocking.timeout(arguments) == .milliseconds(20))
      let settle = try #require(blocking.settle)
      let settled = try #require(settle(&keyspace.keyspace, arguments, 4))
      #expect(settled.position == 6)
      #expect(settled.word == Array("3-0".utf8))
      #expect(settle(&keyspace.keyspace, arguments, 5) == nil)
    }
    #expect(Command.xreadgroup.blocking?.type == nil)
  }

  @Test func `the table holds each command once, in order, and documents it`() {
    let names = CommandTable.stream.map(\.name)
    #expect(names == names.sorted())
    for command in CommandTable.stream.flatMap({ [$0] + $0.subcommands }) {
      if case .container = command.execution { continue }
      #expect(command.keys.isEmpty == (command.name == "help"), "\(command.name)")
      #expect(command.arguments.isEmpty == (command.name == "help"), "\(command.name)")
    }
  }
}
