import Martlet

/// What a call of the embedded store costs: one by one, in batches and in transactions; from a task of the program's own
/// threads, and from one on the shard's thread.
///
/// `--rounds N` (5), `--place near` or `far` for one of the two places only, `--only TEXT` for what has this in its name,
/// `--keys N` (10000; what few keys cost is in the processor's caches).
@main
struct Main {
  static func main() async throws {
    let rounds = option("--rounds").flatMap { Int($0) } ?? 5
    let only = option("--place") ?? ""
    let store = try await MartletStore.open()
    let bench = Bench(store: store)
    try await store.onShard(of: "any") { () async throws in try await bench.fill() }
    var table = Table()
    for _ in 0..<rounds {
      if only != "near" { try await bench.measure("another thread", into: &table) }
      if only == "far" { continue }
      let measured = try await store.onShard(of: "any") { () async throws -> Table in
        var part = Table()
        try await bench.measure("the shard's thread", into: &part)
        return part
      }
      table.merge(measured)
    }
    try await store.close()
    table.print()
  }

  static func option(_ name: String) -> String? {
    guard let place = CommandLine.arguments.lastIndex(of: name), place + 1 < CommandLine.arguments.count
    else { return nil }
    return CommandLine.arguments[place + 1]
  }
}

struct Bench: Sendable {
  let store: MartletStore
  let keys = (0..<keyCount).map { Bytes("key:\($0)") }
  let value = Bytes(String(repeating: "v", count: 64))

  private static let keyCount = Main.option("--keys").flatMap { Int($0) } ?? 10_000
  private static let callCount = 100_000
  private static let batchCount = 100

  func fill() async throws {
    for key in keys { try await store.set(key, to: value) }
  }

  private func key(_ index: Int) -> Bytes { keys[index * 7919 % Self.keyCount] }

  func measure(_ place: String, into table: inout Table) async throws {
    try await table.time("\(place): GET, batches of 100", count: Self.callCount) {
      for start in stride(from: 0, to: Self.callCount, by: Self.batchCount) {
        let results = try await store.run((start..<start + Self.batchCount).map { .get(key($0)) })
        let first = try results[0].get()
        precondition(first == value)
      }
    }
    try await table.time("\(place): SET, batches of 100", count: Self.callCount) {
      for start in stride(from: 0, to: Self.callCount, by: Self.batchCount) {
        let results = try await store.run(
          (start..<start + Self.batchCount).map { .set(key($0), to: value) })
        precondition(results.count == Self.batchCount)
      }
    }
    try await table.time("\(place): GET, pipelines of 100", count: Self.callCount) {
      for start in stride(from: 0, to: Self.callCount, by: Self.batchCount) {
        var pipeline = Pipeline()
        let first = pipeline.append(.get(key(start)))
        for index in start + 1..<start + Self.batchCount { pipeline.append(.get(key(index))) }
        let replies = try await store.run(pipeline)
        let read = try replies[first]
        precondition(read == value)
      }
    }
    let singles = 50_000
    try await table.time("\(place): GET alone", count: singles) {
      for index in 0..<singles {
        let found = try await store.get(key(index))
        precondition(found != nil)
      }
    }
    try await table.time("\(place): SET alone", count: singles) {
      for index in 0..<singles { try await store.set(key(index), to: value) }
    }
    try await table.time("\(place): transaction of 1 GET, 1 SET", count: singles) {
      for index in 0..<singles {
        let (from, to) = (key(index), key(index + 1))
        try await store.transaction(keys: [from, to]) { view in
          guard let value = try view.get(from) else { return }
          try view.set(to, to: value)
        }
      }
    }
    let many = keys
    try await table.time("\(place): GET in a transaction", count: Self.callCount) {
      let found = try await store.transaction(keys: [many[0]], writes: false) { view in
        var found = 0
        for _ in 0..<Self.callCount where try view.get(many[0]) != nil { found += 1 }
        return found
      }
      precondition(found == Self.callCount)
    }
  }
}

/// Nanoseconds a call, by what was measured.
struct Table: Sendable {
  private static let part = Main.option("--only") ?? ""
  private var names: [String] = []
  private var times: [String: [Int]] = [:]

  mutating func time(_ name: String, count: Int, _ body: () async throws -> Void) async rethrows {
    let clock = ContinuousClock()
    guard Self.part.isEmpty || name.contains(Self.part) else { return }
    let start = clock.now
    try await body()
    let (seconds, attoseconds) = (clock.now - start).components
    add(name, (Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)) / count)
  }

  private mutating func add(_ name: String, _ time: Int) {
    if times[name] == nil { names.append(name) }
    times[name, default: []].append(time)
  }

  mutating func merge(_ other: Table) {
    for name in other.names { for time in other.times[name] ?? [] { add(name, time) } }
  }

  func print() {
    Swift.print("| call | ns, median | lowest | highest | goal |\n|---|---:|---:|---:|---|")
    for name in names {
      let sorted = (times[name] ?? []).sorted()
      let median = sorted[sorted.count / 2]
      let goal = Self.goal(of: name).map { "≤ \($0), \(median <= $0 ? "reached" : "missed")" } ?? ""
      Swift.print("| \(name) | \(median) | \(sorted[0]) | \(sorted[sorted.count - 1]) | \(goal) |")
    }
  }

  /// Nanoseconds that a call should take at most.
  private static func goal(of name: String) -> Int? {
    if name.hasSuffix("s of 100") { return 150 }
    if name.hasSuffix("alone") { return name.hasPrefix("another") ? 8000 : 300 }
    return nil
  }
}
