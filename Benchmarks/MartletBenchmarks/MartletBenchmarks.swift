import Benchmark
import Glibc
import Martlet
import Measuring

/// What needs threads: their time is less certain than that of one, and allocations can't be told apart.
let benchmarks: @Sendable () -> Void = {
  let (count, transactions) = (100_000, 200)
  let pairs = (0..<transactions).map { (from: Bytes("from:\($0)"), to: Bytes("to:\($0)")) }
  for shards in [1, 2] {
    let store = Opened(shards: shards)
    measure(
      "Transaction, two keys, \(shards == 1 ? "one shard" : "two shards")", calls: transactions, tolerance: 60,
      countsAllocations: false
    ) {
      for (from, to) in pairs {
        try await store().transaction(keys: [from, to]) { view in
          try view.increment(from, by: -1)
          try view.increment(to, by: 1)
        }
      }
    }
  }
  // In memory: a disk's time says nothing about this code.
  let directory = "/dev/shm/martlet-benchmark-\(getpid())"
  let kept = Opened(shards: 1, keys: count, directory: directory)
  measure(
    "Snapshot, a key", calls: count, tolerance: 60, countsAllocations: false,
    cleanUp: {
      unsafe unlink("\(directory)/dump.rdb")
      unsafe rmdir(directory)
    }
  ) { try await kept().save() }
}

/// A store that is opened when it is first used. It ends with the process.
actor Opened {
  private let shards: Int
  private let keys: Int
  private let directory: String?
  private var store: MartletStore?

  init(shards: Int, keys: Int = 0, directory: String? = nil) {
    self.shards = shards
    self.keys = keys
    self.directory = directory
  }

  func callAsFunction() async throws -> MartletStore {
    if let store { return store }
    let opened = try await MartletStore.open(
      .init(shards: shards, persistence: directory.map { .init(directory: $0, log: nil) }))
    let value = Bytes(String(repeating: "v", count: 64))
    for start in stride(from: 0, to: keys, by: 100) {
      for result in try await opened.run((start..<start + 100).map { .set("key:\($0)", to: value) }) { try result.get() }
    }
    store = opened
    return opened
  }
}
