/// What clients asked and were told, and when.
struct History {
  struct Operation {
    let commands: [[String]]
    /// EXEC replied as one: an array of their replies.
    let isTransaction: Bool
    /// What a watched key held when the client looked; a transaction that was not refused found it so.
    let expectations: [String: String?]
    let invokedAt: Int
    /// nil: the client was gone before the reply.
    var repliedAt: Int?
    var reply: [UInt8] = []
  }

  var operations: [Operation] = []

  /// Whether some order of the operations, each at one instant between its call and its reply, explains every
  /// reply.
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
      guard let data = operations[index].apply(to: state.data) else { continue }
      if search(State(done: state.done | 1 << UInt64(index), data: data), &tried) { return true }
    }
    return false
  }

  var description: String {
    operations.map { operation in
      let end = operation.repliedAt.map(String.init) ?? "?"
      let text = String(decoding: operation.reply, as: UTF8.self)
        .replacing("\r\n", with: " ")
      return "[\(operation.invokedAt), \(end)] \(operation.commands) -> \(text)"
    }.joined(separator: "\n")
  }
}

extension History.Operation {
  /// The data after this operation, nil if it could not have had its reply.
  fileprivate func apply(to data: Model) -> Model? {
    var after = data
    if isTransaction {
      if repliedAt != nil, reply == Array("*-1\r\n".utf8) { return data }
      for (key, value) in expectations where data.strings[key] != value { return nil }
    }
    var expected = isTransaction ? "*\(commands.count)\r\n" : ""
    for command in commands { expected += after.run(command) }
    guard repliedAt == nil || Array(expected.utf8) == reply else { return nil }
    return after
  }
}

/// What the commands used here do, in the simplest words.
struct Model: Hashable {
  var strings: [String: String] = [:]

  mutating func run(_ words: [String]) -> String {
    switch words[0] {
    case "get": return bulk(strings[words[1]])
    case "set":
      strings[words[1]] = words[2]
      return "+OK\r\n"
    case "incr":
      let sum = (Int(strings[words[1]] ?? "0") ?? 0) + 1
      strings[words[1]] = String(sum)
      return ":\(sum)\r\n"
    case "mget":
      return "*\(words.count - 1)\r\n" + words.dropFirst().map { bulk(strings[$0]) }.joined()
    case "mset":
      setAll(words)
      return "+OK\r\n"
    case "msetnx":
      for index in stride(from: 1, to: words.count, by: 2) where strings[words[index]] != nil {
        return ":0\r\n"
      }
      setAll(words)
      return ":1\r\n"
    case "del":
      let present = Set(words.dropFirst()).filter { strings[$0] != nil }
      for key in present { strings[key] = nil }
      return ":\(present.count)\r\n"
    case "exists":
      return ":\(words.dropFirst().count { strings[$0] != nil })\r\n"
    case "rename":
      guard let value = strings[words[1]] else { return "-ERR no such key\r\n" }
      strings[words[1]] = nil
      strings[words[2]] = value
      return "+OK\r\n"
    case "copy":
      if words[1] == words[2] { return "-ERR source and destination objects are the same\r\n" }
      guard let value = strings[words[1]] else { return ":0\r\n" }
      if words.count < 4, strings[words[2]] != nil { return ":0\r\n" }
      strings[words[2]] = value
      return ":1\r\n"
    case "dbsize": return ":\(strings.count)\r\n"
    case "flushall":
      strings = [:]
      return "+OK\r\n"
    default: preconditionFailure("the model does not know \(words[0])")
    }
  }

  private mutating func setAll(_ words: [String]) {
    for index in stride(from: 1, to: words.count, by: 2) { strings[words[index]] = words[index + 1] }
  }

  private func bulk(_ value: String?) -> String {
    value.map { "$\($0.utf8.count)\r\n\($0)\r\n" } ?? "$-1\r\n"
  }
}
