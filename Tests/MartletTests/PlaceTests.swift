import Glibc
import Martlet
import Testing

/// Calls from a shard's own thread and from others do the same; they only go other ways.
@Suite(.timeLimit(.minutes(2)))
struct PlaceTests {
  /// Runs `body` on a store of each kind, from another thread and from that of a key.
  private func everywhere(
    _ body: @escaping @Sendable (MartletStore) async throws -> Void
  ) async throws {
    for shards in [1, 3] {
      for isHere in [false, true] {
        let store = try await MartletStore.open(.init(shards: shards))
        do {
          if isHere {
            try await store.onShard(of: "key:1") { () async throws in try await body(store) }
          } else {
            try await body(store)
          }
        } catch {
          try await store.close()
          throw error
        }
        try await store.close()
      }
    }
  }

  @Test func callsOneByOne() async throws {
    try await everywhere { store in
      for number in 0..<1000 {
        let key = Bytes("key:\(number % 10)")
        try await store.set(key, to: Bytes(number))
        let value = try await store.get(key)
        #expect(value == Bytes(number))
      }
      try await store.set("short", to: "1", expiresAfter: .seconds(60))
      let left = try await store.timeToLive("short")
      #expect(left.map { $0 > .seconds(50) } == true)
      try await store.push(["a", "b", "c"], to: "list")
      await #expect(throws: MartletError.self) { try await store.increment("list") }
    }
  }

  @Test(arguments: [1, 100, 3000]) func batchesKeepTheirOrder(count: Int) async throws {
    try await everywhere { store in
      let sums = try await store.run((0..<count).map { _ in Command<Int>.increment("sum") })
      #expect(try sums.map { try $0.get() } == Array(1...count))
      let keys = (0..<count).map { Bytes("key:\($0)") }
      for result in try await store.run(keys.map { .set($0, to: $0) }) { try result.get() }
      let values = try await store.run(keys.map { .get($0) })
      #expect(try values.map { try $0.get() } == keys)
      #expect(try await store.run([Command<Int>]()).isEmpty)
    }
  }

  @Test func anErrorInABatchStopsNobody() async throws {
    try await everywhere { store in
      try await store.push(["a"], to: "list")
      let results = try await store.run(["n", "list", "n"].map { Command<Int>.increment($0) })
      #expect(try results[0].get() == 1)
      #expect(throws: MartletError.refused("WRONGTYPE Operation against a key holding the wrong kind of value")) {
        try results[1].get()
      }
      #expect(try results[2].get() == 2)
    }
  }

  @Test func commandsOfSeveralKeysInABatch() async throws {
    try await everywhere { store in
      for key in ["a", "b", "c"] { try await store.set(Bytes(key), to: Bytes(key)) }
      let results = try await store.run([
        Command<[Bytes?]>.values(of: ["a", "none"]), Command<[Bytes?]>.values(of: ["b", "c"]),
      ])
      #expect(try results.map { try $0.get() } == [["a", nil], ["b", "c"]])
    }
  }

  /// More is read than one turn gives: the rest comes later, in its place.
  @Test func batchesOfLargeReplies() async throws {
    try await everywhere { store in
      let element = Bytes(String(repeating: "e", count: 100))
      try await store.push(Array(repeating: element, count: 3000), to: "list")
      try await store.push(Array(repeating: element, count: 20_000), to: "long")
      let lists = try await store.run((0..<20).map { Command<[Bytes]>.elements(of: $0 == 7 ? "long" : "list") })
      #expect(try lists.map { try $0.get().count } == (0..<20).map { $0 == 7 ? 20_000 : 3000 })
    }
  }

  @Test func pipelinesMixTypes() async throws {
    try await everywhere { store in
      var pipeline = Pipeline()
      pipeline.append(.set("name", to: "Ada"))
      let name = pipeline.append(.get("name"))
      let visits = pipeline.append(.increment("visits", by: 3))
      let none = pipeline.append(.get("none"))
      let replies = try await store.run(pipeline)
      #expect(try replies[name] == "Ada")
      #expect(try replies[visits] == 3)
      #expect(try replies[none] == nil)
    }
  }

  /// Single calls, batches and pipelines of both places, all at once: none is lost or done twice.
  @Test(arguments: [1, 3]) func everybodyAtOnce(shards: Int) async throws {
    let store = try await MartletStore.open(.init(shards: shards))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<12 {
        let work = { @Sendable () async throws in
          for _ in 0..<50 {
            for result in try await store.run((0..<20).map { _ in Command<Int>.increment("n") }) { _ = try result.get() }
            try await store.increment("n")
            var pipeline = Pipeline()
            for _ in 0..<10 { pipeline.append(.increment("n")) }
            _ = try await store.run(pipeline)
          }
        }
        group.addTask {
          if task % 2 == 0 { try await work() } else { try await store.onShard(of: "n", work) }
        }
      }
      try await group.waitForAll()
    }
    #expect(try await store.get("n") == Bytes(12 * 50 * 31))
    try await store.close()
  }

  /// With such a log a call returns when its change is on disk: nothing takes a way around that.
  @Test func changesOnTheShardsThreadAreLogged() async throws {
    let directory = "/tmp/martlet-place-\(getpid())"
    let configuration = MartletStore.Configuration(persistence: .init(directory: directory, log: .always))
    var store = try await MartletStore.open(configuration)
    try await store.onShard(of: "a") { [store] () async throws in
      try await store.set("a", to: "1")
      for result in try await store.run((0..<100).map { Command<Void>.set("key:\($0)", to: "v") }) { try result.get() }
    }
    for result in try await store.run((0..<100).map { Command<Int>.increment("n:\($0)") }) { _ = try result.get() }
    try await store.close()
    store = try await MartletStore.open(configuration)
    #expect(try await store.keyCount() == 201)
    try await store.close()
    try await Removal.of(directory)
  }

  @Test func aClosedStoreSaysSoEverywhere() async throws {
    let store = try await MartletStore.open()
    try await store.set("a", to: "1")
    try await store.close()
    await #expect(throws: MartletError.closed) { try await store.get("a") }
    await #expect(throws: MartletError.closed) { try await store.run([Command<Bytes?>.get("a"), Command<Bytes?>.get("b")]) }
    await #expect(throws: MartletError.closed) {
      var pipeline = Pipeline()
      pipeline.append(.get("a"))
      _ = try await store.run(pipeline)
    }
  }
}

/// Folders of tests, when these are done.
enum Removal {
  static func of(_ directory: String) async throws {
    for part in ["appendonlydir", ""] {
      let path = part.isEmpty ? directory : "\(directory)/\(part)"
      guard let folder = unsafe opendir(path) else { continue }
      while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
          unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if name != "." && name != ".." { unsafe unlink("\(path)/\(name)") }
      }
      unsafe closedir(folder)
      unsafe rmdir(path)
    }
  }
}
