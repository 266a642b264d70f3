import Glibc
import Martlet
import Testing

/// Transactions over any keys, with a body in Swift.
@Suite(.timeLimit(.minutes(1)))
struct TransactionTests {
  private struct Overdrawn: Error {}

  @Test(arguments: [1, 3]) func aBodySeesAndChangesItsKeys(shards: Int) async throws {
    try await withStore(.init(shards: shards)) { store in
      try await store.set("a", to: "10")
      let sum = try await store.transaction(keys: ["a", "b", "c", "d"]) { view in
        #expect(view.keys == ["a", "b", "c", "d"])
        let start = Int(try view.get("a")?.string ?? "") ?? 0
        try view.increment("b", by: start)
        try view.push(["x", "y"], to: "c")
        try view.add([.init("m", 2)], to: "d")
        #expect(try view.pop("c") == "x")
        return try view.increment("b")
      }
      #expect(sum == 11)
      #expect(try await store.get("b") == "11")
      #expect(try await store.elements(of: "c") == ["y"])
      #expect(try await store.ranked("d") == [.init("m", 2)])
    }
  }

  @Test(arguments: [1, 3]) func everyTypeOfValue(shards: Int) async throws {
    try await withStore(.init(shards: shards)) { store in
      try await store.transaction(keys: ["s", "h", "l", "t", "z", "x", "p"]) { view in
        try view.set("s", to: "v", expiresAfter: .seconds(100))
        #expect(try view.exists("s"))
        #expect(try view.timeToLive("s") == .seconds(100))
        #expect(try view.expire("s", after: .seconds(50)))
        #expect(try view.setFields("h", ["f": "1"]) == 1)
        #expect(try view.increment(field: "f", of: "h", by: 2) == 3)
        #expect(try view.fields(of: "h") == ["f": "3"])
        #expect(try view.field("g", of: "h") == nil)
        #expect(try view.deleteFields(["f"], of: "h") == 1)
        #expect(try view.push([], to: "l") == 0)
        #expect(try view.add(["a", "b"], to: "t") == 2)
        #expect(try view.contains("a", in: "t"))
        #expect(try view.members(of: "t") == ["a", "b"])
        #expect(try view.union(of: ["t"]) == ["a", "b"])
        #expect(try view.remove(["a"], from: "t") == 1)
        #expect(try view.count(["1"], in: "p"))
        #expect(try view.estimatedCount(of: ["p"]) == 1)
        #expect(try view.increment("m", in: "z", by: 1.5) == 1.5)
        #expect(try view.score(of: "m", in: "z") == 1.5)
        #expect(try view.rank(of: "n", in: "z") == nil)
        let id = try view.append([("n", "1")], to: "x")
        #expect(try view.entries(of: "x").map(\.id) == [id])
        #expect(try view.execute(["LLEN", "l"]) == .integer(0))
        #expect(try view.delete("t", "z") == 2)
      }
      #expect(try await store.keyCount() == 3)
    }
  }

