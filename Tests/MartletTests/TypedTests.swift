import Martlet
import Testing

/// The typed calls, over several shards.
@Suite(.timeLimit(.minutes(1)))
struct TypedTests {
  private func withStore(_ body: (MartletStore) async throws -> Void) async throws {
    let store = try await MartletStore.open(.init(shards: 2))
    do { try await body(store) } catch {
      try await store.close()
      throw error
    }
    try await store.close()
  }

  @Test func collections() async throws {
    try await withStore { store in
      #expect(try await store.setFields("h", ["a": "1", "b": "2"]) == 2)
      #expect(try await store.field("a", of: "h") == "1")
      #expect(try await store.field("c", of: "h") == nil)
      #expect(try await store.increment(field: "a", of: "h", by: 4) == 5)
      #expect(try await store.fields(of: "h") == ["a": "5", "b": "2"])
      #expect(try await store.deleteFields(["a", "x"], of: "h") == 1)
      #expect(try await store.fields(of: "none").isEmpty)

      #expect(try await store.push(["b", "c"], to: "l") == 2)
      #expect(try await store.push(["a"], to: "l", at: .left) == 3)
      #expect(try await store.elements(of: "l") == ["a", "b", "c"])
      #expect(try await store.pop("l", at: .right) == "c")
      #expect(try await store.length(of: "l") == 2)
      #expect(try await store.pop("none") == nil)

      #expect(try await store.add(["x", "y", "x"], to: "s") == 2)
      #expect(try await store.add(["y", "z"], to: "t") == 2)
      #expect(try await store.contains("x", in: "s"))
      #expect(try await store.intersection(of: ["s", "t"]) == ["y"])
      #expect(try await store.union(of: ["s", "t"]) == ["x", "y", "z"])
      #expect(try await store.remove(["x"], from: "s") == 1)
      #expect(try await store.members(of: "s") == ["y"])
      #expect(try await store.count(["1", "2"], in: "p"))
      #expect(try await store.estimatedCount(of: ["p"]) == 2)

      #expect(try await store.add([.init("m", 1.5), .init("n", 3)], to: "z") == 2)
      #expect(try await store.increment("m", in: "z", by: 2) == 3.5)
      #expect(try await store.score(of: "m", in: "z") == 3.5)
      #expect(try await store.rank(of: "m", in: "z", highestFirst: true) == 0)
      #expect(try await store.rank(of: "none", in: "z") == nil)
      #expect(try await store.ranked("z") == [.init("n", 3), .init("m", 3.5)])
      #expect(try await store.scored("z", within: 3.2...4) == [.init("m", 3.5)])
      #expect(try await store.removeScored(["m"], from: "z") == 1)

      let id = try await store.append([("a", "1"), ("a", "2")], to: "x")
      let entries = try await store.entries(of: "x")
      #expect(entries.map(\.id) == [id])
      #expect(entries[0].fields.map(\.value) == ["1", "2"])
      #expect(try await store.keyCount() == 7)
      #expect(try await store.statistics()["server_name"] == "martlet")
      await #expect(throws: MartletError.self) { try await store.save() }
      await #expect(throws: MartletError.self) { try await store.add(["m"], to: "h") }
    }
  }

  @Test func moreOfStringsAndBitmaps() async throws {
    try await withStore { store in
      #expect(try await store.setIfAbsent("a", to: "1"))
      #expect(try await !store.setIfAbsent("a", to: "2"))
      try await store.set("b", to: "hello")
      #expect(try await store.values(of: ["a", "none", "b"]) == ["1", nil, "hello"])
      #expect(try await store.values(of: []).isEmpty)
      #expect(try await store.append(" you", toString: "b") == 9)
      #expect(try await store.bytes(of: "b", from: -3, through: -1) == "you")
      #expect(try await store.bytes(of: "none", from: 0, through: -1).bytes.isEmpty)
      try await store.expire("a", after: .seconds(60))
      #expect(try await store.persist("a"))
      #expect(try await !store.persist("a"))
      #expect(try await !store.setBit(9, of: "bits", to: true))
      #expect(try await store.setBit(9, of: "bits", to: true))
      #expect(try await store.bit(9, of: "bits"))
      #expect(try await !store.bit(1000, of: "bits"))
      #expect(try await store.bitCount(of: "bits") == 1)
    }
  }

  @Test func moreOfCollections() async throws {
    try await withStore { store in
      try await store.setFields("h", ["a": "1"])
      #expect(try await store.values(of: ["a", "x"], in: "h") == ["1", nil])
      #expect(try await store.hasField("a", of: "h"))
      #expect(try await store.fieldCount(of: "h") == 1)

      try await store.push(["a", "b", "a", "c"], to: "l")
      #expect(try await store.element(at: -1, of: "l") == "c")
      #expect(try await store.element(at: 9, of: "l") == nil)
      try await store.setElement(at: 1, of: "l", to: "d")
      await #expect(throws: MartletError.self) { try await store.setElement(at: 9, of: "l", to: "d") }
      #expect(try await store.removeElements(equalTo: "a", of: "l", countMax: 1) == 1)
      #expect(try await store.elements(of: "l") == ["d", "a", "c"])
      try await store.trim("l", from: 1, through: -1)
      #expect(try await store.move(from: "l", at: .right, to: "m", at: .left) == "c")
      #expect(try await store.move(from: "none", to: "m") == nil)
      #expect(try await store.elements(of: "m") == ["c"])

      try await store.add(["x", "y"], to: "s")
      #expect(try await store.memberCount(of: "s") == 2)
      #expect(try await store.difference(of: ["s", "none"]) == ["x", "y"])
      let popped = try await store.popMember(of: "s")
      #expect(popped == "x" || popped == "y")
      #expect(try await store.popMember(of: "none") == nil)
      try await store.count(["1"], in: "p")
      try await store.count(["2"], in: "q")
      try await store.mergeCounts(of: ["p", "q"], into: "r")
      #expect(try await store.estimatedCount(of: ["r"]) == 2)

      try await store.add([.init("m", 1), .init("n", 2), .init("o", 3)], to: "z")
      #expect(try await store.scoredCount(of: "z") == 3)
      #expect(try await store.scoredCount(of: "z", within: 2...9) == 2)
      #expect(try await store.popScored("z", highestFirst: true) == [.init("o", 3)])
      #expect(try await store.popScored("z", count: 5) == [.init("m", 1), .init("n", 2)])
      try await store.add([.init("m", 1), .init("n", 2)], to: "z")
      #expect(try await store.removeScored(of: "z", within: 0...1) == 1)
    }
  }

