import Foundation
import TestSupport
import Testing

/// Clients that wait for elements, over several shards: each history has an order that explains it, in which every
/// element reaches one client, and the one who has waited longest gets it first.
///
/// A failure prints its seed; `MARTLET_SIMULATION_SEED` runs that one alone. `MARTLET_LONG_TESTS` runs for minutes.
@Suite struct WaitingTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let isLong = environment["MARTLET_LONG_TESTS"] != nil

  private static var seeds: [UInt64] {
    if let text = environment["MARTLET_SIMULATION_SEED"], let seed = UInt64(text) { return [seed] }
    return Array(1...(isLong ? 300_000 : 3000))
  }

  @Test func waitingClientsAreServedOnceAndInTheirOrder() {
    let end = Date(timeIntervalSinceNow: Self.isLong ? 600 : 30)
    var (count, waits, timeouts) = (0, 0, 0)
    for seed in Self.seeds where Date() < end {
      let server = SimulatedServer(shardCount: Int(1 + seed % 4), seed: seed)
      let clients = WaitingClients(
        server, count: Int(3 + seed % 4), operations: 14, keys: Int(1 + seed / 4 % 4), seed: seed)
      if let failure = clients.runToEnd() {
        Issue.record("seed \(seed): \(failure)\n\(clients.history.description)")
        return
      }
      server.checkAtRest()
      count += 1
      waits += clients.waits
      timeouts += clients.timeouts
      guard clients.history.isStrictlySerializable() else {
        Issue.record("seed \(seed): no order explains\n\(clients.history.description)")
        return
      }
    }
    // A run in which hardly anybody waits would prove little.
    if Self.seeds.count > 1 {
      #expect(count > 500, "the machine is too slow for the time given")
      #expect(waits > count)
      #expect(timeouts > count / 4)
    }
  }

  // MARK: The checker must be able to fail

  private func history(_ operations: [(words: String, from: Int, waits: Int?, to: Int, reply: String)]) -> History {
    var history = History()
    for operation in operations {
      history.operations.append(
        History.Operation(
          commands: [operation.words.split(separator: " ").map(String.init)], isTransaction: false,
          expectations: [:], invokedAt: operation.from, repliedAt: operation.to,
          reply: Array(operation.reply.replacing(" ", with: "\r\n").utf8), waitingSince: operation.waits, hasWaited: operation.waits != nil))
    }
    return history
  }

  @Test func whoHasWaitedLongestIsFirst() {
    let first = "*2 $1 k $1 1 "
    let second = "*2 $1 k $1 2 "
    func waits(_ replies: (String, String), secondAsksAt: Int) -> History {
      history([
        ("blpop k 0", 1, 2, 20, replies.0),
        ("blpop k 0", secondAsksAt, 5, 21, replies.1),
        ("rpush k 1 2", 10, nil, 11, ":2 "),
      ])
    }
    #expect(waits((first, second), secondAsksAt: 3).isStrictlySerializable())
    #expect(!waits((second, first), secondAsksAt: 3).isStrictlySerializable())
    // Who asked at the same time may have been the first.
    #expect(waits((second, first), secondAsksAt: 1).isStrictlySerializable())
  }

  @Test func anElementForTwoIsFound() {
    let element = "*2 $1 k $1 1 "
    #expect(
      !history([
        ("blpop k 0", 1, 2, 20, element), ("blpop k 0", 3, 4, 21, element),
        ("rpush k 1", 10, nil, 11, ":1 "),
      ]).isStrictlySerializable())
  }

  @Test func aTimeoutWhileSomethingWasThereIsFound() {
    let pushed = ("rpush k 1", 1, nil as Int?, 2, ":1 ")
    #expect(!history([pushed, ("blpop k 0", 3, nil, 20, "*-1 ")]).isStrictlySerializable())
    #expect(history([("rpush k 1", 4, nil, 5, ":1 "), ("blpop k 0", 3, nil, 20, "*-1 ")]).isStrictlySerializable())
  }
}
