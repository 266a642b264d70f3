import RESP
import TestSupport
import Testing

@testable import Engine

/// List commands over each encoding.
@Suite struct ListCommandTests {
  /// How a list of a few elements is stored.
  enum Form: CaseIterable {
    case listpack, nodes, compressed, plain
  }

  let keyspace = TestKeyspace(CommandTable.list + CommandTable.generic)

  /// Makes lists of a few elements take the form.
  func use(_ form: Form) {
    switch form {
    case .listpack: break
    case .nodes: keyspace.keyspace.options.listListpackSize = 2
    case .compressed:
      keyspace.keyspace.options.listListpackSize = 2
      keyspace.keyspace.options.listCompressDepth = 1
    case .plain:
      keyspace.keyspace.options.listListpackSize = 2
      keyspace.keyspace.plainListNodeBytesMin = 1
    }
  }

  func elements(_ key: String = "l") -> [String] {
    guard case .array(let replies) = keyspace.run("LRANGE", key, "0", "-1") else { return [] }
    return replies.map { reply in
      guard case .bulk(let bytes) = reply else { return "?" }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  @Test(arguments: Form.allCases)
  func elementsArePushedAndPoppedAtBothEnds(form: Form) {
    use(form)
    #expect(keyspace.run("RPUSH", "l", "c", "d", "e") == .integer(3))
    #expect(keyspace.run("LPUSH", "l", "b", "a") == .integer(5))
    #expect(keyspace.encoding("l") == (form == .listpack ? "listpack" : "quicklist"))
    #expect(keyspace.run("LPUSHX", "l", "0") == .integer(6))
    #expect(keyspace.run("RPUSHX", "none", "0") == .integer(0))
    #expect(elements() == ["0", "a", "b", "c", "d", "e"])
    #expect(keyspace.run("LPOP", "l") == .text("0"))
    #expect(keyspace.run("RPOP", "l", "2") == .texts("e", "d"))
    #expect(keyspace.run("LPOP", "l", "0") == .array([]))
    #expect(keyspace.run("LPOP", "none") == .null)
    #expect(keyspace.run("LPOP", "l", "-1") == .error("ERR value is out of range, must be positive"))
    #expect(keyspace.run("LPOP", "l", "9") == .texts("a", "b", "c"))
    #expect(keyspace.run("EXISTS", "l") == .integer(0))
  }

  @Test(arguments: Form.allCases)
  func elementsAreFoundByIndexAndValue(form: Form) {
    use(form)
    _ = keyspace.run("RPUSH", "l", "a", "1", "b", "1", "c", "1", "d")
    for (index, element) in ["a", "1", "b", "1", "c", "1", "d"].enumerated() {
      #expect(keyspace.run("LINDEX", "l", "\(index)") == .text(element))
      #expect(keyspace.run("LINDEX", "l", "\(index - 7)") == .text(element))
    }
    #expect(keyspace.run("LINDEX", "l", "7") == .null)
    #expect(keyspace.run("LINDEX", "l", "-8") == .null)
    #expect(keyspace.run("LPOS", "l", "1") == .integer(1))
    #expect(keyspace.run("LPOS", "l", "1", "RANK", "2") == .integer(3))
    #expect(keyspace.run("LPOS", "l", "1", "RANK", "-1") == .integer(5))
    #expect(keyspace.run("LPOS", "l", "1", "COUNT", "0") == .integers(1, 3, 5))
    #expect(keyspace.run("LPOS", "l", "1", "COUNT", "0", "MAXLEN", "3") == .integers(1))
    #expect(keyspace.run("LPOS", "l", "x") == .null)
    let least = "-9223372036854775808"
    let outOfRange = Reply.error(
      "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
    #expect(keyspace.run("LPOS", "l", "1", "RANK", least) == outOfRange)
    #expect(keyspace.run("LREM", "l", least, "1") == outOfRange)
    #expect(keyspace.run("LRANGE", "l", "-3", "-2") == .texts("c", "1"))
    #expect(keyspace.run("LRANGE", "l", "5", "2") == .array([]))
  }

  @Test(arguments: Form.allCases)
  func elementsAreReplacedInsertedAndRemoved(form: Form) {
    use(form)
    _ = keyspace.run("RPUSH", "l", "a", "b", "c", "b", "d", "b")
    #expect(keyspace.run("LSET", "l", "-2", "x") == .ok)
    #expect(keyspace.run("LSET", "l", "9", "x") == .error("ERR index out of range"))
    #expect(keyspace.run("LINSERT", "l", "BEFORE", "c", "<") == .integer(7))
    #expect(keyspace.run("LINSERT", "l", "AFTER", "c", ">") == .integer(8))
    #expect(keyspace.run("LINSERT", "l", "AFTER", "none", ">") == .integer(-1))
    #expect(elements() == ["a", "b", "<", "c", ">", "b", "x", "b"])
    #expect(keyspace.run("LREM", "l", "-2", "b") == .integer(2))
    #expect(elements() == ["a", "b", "<", "c", ">", "x"])
    #expect(keyspace.run("LREM", "l", "0", "none") == .integer(0))
    #expect(keyspace.run("LTRIM", "l", "1", "-2") == .ok)
    #expect(elements() == ["b", "<", "c", ">"])
    #expect(keyspace.run("LMOVE", "l", "other", "LEFT", "RIGHT") == .text("b"))
    #expect(keyspace.run("RPOPLPUSH", "l", "l") == .text(">"))
    #expect(elements() == [">", "<", "c"])
    #expect(keyspace.run("LTRIM", "l", "5", "9") == .ok)
    #expect(keyspace.run("EXISTS", "l") == .integer(0))
  }

  @Test func aListBecomesNodesAtItsLimitsAndAListpackAtHalfOfThem() {
    keyspace.keyspace.options.listListpackSize = 8
    for index in 0..<8 { _ = keyspace.run("RPUSH", "l", "\(index)") }
    #expect(keyspace.encoding("l") == "listpack")
    _ = keyspace.run("RPUSH", "l", "8")
    #expect(keyspace.encoding("l") == "quicklist")
    _ = keyspace.run("LTRIM", "l", "0", "4")
    #expect(keyspace.encoding("l") == "quicklist")
    _ = keyspace.run("LTRIM", "l", "0", "3")
    #expect(keyspace.encoding("l") == "listpack")
    #expect(elements() == ["0", "1", "2", "3"])
    keyspace.keyspace.options.listListpackSize = -1
    _ = keyspace.run("RPUSH", "l", String(repeating: "x", count: 4096))
    #expect(keyspace.encoding("l") == "quicklist")
  }

  /// What removals leave of neighbouring nodes becomes one.
  @Test(arguments: [0, 1])
  func smallNeighboursAreMerged(depth: Int) {
    keyspace.keyspace.options.listListpackSize = 10
    keyspace.keyspace.options.listCompressDepth = depth
    for index in 0..<200 { _ = keyspace.run("RPUSH", "l", "\(index % 10)-\(index)") }
    for index in 0..<200 where index % 10 > 1 {
      #expect(keyspace.run("LREM", "l", "0", "\(index % 10)-\(index)") == .integer(1))
    }
    #expect(elements() == (0..<200).filter { $0 % 10 <= 1 }.map { "\($0 % 10)-\($0)" })
    let entry = keyspace.keyspace.copyEntry(ByteView("l"))
    let block = entry?.takeBlock().block
    #expect(block.map { Quicklist(bits: $0.word).nodeCount } ?? 99 <= 8)
    block?.dispose()
  }

  @Test func otherTypesAreRefused() {
    let keyspace = TestKeyspace(CommandTable.list + CommandTable.string)
    _ = keyspace.run("SET", "s", "x")
    for command in [
      ["LPUSH", "s", "a"], ["LPOP", "s"], ["LLEN", "s"], ["LRANGE", "s", "0", "1"],
      ["LINDEX", "s", "0"], ["LSET", "s", "0", "x"], ["LREM", "s", "0", "x"],
      ["LINSERT", "s", "BEFORE", "a", "b"], ["LPOS", "s", "a"], ["LTRIM", "s", "0", "1"],
    ] {
      #expect(keyspace.run(command) == .wrongType, "\(command)")
    }
  }
}
