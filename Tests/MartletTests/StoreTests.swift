import Glibc
import Martlet
import Testing

/// A store inside the process.
struct StoreTests {
  @Test(arguments: [1, 3]) func whatIsSetIsThere(shards: Int) async throws {
    try await withStore(.init(shards: shards)) { store in
      for index in 0..<100 {
        let reply1 = try await store.execute(["SET", "key:\(index)", Bytes(index)])
        #expect(reply1 == .status("OK"))
      }
      for index in 0..<100 {
        let reply2 = try await store.execute(["GET", "key:\(index)"])
        #expect(reply2 == .bytes(Bytes(index)))
      }
      let reply3 = try await store.execute(["GET", "none"])
      #expect(reply3 == .null)
      let reply4 = try await store.execute(["DBSIZE"])
      #expect(reply4 == .integer(100))
    }
  }

  @Test(arguments: [1, 3]) func repliesOfAPipelineKeepTheirOrder(shards: Int) async throws {
    try await withStore(.init(shards: shards)) { store in
      let commands = (0..<3000).map { ["ECHO", Bytes($0)] as [Bytes] }
      let replies = try await store.pipeline(commands)
      #expect(replies == (0..<3000).map { .bytes(Bytes($0)) })
      let gets = try await store.pipeline([["SET", "a", "1"], ["LPUSH", "a", "2"], ["GET", "a"]])
      #expect(gets[0] == .status("OK"))
      #expect(gets[2] == .bytes("1"))
    }
  }

  @Test func manyTasksShareAStore() async throws {
    try await withStore(.init(shards: 2)) { store in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<20 {
          group.addTask {
            for _ in 0..<100 { _ = try await store.execute(["INCR", "n:\(task % 4)"]) }
          }
        }
        try await group.waitForAll()
      }
      for index in 0..<4 {
        let reply5 = try await store.execute(["GET", "n:\(index)"])
        #expect(reply5 == .bytes("500"))
      }
    }
  }

  @Test func aTransactionRunsAsOne() async throws {
    try await withStore(.init(shards: 3)) { store in
      let replies = try await store.atomically([["SET", "a", "1"], ["INCR", "a"], ["SADD", "b", "x"]])
      #expect(replies == [.status("OK"), .integer(2), .integer(1)])
      await #expect(throws: MartletError.self) { try await store.atomically([["SET", "a"], ["INCR", "a"]]) }
      let reply6 = try await store.execute(["GET", "a"])
      #expect(reply6 == .bytes("2"))
    }
  }

  @Test func errorsAreTyped() async throws {
    try await withStore { store in
      _ = try await store.execute(["SET", "a", "1"])
      await #expect(
        throws: MartletError.refused("WRONGTYPE Operation against a key holding the wrong kind of value")
      ) { try await store.execute(["LPUSH", "a", "1"]) }
      await #expect(throws: MartletError.needsOwnClient("select")) {
        try await store.execute(["SELECT", "1"])
      }
    }
  }

  @Test func storesKnowNothingOfEachOther() async throws {
    try await withStore { first in
      try await withStore(.init(shards: 2)) { second in
        _ = try await first.execute(["SET", "a", "1"])
        let reply7 = try await second.execute(["GET", "a"])
        #expect(reply7 == .null)
      }
    }
  }

  @Test func aClosedStoreSaysSo() async throws {
    let store = try await MartletStore.open()
    _ = try await store.execute(["SET", "a", "1"])
    try await store.close()
    await #expect(throws: MartletError.closed) { try await store.execute(["GET", "a"]) }
    await #expect(throws: MartletError.closed) { try await store.close() }
  }

  @Test(arguments: [MartletStore.Persistence.LogSync.always, .everySecond])
  func changesSurviveTheStore(sync: MartletStore.Persistence.LogSync) async throws {
    let directory = "/tmp/martlet-store-\(getpid())-\(sync.rawValue)"
    let configuration = MartletStore.Configuration(
      shards: 2, persistence: .init(directory: directory, log: sync))
    try await withStore(configuration) { store in
      for index in 0..<50 { _ = try await store.execute(["SET", "key:\(index)", Bytes(index)]) }
    }
    try await withStore(configuration) { store in
      let reply8 = try await store.execute(["DBSIZE"])
      #expect(reply8 == .integer(50))
      let reply9 = try await store.execute(["GET", "key:49"])
      #expect(reply9 == .bytes("49"))
      _ = try await store.execute(["SAVE"])
    }
  }

  @Test func stringsHaveLifetimes() async throws {
    try await withStore { store in
      try await store.set("a", to: "1", expiresAfter: .seconds(100))
      let left = try await store.timeToLive("a")
      #expect(left.map { $0 > .seconds(90) && $0 <= .seconds(100) } == true)
      let sum = try await store.increment("a", by: 4)
      #expect(sum == 5)
      let value = try await store.get("a")
      #expect(value?.string == "5")
      let isThere = try await store.exists("b")
      #expect(!isThere)
      let deleted = try await store.delete("a", "b")
      #expect(deleted == 1)
    }
  }
}
