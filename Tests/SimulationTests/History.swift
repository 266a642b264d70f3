/// What clients asked and were told, and when.
struct History {
  struct Operation {
    let commands: [[String]]
    /// EXEC replied as one: an array of their replies.
    let isTransaction: Bool
    /// How a script ends that does these commands; nil for what is none.
    var scriptEnd: ScriptEnd?
    /// What a watched key held when the client looked; a transaction that was not refused found it so.
    let expectations: [String: String?]
    let invokedAt: Int
    /// nil: the client was gone before the reply.
    var repliedAt: Int?
    var reply: [UInt8] = []
    /// When it was certain that the command waits in the lines of its keys.
    var waitingSince: Int?
    /// It was put into the lines of its keys. Then it is served from any of them that has something, as in Redis from
    /// the one written first; without waiting, from the first that it names.
    var hasWaited = false
  }

  enum ScriptEnd {
    /// With the replies to its commands.
    case result
    /// By an error, after all of its commands.
    case failure
    /// As `result`, or, as long as it has written nothing, because somebody ended it.
    case resultOrKill
  }

  var operations: [Operation] = []

  /// Whether some order of the operations, each at one instant between its call and its reply, explains every
  /// reply.
  ///
  /// Those who wait are served in their order: nobody is given an element of a key for which somebody else waits who had
  /// begun to before he asked.
  ///
  /// Searches as Wing and Gong do, with Lowe's memory of the states already tried: (set of operations done, data).
  ///
  /// - SeeAlso: J. Wing, C. Gong, "Testing and Verifying Concurrent Objects", JPDC 1993; G. Lowe, "Testing for
  ///   Linearizability", CCPE 2017.
  func isStrictlySerializable() -> Bool {
    precondition(operations.count <= 62, "the search is for small histories")
    var tried: Set<State> = []
    return search(State(done: 0, data: Model()), &tried)
  }

  private struct State: Hashable {
    var done: UInt64
    var data: Model
  }

  private func search(_ state: State, _ tried: inout Set<State>) -> Bool {
    let open = operations.indices.filter { state.done >> UInt64($0) & 1 == 0 }
    if open.allSatisfy({ operations[$0].repliedAt == nil }) { return true }
    guard tried.insert(state).inserted else { return false }
    // Nothing can come before an operation that had its reply before it was asked for.
    let firstReply = open.compactMap { operations[$0].repliedAt }.min() ?? .max
    for index in open where operations[index].invokedAt < firstReply {
      if isServedOutOfTurn(index, state, open) { continue }
      for data in operations[index].outcomes(on: state.data)
      where search(State(done: state.done | 1 << UInt64(index), data: data), &tried) {
        return true
      }
    }
    return false
  }

  /// Whether an operation that has waited would take from a key for which an earlier one still waits.
  private func isServedOutOfTurn(_ index: Int, _ state: State, _ open: [Int]) -> Bool {
    let operation = operations[index]
    guard operation.waitingSince != nil, let key = state.data.keyTaken(by: operation.commands[0], named: operation.keyServed)
    else { return false }
    return open.contains { other in
      guard other != index, let since = operations[other].waitingSince,
        operations[other].repliedAt != nil
      else { return false }
      return since < operation.invokedAt && Model.waitedKeys(operations[other].commands[0]).contains(key)
    }
  }

  var description: String {
    operations.map { operation in
      let end = operation.repliedAt.map(String.init) ?? "?"
      let text = String(decoding: operation.reply, as: UTF8.self)
        .replacing("\r\n", with: " ")
      return "[\(operation.invokedAt), \(operation.waitingSince.map { "waits from \($0), " } ?? "")\(end)] \(operation.isTransaction ? "exec " : "")\(operation.scriptEnd.map { "script with \($0) " } ?? "")\(operation.commands) -> \(text)"
    }.joined(separator: "\n")
  }
}

extension History.Operation {
  /// The key that the reply to a call that has waited names.
  fileprivate var keyServed: String? {
    guard hasWaited, !isTransaction, reply.starts(with: Array("*2\r\n$".utf8)) else { return nil }
    return String(decoding: reply, as: UTF8.self).split(separator: "\r\n")[2].description
  }

  /// What the data may be after this operation; nothing if it could not have had its reply.
  fileprivate func outcomes(on data: Model) -> [Model] {
    if scriptEnd == .resultOrKill {
      if repliedAt == nil { return [data] + (apply(to: data, servedFrom: nil).map { [$0] } ?? []) }
      if reply == SimulatedScripts.killed { return [data] }
    }
    guard repliedAt == nil, hasWaited else {
      return apply(to: data, servedFrom: keyServed).map { [$0] } ?? []
    }
    // Nobody heard which of its keys served it.
    let keys = Model.waitedKeys(commands[0]).filter { data.lists[$0] != nil }
    return keys.isEmpty ? [data] : keys.compactMap { apply(to: data, servedFrom: $0) }
  }

  private func apply(to data: Model, servedFrom keyServed: String?) -> Model? {
    var after = data
    if isTransaction {
      if repliedAt != nil, reply == Array("*-1\r\n".utf8) { return data }
      for (key, value) in expectations where data.strings[key] != value { return nil }
    }
    var expected = isTransaction || scriptEnd != nil ? "*\(commands.count)\r\n" : ""
    for command in commands { expected += after.run(command, servedFrom: keyServed) }
    if scriptEnd == .failure { expected = "-ERR gone wrong\r\n" }
    guard repliedAt == nil || Array(expected.utf8) == reply else { return nil }
    return after
  }
}