  @Test func groupsOfConsumers() async throws {
    try await withStore { store in
      try await store.createGroup("g", of: "x", following: "0")
      await #expect(throws: MartletError.self) { try await store.createGroup("g", of: "x") }
      #expect(try await store.entries(of: "x", forConsumer: "c", ofGroup: "g", countMax: 10).isEmpty)
      let ids = [
        try await store.append([("a", "1")], to: "x"), try await store.append([("a", "2")], to: "x"),
      ]
      #expect(try await store.entryCount(of: "x") == 2)
      let got = try await store.entries(of: "x", forConsumer: "c", ofGroup: "g", countMax: 10)
      #expect(got.map(\.id) == ids)
      #expect(try await store.acknowledge(ids, of: "x", inGroup: "g") == 2)
      #expect(try await store.acknowledge(ids, of: "x", inGroup: "g") == 0)
      #expect(try await store.deleteEntries([ids[0]], of: "x") == 1)
    }
  }

  @Test func placesOnTheEarth() async throws {
    try await withStore { store in
      let rome = MartletStore.Place(longitude: 12.4964, latitude: 41.9028)
      let naples = MartletStore.Place(longitude: 14.2681, latitude: 40.8518)
      #expect(try await store.addPlaces(["Rome": rome, "Naples": naples], to: "cities") == 2)
      let found = try #require(try await store.place(of: "Rome", in: "cities"))
      #expect(abs(found.longitude - rome.longitude) < 1e-4 && abs(found.latitude - rome.latitude) < 1e-4)
      #expect(try await store.place(of: "none", in: "cities") == nil)
      let distance = try #require(try await store.distance(from: "Rome", to: "Naples", in: "cities"))
      #expect((185_000...190_000).contains(distance))
      #expect(try await store.members(of: "cities", within: 300_000, metersOf: rome) == ["Rome", "Naples"])
      #expect(try await store.members(of: "cities", within: 1000, metersOf: rome) == ["Rome"])
    }
  }

  @Test func messagesReachSubscribers() async throws {
    try await withStore { store in
      let messages = try await store.subscribe(to: ["news"], patterns: ["n*"])
      for number in 0..<10 {
        #expect(try await store.publish(Bytes(number), to: "news") == 2)
      }
      var seen: [Message] = []
      for try await message in messages {
        seen.append(message)
        if seen.count == 20 { break }
      }
      #expect(seen.filter { $0.pattern == nil }.map(\.payload) == (0..<10).map { Bytes($0) })
      #expect(seen.filter { $0.pattern == "n*" }.count == 10)
    }
  }

  @Test func aSubscriberWhoDoesNotReadFails() async throws {
    try await withStore { store in
      let messages = try await store.subscribe(to: ["c"], messagesMax: 5)
      for number in 0..<10 { try await store.publish(Bytes(number), to: "c") }
      var count = 0
      await #expect(throws: MartletError.tooSlow) {
        for try await _ in messages { count += 1 }
      }
      // Some may come while the first are read.
      #expect((5..<10).contains(count))
    }
  }

  @Test func waitingCallsGetWhatComes() async throws {
    try await withStore { store in
      async let popped = store.pop(fromAnyOf: ["a", "b"], waitingFor: .seconds(20))
      #expect(try await store.push(["1"], to: "b") >= 0)
      #expect(try await popped == .init(key: "b", element: "1"))
      #expect(try await store.pop(fromAnyOf: ["a"], waitingFor: .milliseconds(10)) == nil)

      let following = try await store.entries(following: nil, of: "log")
      let reader = Task {
        var names: [Bytes] = []
        for try await entry in following {
          names.append(entry.fields[0].value)
          if names.count == 3 { break }
        }
        return names
      }
      for number in 0..<3 { try await store.append([("n", Bytes(number))], to: "log") }
      #expect(try await reader.value == ["0", "1", "2"])
    }
  }

  @Test func aCancelledTaskWaitsNoLonger() async throws {
    try await withStore { store in
      let (started, continuation) = AsyncStream<Void>.makeStream()
      let waiter = Task {
        var count = 0
        for try await _ in store.elements(poppedFrom: ["queue"]) {
          count += 1
          continuation.yield()
        }
        return count
      }
      try await store.push(["x"], to: "queue")
      for await _ in started { break }
      waiter.cancel()
      #expect(try await waiter.value == 1)
      // What is pushed now is nobody's yet.
      try await store.push(["y"], to: "queue")
      #expect(try await store.length(of: "queue") == 1)
    }
  }
}
