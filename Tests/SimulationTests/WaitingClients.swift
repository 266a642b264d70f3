import Shard
import TestSupport

/// Clients of a simulated server that push, and that wait for what others push: some until their time is over, some
/// until they go away.
final class WaitingClients {
  private enum State {
    case idle
    case waiting
    case gone
  }

  private let server: SimulatedServer
  private var states: [State]
  /// Of each client, where its operation under way is in the history.
  private var current: [Int]
  private var left: Int
  private let keys: [String]
  private(set) var history = History()
  private(set) var timeouts = 0
  private(set) var waits = 0
  private var clock = 0
  private var lastValue = 0
  private var random: SeededGenerator

  init(_ server: SimulatedServer, count: Int, operations: Int, keys: Int, seed: UInt64) {
    self.server = server
    states = Array(repeating: .idle, count: count)
    current = Array(repeating: 0, count: count)
    left = operations
    self.keys = (0..<keys).map { "k\($0)" }
    random = SeededGenerator(seed: seed)
    server.onWait = { [unowned self] client in
      guard states[Int(client)] == .waiting else { return }
      history.operations[current[Int(client)]].hasWaited = true
    }
  }

  /// Runs until every operation has been begun and everything has arrived, and ends the waits that are left then.
  ///
  /// - Returns: nil, or what was wrong.
  func runToEnd() -> String? {
    while true {
      let idle = states.indices.filter { states[$0] == .idle }
      if left > 0, !idle.isEmpty, server.isQuiet || Int.random(in: 0..<4, using: &random) == 0 {
        left -= 1
        begin(client: idle.randomElement(using: &random) ?? 0)
      } else if !server.isQuiet {
        server.deliverOne(random.next())
      } else if server.waiters.isEmpty {
        return states.contains(.waiting) ? "a client waits for ever" : nil
      } else {
        timeOut(client: Int(server.waiters.keys.sorted()[0]))
      }
      if server.isQuiet {
        noteWaiting()
        if server.hasForgottenWaiter { return "an element lies where somebody waits for it" }
      }
      disturb()
    }
  }

  private func noteWaiting() {
    for client in server.waiters.keys.sorted() where states[Int(client)] == .waiting {
      let operation = current[Int(client)]
      guard history.operations[operation].waitingSince == nil else { continue }
      clock += 1
      waits += 1
      history.operations[operation].waitingSince = clock
    }
  }

  /// Now and then a client's time is over, or it goes away.
  private func disturb() {
    let waiting = states.indices.filter { states[$0] == .waiting }
    guard let client = waiting.randomElement(using: &random) else { return }
    switch Int.random(in: 0..<150, using: &random) {
    case 0:
      states[client] = .gone
      server.disconnect(UInt64(client))
    case 1...3: timeOut(client: client)
    default: break
    }
  }

  private func timeOut(client: Int) {
    let isWaiting = states[client] == .waiting
    server.timeOut(UInt64(client))
    if isWaiting, states[client] == .idle { timeouts += 1 }
  }

  private func begin(client: Int) {
    states[client] = .waiting
    let home = client % server.shardCount
    if Int.random(in: 0..<6, using: &random) == 0 {
      let commands = (0..<Int.random(in: 1...3, using: &random)).map { _ in plainCommand() }
      let index = note(client, commands, isTransaction: true)
      return server.execute(commands, watches: [], at: home) { self.finish(client, index, $0) }
    }
    if Bool.random(using: &random) {
      let command = waitingCommand()
      let index = note(client, [command])
      return server.runBlocking(command, client: UInt64(client), at: home) {
        self.finish(client, index, $0)
      }
    }
    let command = plainCommand()
    let index = note(client, [command])
    server.run(command, at: home) { self.finish(client, index, $0) }
  }

  private func note(_ client: Int, _ commands: [[String]], isTransaction: Bool = false) -> Int {
    clock += 1
    history.operations.append(
      History.Operation(
        commands: commands, isTransaction: isTransaction, expectations: [:], invokedAt: clock))
    current[client] = history.operations.count - 1
    return current[client]
  }

  private func finish(_ client: Int, _ index: Int, _ reply: [UInt8]) {
    guard states[client] == .waiting else { return }
    clock += 1
    history.operations[index].repliedAt = clock
    history.operations[index].reply = reply
    states[client] = .idle
  }

  // MARK: What they ask

  private func key() -> String { keys.randomElement(using: &random) ?? keys[0] }

  private func someKeys(_ range: ClosedRange<Int>) -> [String] {
    Array(keys.shuffled(using: &random).prefix(Int.random(in: range, using: &random)))
  }

  /// No two are the same, so that a reply says whose element it is.
  private func freshValues(_ range: ClosedRange<Int>) -> [String] {
    (0..<Int.random(in: range, using: &random)).map { _ in
      lastValue += 1
      return "\(lastValue)"
    }
  }

  private func plainCommand() -> [String] {
    switch Int.random(in: 0..<12, using: &random) {
    case 0...5: ["rpush", key()] + freshValues(1...2)
    case 6: ["lpush", key()] + freshValues(1...1)
    case 7: ["lmove", key(), key(), "LEFT", "RIGHT"]
    case 8: ["lpop", key()]
    case 9: ["lrange", key(), "0", "-1"]
    case 10: ["rename", key(), key()]
    default: ["del", key()]
    }
  }

  private func waitingCommand() -> [String] {
    switch Int.random(in: 0..<6, using: &random) {
    case 0, 1: return ["blpop"] + someKeys(1...3) + ["0"]
    case 2: return ["brpop"] + someKeys(1...2) + ["0"]
    case 3:
      let keys = someKeys(1...3)
      let count = Int.random(in: 1...2, using: &random)
      return ["blmpop", "0", "\(keys.count)"] + keys + ["LEFT", "COUNT", "\(count)"]
    default: return ["blmove", key(), key(), "LEFT", "RIGHT", "0"]
    }
  }
}
