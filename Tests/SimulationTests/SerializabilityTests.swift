import Foundation
import TestSupport
import Testing

/// Thousands of small histories, each from a seed of its own, searched for an order that explains them.
///
/// A failure prints its seed; `MARTLET_SIMULATION_SEED` runs that one alone. `MARTLET_LONG_TESTS` runs for minutes.
@Suite struct SerializabilityTests {
  private static let environment = ProcessInfo.processInfo.environment

  private static var seeds: [UInt64] {
    if let text = environment["MARTLET_SIMULATION_SEED"], let seed = UInt64(text) { return [seed] }
    return Array(1...(environment["MARTLET_LONG_TESTS"] == nil ? 3000 : 300_000))
  }

  private static func deadline() -> Date {
    Date(timeIntervalSinceNow: environment["MARTLET_LONG_TESTS"] == nil ? 30 : 600)
  }

  @Test func everyHistoryIsStrictlySerializable() {
    let end = Self.deadline()
    var refusals = 0
    var count = 0
    for seed in Self.seeds where Date() < end {
      let server = SimulatedServer(shardCount: Int(1 + seed % 4), seed: seed)
      let clients = SimulatedClients(
        server, count: Int(2 + seed % 4), operations: 14, keys: Int(2 + seed / 4 % 4), seed: seed)
      #expect(clients.runToEnd(), "seed \(seed): a client waits for ever")
      server.checkAtRest()
      refusals += server.refusals
      count += 1
      guard clients.history.isStrictlySerializable() else {
        Issue.record("seed \(seed): no order explains\n\(clients.history.description)")
        return
      }
    }
    // A run that never got in its own way would prove little.
    if Self.seeds.count > 1 {
      #expect(count > 500, "the machine is too slow for the time given")
      #expect(refusals > 0)
    }
  }

  /// Scripts among the rest: with keys that they declare and others, suspended for commands on other shards and when
  /// their slices are over; some fail after they have written, some are killed before.
  @Test func historiesWithScriptsAreStrictlySerializable() {
    let end = Self.deadline()
    var counts = SimulatedScripts.Counts()
    var count = 0
    for seed in Self.seeds where Date() < end {
      let server = SimulatedServer(shardCount: Int(1 + seed % 4), seed: seed)
      let clients = SimulatedClients(
        server, count: Int(2 + seed % 4), operations: 14, keys: Int(2 + seed / 4 % 4), seed: seed, hasScripts: true)
      #expect(clients.runToEnd(), "seed \(seed): a client waits for ever")
      server.checkAtRest()
      for scripts in server.scripts { counts += scripts.counts }
      count += 1
      guard clients.history.isStrictlySerializable() else {
        Issue.record("seed \(seed): no order explains\n\(clients.history.description)")
        return
      }
    }
    guard Self.seeds.count > 1 else { return }
    #expect(count > 500, "the machine is too slow for the time given")
    #expect(counts.atOnce > 100 && counts.withClaims > 100, "\(counts)")
    #expect(counts.hops > 100 && counts.slices > 100 && counts.kills > 20, "\(counts)")
  }

  /// The checker must be able to fail: a reply from another world is found.
  @Test func aWrongReplyIsFound() throws {
    let server = SimulatedServer(shardCount: 3, seed: 5)
    let clients = SimulatedClients(server, count: 3, operations: 14, keys: 3, seed: 5)
    #expect(clients.runToEnd())
    var history = clients.history
    let index = try #require(history.operations.firstIndex { $0.repliedAt != nil })
    history.operations[index].reply = Array("$3\r\nodd\r\n".utf8)
    #expect(!history.isStrictlySerializable())
  }

  /// Money moves between accounts in transactions, or by scripts; every look at all of them finds the same sum.
  @Test(arguments: [false, true]) func transfersConserveTheTotal(byScripts: Bool) {
    let transfer = "redis.call('decr', KEYS[1]) return redis.call('incr', KEYS[2])"
    for seed in UInt64(1)...10 {
      var random = SeededGenerator(seed: seed)
      let server = SimulatedServer(shardCount: 4, seed: seed)
      let accounts = (0..<8).map { "account\($0)" }
      var sums: Set<Int> = []
      var transfers = 0
      server.run(["mset"] + accounts.flatMap { [$0, "100"] }, at: 0) { _ in }
      while !server.isQuiet { server.deliverOne(random.next()) }
      for step in 0..<200 {
        let pair = Array(accounts.shuffled(using: &random).prefix(2))
        if step % 5 == 0 {
          server.run(["mget"] + accounts, at: step % 4) { reply in
            sums.insert(
              String(decoding: reply, as: UTF8.self).split(separator: "\r\n").dropFirst()
                .filter { !$0.hasPrefix("$") }.reduce(0) { $0 + (Int($1) ?? 0) })
          }
        } else if byScripts {
          server.run(SimulatedScript(transfer, keys: pair), at: step % 4) { _ in transfers += 1 }
        } else {
          server.execute(
            [["decr", pair[0]], ["incr", pair[1]]], watches: [], at: step % 4
          ) { _ in transfers += 1 }
        }
        for _ in 0..<Int.random(in: 0...6, using: &random) { server.deliverOne(random.next()) }
      }
      while !server.isQuiet { server.deliverOne(random.next()) }
      server.checkAtRest()
      #expect(transfers == 160, "seed \(seed)")
      #expect(sums == [800], "seed \(seed)")
    }
  }
}
