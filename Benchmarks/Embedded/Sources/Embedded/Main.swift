import Martlet

/// What a call of the embedded store costs: one by one, and in batches.
@main
struct Main {
  private static let keyCount = 100_000
  private static let batchCount = 100

  static func main() async throws {
    let store = try await MartletStore.open()
    let keys = (0..<keyCount).map { Bytes("key:\($0)") }
    let value = Bytes(String(repeating: "v", count: 64))

    for round in 1...3 {
      let set = try await batches(store) { ["SET", keys[$0], value] }
      let get = try await batches(store) { ["GET", keys[$0]] }
      let single = try await singles(store, keys)
      print(
        "round \(round): SET \(set) ns, GET \(get) ns in batches of \(batchCount); GET alone \(single) ns")
    }
    try await store.close()
  }

  /// Nanoseconds a command, each in a batch with others.
  private static func batches(
    _ store: MartletStore, _ command: @Sendable (Int) -> [Bytes]
  ) async throws -> Int {
    let all = (0..<keyCount / batchCount).map { batch in
      (0..<batchCount).map { command((batch * batchCount + $0) * 7919 % keyCount) }
    }
    let clock = ContinuousClock()
    let start = clock.now
    for commands in all {
      let replies = try await store.pipeline(commands)
      precondition(replies.count == batchCount)
    }
    return nanoseconds(clock.now - start) / keyCount
  }

  /// Nanoseconds a call that is awaited before the next.
  private static func singles(_ store: MartletStore, _ keys: [Bytes]) async throws -> Int {
    let count = 20_000
    let clock = ContinuousClock()
    let start = clock.now
    for index in 0..<count {
      let value = try await store.get(keys[index * 7919 % keyCount])
      precondition(value != nil)
    }
    return nanoseconds(clock.now - start) / count
  }

  private static func nanoseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    return Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
  }
}