  @Test(arguments: [1, 3]) func anErrorTakesEverythingBack(shards: Int) async throws {
    try await withStore(.init(shards: shards)) { store in
      try await store.set("a", to: "10", expiresAfter: .seconds(1000))
      try await store.add([.init("m", 1)], to: "z")
      try await store.push(["1", "2", "3"], to: "l")
      await #expect(throws: Overdrawn.self) {
        try await store.transaction(keys: ["a", "b", "z", "l"]) { view in
          try view.increment("a", by: -20)
          try view.set("a", to: "other")
          try view.set("b", to: "new")
          try view.add([.init("n", 1)], to: "z")
          try view.pop("l")
          try view.delete("l")
          throw Overdrawn()
        }
      }
      #expect(try await store.get("a") == "10")
      #expect(try await store.timeToLive("a").map { $0 > .seconds(900) } == true)
      #expect(try await store.get("b") == nil)
      #expect(try await store.ranked("z") == [.init("m", 1)])
      #expect(try await store.elements(of: "l") == ["1", "2", "3"])
      // One that the body has dealt with takes nothing back.
      try await store.transaction(keys: ["a", "b"]) { view in
        try view.set("b", to: "kept")
        #expect(throws: MartletError.self) { try view.push(["x"], to: "a") }
      }
      #expect(try await store.get("b") == "kept")
    }
  }

  private struct Contents {
    let hash: [Bytes: Bytes]
    let set: Set<Bytes>
    let sorted: [MartletStore.Scored]
    let list: [Bytes]
    let stream: Reply

    init(_ store: MartletStore) async throws {
      hash = try await store.fields(of: "h")
      set = try await store.members(of: "s")
      sorted = try await store.ranked("z")
      list = try await store.elements(of: "l")
      stream = try await store.execute(["XINFO", "STREAM", "x", "FULL"])
    }
  }

  @Test(arguments: [1, 3]) func elementsOfLargeValuesComeBack(shards: Int) async throws {
    try await withStore(.init(shards: shards)) { store in
      let many = (0..<2000).map { Bytes("element:\($0)") }
      try await store.setFields("h", Dictionary(uniqueKeysWithValues: many.map { ($0, "1") }))
      try await store.add(many, to: "s")
      try await store.add(many.enumerated().map { .init($1, Double($0) / 3) }, to: "z")
      try await store.push(many, to: "l")
      for number in 0..<50 { try await store.append([("n", Bytes(number))], to: "x") }
      try await store.expire("z", after: .seconds(5000))
      let keys: [Bytes] = ["h", "s", "z", "l", "x"]
      let before = try await Contents(store)
      await #expect(throws: Overdrawn.self) {
        try await store.transaction(keys: keys) { view in
          try view.setFields("h", ["element:7": "2", "new": "3"])
          try view.increment(field: "element:8", of: "h", by: 5)
          try view.deleteFields(["element:9", "none"], of: "h")
          try view.add(["element:1", "new"], to: "s")
          try view.remove(["element:1", "element:2"], from: "s")
          try view.add([.init("element:5", -3), .init("new", 1)], to: "z")
          try view.increment("element:5", in: "z", by: 0.1)
          try view.removeScored(["element:6", "new"], from: "z")
          try view.expire("z", after: .seconds(1))
          try view.push(["a", "b"], to: "l", at: .left)
          try view.push(["c"], to: "l")
          for _ in 0..<5 { try view.pop("l") }
          _ = try view.execute(["RPOP", "l", "4"])
          try view.append([("n", "new")], to: "x")
          try view.append([("n", "newer")], to: "x")
          _ = try view.execute(["HSET", "h", "element:7", "x"])
          _ = try view.execute(["ZREMRANGEBYRANK", "z", "0", "99"])
          try view.add([.init("element:100", 5)], to: "z")
          throw Overdrawn()
        }
      }
      let after = try await Contents(store)
      #expect(after.hash == before.hash)
      #expect(after.set == before.set)
      #expect(after.sorted == before.sorted)
      #expect(after.list == before.list)
      #expect(after.stream == before.stream)
      #expect(try await store.timeToLive("z").map { $0 > .seconds(4000) } == true)
    }
  }

  @Test(arguments: [1, 3]) func onlyTheKeysThatWereNamed(shards: Int) async throws {
    try await withStore(.init(shards: shards)) { (store) async throws in
      await #expect(throws: MartletError.undeclaredKey("b")) {
        try await store.transaction(keys: ["a"]) { view in
          try view.set("a", to: "1")
          try view.set("b", to: "1")
        }
      }
      await #expect(throws: MartletError.undeclaredKey("c")) {
        try await store.transaction(keys: ["a", "b"]) { try $0.union(of: ["a", "b", "c"]) }
      }
      for command in [["FLUSHALL"], ["KEYS", "*"], ["SORT", "a", "BY", "w_*"], ["COPY", "a", "b", "DB", "3"], ["NONE"]] {
        await #expect(throws: MartletError.self) {
          try await store.transaction(keys: ["a", "b"]) { try $0.execute(command.map { Bytes($0) }) }
        }
      }
      await #expect(throws: MartletError.self) {
        try await store.transaction(keys: ["a"], writes: false) { try $0.set("a", to: "1") }
      }
      #expect(try await store.transaction(keys: ["a"], writes: false) { try $0.get("a") } == nil)
      #expect(try await store.transaction(keys: []) { $0.keys.count } == 0)
      #expect(try await store.keyCount() == 0)
    }
  }

  @Test func aWrongTypeIsAnError() async throws {
    try await withStore(.init(shards: 2)) { store in
      try await store.set("a", to: "1")
      await #expect(
        throws: MartletError.refused("WRONGTYPE Operation against a key holding the wrong kind of value")
      ) { try await store.transaction(keys: ["a"]) { try $0.push(["x"], to: "a") } }
    }
  }

  @Test(arguments: [1, 3]) func transfersKeepTheSum(shards: Int) async throws {
    try await withStore(.init(shards: shards)) { store in
      let accounts = (0..<10).map { Bytes("account:\($0)") }
      for account in accounts { try await store.set(account, to: "100") }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for seed in 0..<8 {
          group.addTask {
            var random = UInt64(seed) &* 7919 &+ 1
            for _ in 0..<100 {
              random = random &* 6_364_136_223_846_793_005 &+ 1
              let from = accounts[Int(random >> 33) % 10]
              let to = accounts[Int(random >> 43) % 10]
              do {
                try await store.transaction(keys: [from, to]) { view in
                  try view.increment(to, by: 30)
                  guard try view.increment(from, by: -30) >= 0 else { throw Overdrawn() }
                }
              } catch is Overdrawn {}
            }
          }
          group.addTask {
            for _ in 0..<20 {
              let sum = try await store.transaction(keys: accounts, writes: false) { view in
                try accounts.reduce(0) { $0 + (Int(try view.get($1)?.string ?? "") ?? 0) }
              }
              #expect(sum == 1000)
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test(arguments: [1, 3]) func whatIsTakenBackIsNotInTheLog(shards: Int) async throws {
    let directory = "/tmp/martlet-transactions-\(getpid())-\(shards)"
    let configuration = MartletStore.Configuration(
      shards: shards, persistence: .init(directory: directory, log: .always))
    try await withStore(configuration) { store in
      try await store.set("a", to: "1")
      try await store.push(["x"], to: "l")
      try await store.transaction(keys: ["a", "b", "c"]) { view in
        for key in view.keys { try view.increment(key, by: 5) }
      }
      await #expect(throws: Overdrawn.self) {
        try await store.transaction(keys: ["a", "d", "l"]) { view in
          try view.increment("a", by: 100)
          try view.set("d", to: "1")
          try view.delete("l")
          throw Overdrawn()
        }
      }
    }
    try await withStore(configuration) { (store) async throws in
      #expect(try await store.get("a") == "6")
      #expect(try await store.get("b") == "5")
      #expect(try await store.get("c") == "5")
      #expect(try await store.get("d") == nil)
      #expect(try await store.elements(of: "l") == ["x"])
      #expect(try await store.keyCount() == 4)
    }
  }

  @Test(arguments: [1, 3]) func aWaitingReaderGetsWhatATransactionPushes(shards: Int) async throws {
    try await withStore(.init(shards: shards)) { store in
      async let popped = store.pop(fromAnyOf: ["queue"], waitingFor: .seconds(20))
      try await store.transaction(keys: ["queue", "count"]) { view in
        try view.push(["job"], to: "queue")
        try view.increment("count")
      }
      #expect(try await popped == .init(key: "queue", element: "job"))
    }
  }
}

func withStore(
  _ configuration: MartletStore.Configuration = .init(),
  _ body: (MartletStore) async throws -> Void
) async throws {
  let store = try await MartletStore.open(configuration)
  do { try await body(store) } catch {
    try await store.close()
    throw error
  }
  try await store.close()
}
