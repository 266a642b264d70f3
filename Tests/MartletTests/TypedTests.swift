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
