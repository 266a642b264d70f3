import Engine

/// The words of a `redis.call`, as far as they are known: whether all its keys are declared ones.
struct CommandKeys {
  /// The command's name comes first.
  private let words: [KeyUse.Kind]
  /// The last word stands for any number of words.
  private let hasTail: Bool

  init(_ words: [KeyUse.Kind], hasTail: Bool) {
    self.words = words
    self.hasTail = hasTail
  }

  /// Commands by name, subcommands as `object|encoding`: those whose keys stand at known places, and are all they use.
  private static let commands: [String: [KeySpec]] = {
    var found: [String: [KeySpec]] = [:]
    for command in CommandTable.engine {
      if hasPlainKeys(command) { found[command.name] = command.keys }
      for subcommand in command.subcommands where hasPlainKeys(subcommand) {
        found["\(command.name)|\(subcommand.name)"] = subcommand.keys
      }
    }
    return found
  }()
  private static let containers = Set(
    CommandTable.engine.filter { !$0.subcommands.isEmpty }.map(\.name))
  /// Commands that use no keys.
  private static let keyless: Set<String> = ["time", "publish", "spublish", "echo", "ping"]

  private static func hasPlainKeys(_ command: Command) -> Bool {
    switch command.execution {
    case .oneShard, .steps, .keyByKey, .eachKey: break
    default: return false
    }
    guard command.findKeys == nil, command.dependents == nil, command.blocking == nil else { return false }
    return !command.keys.isEmpty
      && command.keys.allSatisfy { spec in
        guard case .index = spec.begin, spec.access.isDisjoint(with: [.notKey, .incomplete]) else {
          return false
        }
        switch spec.find {
        case .range(_, let step, let limit): return step >= 1 && limit <= 1
        case .count(_, _, let step): return step == 1
        case .unknown: return false
        }
      }
  }

  var areDeclared: Bool {
    guard case .text(let word) = words.first else { return false }
    var name = word.lowercasedASCII
    if Self.keyless.contains(name) { return true }
    if Self.containers.contains(name) {
      guard words.count > 1, case .text(let subcommand) = words[1] else { return false }
      name += "|" + subcommand.lowercasedASCII
    }
    guard let specs = Self.commands[name] else { return false }
    return specs.allSatisfy(areDeclared)
  }

  private func areDeclared(_ spec: KeySpec) -> Bool {
    guard case .index(let start) = spec.begin else { return false }
    switch spec.find {
    case .range(let last, let step, _):
      if last >= 0 { return stride(from: start, through: start + last, by: step).allSatisfy(isKey) }
      // The end is not known: whatever comes has to be a key.
      if hasTail { return areKeys(from: start) }
      return stride(from: start, through: words.count + last, by: step).allSatisfy(isKey)
    case .count(let countIndex, let firstKey, _):
      let first = start + firstKey
      guard start + countIndex < fixedCount, case .number(let count) = words[start + countIndex],
        count < words.count
      else { return areKeys(from: first) }
      return (first..<first + max(count, 0)).allSatisfy(isKey)
    case .unknown: return false
    }
  }

  private var fixedCount: Int { hasTail ? words.count - 1 : words.count }

  /// Whether the word there is a declared key, or there is none.
  private func isKey(_ index: Int) -> Bool {
    if index < fixedCount { return words[index].isKey }
    return !hasTail || words[words.count - 1].isKey
  }

  private func areKeys(from start: Int) -> Bool {
    (min(start, words.count - 1)..<words.count).allSatisfy { $0 < start && $0 < fixedCount || words[$0].isKey }
  }
}

extension KeyUse {
  /// Whether a call with these arguments has no keys but declared ones.
  func namesOnlyKeys(_ arguments: [LuaExpression]) -> Bool {
    CommandKeys(arguments.map(kind), hasTail: arguments.last?.isMultiple ?? false).areDeclared
  }
}
