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
  private let hasScripts: Bool
  private(set) var history = History()
  private var clock = 0
  private var lastValue = 0
  var random: SeededGenerator

  /// - Parameter hasScripts: some of them run scripts, rather than transactions.
  init(
    _ server: SimulatedServer, count: Int, operations: Int, keys: Int, seed: UInt64, hasScripts: Bool = false
  ) {
    self.server = server
    self.hasScripts = hasScripts
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
    case 1...3 where hasScripts: runScript(client, home)
    case 1...3:
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

  /// EVAL of some commands, with keys that it declares or not.
  private func runScript(_ client: Int, _ home: Int) {
    let commands = (0..<Int.random(in: 1...3, using: &random)).map { _ in
      Int.random(in: 0..<3, using: &random) == 0 ? ["assign", randomKey(), randomKey()] : randomCommand()
    }
    let end: History.ScriptEnd =
      switch Int.random(in: 0..<6, using: &random) {
      case 0: .failure
      case 1, 2: .resultOrKill
      default: .result
      }
    let script = SimulatedScript(
      commands, end, declares: Int.random(in: 0..<4, using: &random) > 0,
      isSlow: Int.random(in: 0..<4, using: &random) == 0)
    let index = note(commands, scriptEnd: end)
    server.run(script, at: home) { self.finish(client, index, $0) }
  }

  private func note(
    _ commands: [[String]], isTransaction: Bool = false, scriptEnd: History.ScriptEnd? = nil,
    expectations: [String: String?] = [:]
  ) -> Int {
    clock += 1
    history.operations.append(
      History.Operation(
        commands: commands, isTransaction: isTransaction, scriptEnd: scriptEnd, expectations: expectations,
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

extension SimulatedScript {
  /// A script that does these commands.
  ///
  /// - Parameters:
  ///   - declares: its keys are KEYS, else their names stand in its text.
  ///   - isSlow: its slice is over now and then.
  fileprivate init(_ commands: [[String]], _ end: History.ScriptEnd, declares: Bool, isSlow: Bool) {
    var keys: [String] = []
    var arguments: [String] = []
    func key(_ name: String) -> String {
      guard declares else { return "'\(name)'" }
      if let index = keys.firstIndex(of: name) { return "KEYS[\(index + 1)]" }
      keys.append(name)
      return "KEYS[\(keys.count)]"
    }
    func word(_ text: String) -> String {
      if text.hasPrefix("k") { return key(text) }
      arguments.append(text)
      return "ARGV[\(arguments.count)]"
    }
    var lines = ["local replies = {}"]
    for command in commands {
      if isSlow { lines.append("for turn = 1, 1500 do local _ = turn end") }
      var call = "'\(command[0])'"
      if command[0] == "assign" {
        call = "'set', \(key(command[1])), redis.call('get', \(key(command[2]))) or '0'"
      } else {
        for text in command.dropFirst() { call += ", \(word(text))" }
      }
      lines.append("replies[#replies + 1] = redis.pcall(\(call))")
    }
    if isSlow { lines.append("for turn = 1, 1500 do local _ = turn end") }
    lines.append(end == .failure ? "error({err = 'ERR gone wrong'})" : "return replies")
    self.init(
      lines.joined(separator: "\n"), keys: keys, arguments: arguments, isToBeKilled: end == .resultOrKill)
  }
}
