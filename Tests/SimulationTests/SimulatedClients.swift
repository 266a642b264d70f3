import Shard
import TestSupport

/// Clients of a simulated server: each has one operation under way at a time, until it is gone.
final class SimulatedClients {
  private enum State {
    case idle
    case waiting
    case gone
  }

  private let server: SimulatedServer
  private var states: [State]
  private var left: Int
  private let keys: [String]
  private(set) var history = History()
  private var clock = 0
  private var lastValue = 0
  var random: SeededGenerator

  init(_ server: SimulatedServer, count: Int, operations: Int, keys: Int, seed: UInt64) {
    self.server = server
    states = Array(repeating: .idle, count: count)
    left = operations
    self.keys = (0..<keys).map { "k\($0)" }
    random = SeededGenerator(seed: seed)
  }

  /// Runs until every operation has been begun and everything has arrived; false if somebody still waits then.
  func runToEnd() -> Bool {
    while true {
      let idle = states.indices.filter { states[$0] == .idle }
      if left > 0, !idle.isEmpty, server.isQuiet || Int.random(in: 0..<4, using: &random) == 0 {
        left -= 1
        begin(client: idle.randomElement(using: &random) ?? 0)
      } else if !server.isQuiet {
        server.deliverOne(random.next())
      } else {
        return !states.contains(.waiting)
      }
      // A client that goes away while its command is under way never hears of it.
      if Int.random(in: 0..<200, using: &random) == 0,
        let client = states.indices.filter({ states[$0] == .waiting }).randomElement(using: &random)
      {
        states[client] = .gone
      }
    }
  }

  private func begin(client: Int) {
    states[client] = .waiting
    let home = client % server.shardCount
    switch Int.random(in: 0..<10, using: &random) {
    case 0: watchThenExecute(client, home)
    case 1, 2, 3:
      let commands = (0..<Int.random(in: 1...3, using: &random)).map { _ in randomCommand() }
      let index = note(commands, isTransaction: true)
      server.execute(commands, watches: [], at: home) { self.finish(client, index, $0) }
    default:
      let command = randomCommand()
      let index = note([command])
      server.run(command, at: home) { self.finish(client, index, $0) }
    }
  }

  /// WATCH, GET, MULTI ... EXEC: what was read must still hold if EXEC goes through.
  private func watchThenExecute(_ client: Int, _ home: Int) {
    let key = randomKey()
    server.watch([key], at: home) { watches in
      let read = self.note([["get", key]])
      self.server.run(["get", key], at: home) { reply in
        self.finish(client, read, reply)
        guard self.states[client] == .idle else { return }
        self.states[client] = .waiting
        let text = String(decoding: reply, as: UTF8.self)
        let value = text.hasPrefix("$-1") ? nil : String(text.split(separator: "\r\n")[1])
        let commands = [["set", key, self.freshValue()], self.randomCommand()]
        let index = self.note(commands, isTransaction: true, expectations: [key: value])
        self.server.execute(commands, watches: watches, at: home) {
          self.finish(client, index, $0)
        }
      }
    }
  }

  private func note(
    _ commands: [[String]], isTransaction: Bool = false, expectations: [String: String?] = [:]
  ) -> Int {
    clock += 1
    history.operations.append(
      History.Operation(
        commands: commands, isTransaction: isTransaction, expectations: expectations,
        invokedAt: clock))
    return history.operations.count - 1
  }

  private func finish(_ client: Int, _ index: Int, _ reply: [UInt8]) {
    guard states[client] == .waiting else { return }
    clock += 1
    history.operations[index].repliedAt = clock
    history.operations[index].reply = reply
    states[client] = .idle
  }

  // MARK: What they ask

  private func randomKey() -> String { keys.randomElement(using: &random) ?? keys[0] }

  /// No two values are the same, so that a reply says whose write it saw.
  private func freshValue() -> String {
    lastValue += 1
    return "\(lastValue)"
  }

  private func someKeys(_ range: ClosedRange<Int>) -> [String] {
    Array(keys.shuffled(using: &random).prefix(Int.random(in: range, using: &random)))
  }

  private func randomCommand() -> [String] {
    switch Int.random(in: 0..<13, using: &random) {
    case 0, 1: ["get", randomKey()]
    case 2, 3: ["set", randomKey(), freshValue()]
    case 4, 5: ["mget"] + someKeys(2...3)
    case 6, 7: ["mset"] + someKeys(2...3).flatMap { [$0, freshValue()] }
    case 8: ["rename", randomKey(), randomKey()]
    case 9: ["copy", randomKey(), randomKey()] + (Bool.random(using: &random) ? ["replace"] : [])
    case 10: ["del"] + someKeys(1...3)
    case 11: ["exists"] + someKeys(1...3)
    default:
      switch Int.random(in: 0..<4, using: &random) {
      case 0: ["msetnx"] + someKeys(2...2).flatMap { [$0, freshValue()] }
      case 1: ["flushall"]
      case 2: ["dbsize"]
      default: ["incr", randomKey()]
      }
    }
  }
}
