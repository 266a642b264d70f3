import RESP
import TestSupport
import Testing

@testable import Engine

/// Set commands over each encoding.
@Suite struct SetCommandTests {
  enum Form: String, CaseIterable {
    case intset, listpack, hashtable

    /// Members that are stored so.
    var members: [String] {
      switch self {
      case .intset: ["1", "2", "300", "-70000", "9223372036854775807"]
      case .listpack: ["1", "2", "a", "-70000", "bcd"]
      case .hashtable: ["1", "2", "a", "-70000", String(repeating: "x", count: 65)]
      }
    }
  }

  let keyspace = TestKeyspace(CommandTable.set + CommandTable.generic)

  func members(_ key: String = "s") -> Set<String> { Self.members(keyspace.run("SMEMBERS", key)) }

  static func members(_ reply: Reply) -> Set<String> {
    guard case .array(let replies) = reply else { return [] }
    return Set(
      replies.map { reply in
        guard case .bulk(let bytes) = reply else { return "?" }
        return String(decoding: bytes, as: UTF8.self)
      })
  }

  @Test(arguments: Form.allCases)
  func membersAreAddedFoundAndRemoved(form: Form) {
    let members = form.members
    #expect(keyspace.run(["SADD", "s"] + members + members) == .integer(5))
    #expect(keyspace.encoding("s") == form.rawValue)
    #expect(keyspace.run("SCARD", "s") == .integer(5))
    #expect(self.members() == Set(members))
    #expect(keyspace.run("SMISMEMBER", "s", members[4], "none", "77") == .integers(1, 0, 0))
    #expect(keyspace.run("SISMEMBER", "s", "01") == .integer(0))
    let before = keyspace.changeCount
    #expect(keyspace.run("SADD", "s", members[0]) == .integer(0))
    #expect(keyspace.run("SREM", "s", "none", "77") == .integer(0))
    #expect(keyspace.changeCount == before)
    #expect(keyspace.run("SMOVE", "s", "t", members[1]) == .integer(1))
    #expect(self.members("t") == [members[1]])
    #expect(keyspace.run("SREM", "s", members[0], members[4]) == .integer(2))
    #expect(keyspace.run("SPOP", "s", "9").count == 2)
    #expect(keyspace.run("EXISTS", "s") == .integer(0))
  }

  @Test func encodingsChangeAtTheirLimits() {
    keyspace.keyspace.options.setIntsetEntriesMax = 4
    keyspace.keyspace.options.setListpackLimits = Keyspace.ListpackLimits(
      entriesMax: 6, valueBytesMax: 8)
    _ = keyspace.run("SADD", "i", "1", "2", "3", "4")
    #expect(keyspace.encoding("i") == "intset")
    _ = keyspace.run("SADD", "i", "5")
    #expect(keyspace.encoding("i") == "hashtable")
    _ = keyspace.run("SADD", "l", "1", "2", "a", "b", "c", "12345678")
    #expect(keyspace.encoding("l") == "listpack")
    _ = keyspace.run("COPY", "l", "m")
    _ = keyspace.run("SADD", "l", "d")
    #expect(keyspace.encoding("l") == "hashtable")
    _ = keyspace.run("SREM", "m", "a")
    _ = keyspace.run("SADD", "m", "123456789")
    #expect(keyspace.encoding("m") == "hashtable")
    #expect(members("m") == ["1", "2", "b", "c", "12345678", "123456789"])
  }

  /// Each operation over sets of all forms, and over so many or so large ones that it is done otherwise.
  @Test(arguments: [2, 3, 7])
  func setsAreCombined(count: Int) {
    var random = SplitMix64(state: UInt64(count))
    for round in 0..<30 {
      var model: [Set<String>] = []
      for index in 0..<count {
        // A first set that is large beside the others lets SDIFF take members away.
        let size = index == 0 && round % 2 == 0 ? 200 : Int(random.next() % 40)
        let members = Set(
          (0..<size).map { _ in
            let number = random.next() % 120
            return number % 5 == 0 && round % 3 != 0 ? "m\(number)" : "\(number)"
          })
        _ = keyspace.run("DEL", "s\(index)")
        if !members.isEmpty { _ = keyspace.run(["SADD", "s\(index)"] + members) }
        model.append(members)
      }
      let keys = (0..<count).map { "s\($0)" }
      let union = model.reduce(Set()) { $0.union($1) }
      let intersection = model.dropFirst().reduce(model[0]) { $0.intersection($1) }
      let difference = model.dropFirst().reduce(model[0]) { $0.subtracting($1) }
      for (name, expected) in [
        ("SUNION", union), ("SINTER", intersection), ("SDIFF", difference),
      ] {
        let reply = keyspace.run([name] + keys)
        #expect(Self.members(reply) == expected)
        #expect(reply.count == expected.count)
        #expect(keyspace.run(["\(name)STORE", "s0"] + keys) == .integer(expected.count))
        #expect(members("s0") == expected)
        _ = keyspace.run("DEL", "s0")
        if !model[0].isEmpty { _ = keyspace.run(["SADD", "s0"] + model[0]) }
      }
      #expect(
        keyspace.run(["SINTERCARD", "\(count)"] + keys + ["LIMIT", "3"])
          == .integer(min(3, intersection.count)))
    }
  }

  @Test func aRestoredListpackStaysOne() {
    keyspace.keyspace.options.setIntsetEntriesMax = 0
    _ = keyspace.run("SADD", "s", "a", "1")
    _ = keyspace.run("SREM", "s", "a")
    #expect(keyspace.encoding("s") == "listpack")
    guard case .bulk(let payload) = keyspace.run("DUMP", "s") else {
      Issue.record("no payload")
      return
    }
    keyspace.keyspace.options.setIntsetEntriesMax = 512
    #expect(keyspace.run(["RESTORE", "t", "0"].map { Array($0.utf8) } + [payload]) == .ok)
    #expect(keyspace.encoding("t") == "listpack")
    #expect(members("t") == ["1"])
  }
}

extension Reply {
  fileprivate var count: Int {
    guard case .array(let elements) = self else { return -1 }
    return elements.count
  }
}
