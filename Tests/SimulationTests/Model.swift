/// What the commands used here do, in the simplest words.
struct Model: Hashable {
  var strings: [String: String] = [:]
  var lists: [String: [String]] = [:]

  /// - Parameter key: where a call that has waited got something.
  mutating func run(_ words: [String], servedFrom key: String? = nil) -> String {
    switch words[0] {
    case "get": return bulk(strings[words[1]])
    case "assign":
      // A script reads one key and writes what it has read to another.
      strings[words[1]] = strings[words[2]] ?? "0"
      return "+OK\r\n"
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
      for index in stride(from: 1, to: words.count, by: 2) where has(words[index]) {
        return ":0\r\n"
      }
      setAll(words)
      return ":1\r\n"
    case "del":
      let present = Set(words.dropFirst()).filter { has($0) }
      for key in present { clear(key) }
      return ":\(present.count)\r\n"
    case "exists":
      return ":\(words.dropFirst().count { has($0) })\r\n"
    case "rename":
      guard has(words[1]) else { return "-ERR no such key\r\n" }
      let (string, list) = (strings[words[1]], lists[words[1]])
      clear(words[1])
      (strings[words[2]], lists[words[2]]) = (string, list)
      return "+OK\r\n"
    case "copy":
      if words[1] == words[2] { return "-ERR source and destination objects are the same\r\n" }
      guard has(words[1]) else { return ":0\r\n" }
      if words.count < 4, has(words[2]) { return ":0\r\n" }
      (strings[words[2]], lists[words[2]]) = (strings[words[1]], lists[words[1]])
      return ":1\r\n"
    case "dbsize": return ":\(strings.count + lists.count)\r\n"
    case "flushall":
      strings = [:]
      lists = [:]
      return "+OK\r\n"
    default: return runOnLists(words, servedFrom: key)
    }
  }

  private func has(_ key: String) -> Bool { strings[key] != nil || lists[key] != nil }

  private mutating func clear(_ key: String) {
    strings[key] = nil
    lists[key] = nil
  }

  private mutating func setAll(_ words: [String]) {
    for index in stride(from: 1, to: words.count, by: 2) { strings[words[index]] = words[index + 1] }
  }

  // MARK: Lists

  private mutating func runOnLists(_ words: [String], servedFrom named: String?) -> String {
    let key = words[1]
    switch words[0] {
    case "rpush":
      lists[key, default: []] += words[2...]
      return ":\(lists[key]?.count ?? 0)\r\n"
    case "lpush":
      lists[key] = words[2...].reversed() + (lists[key] ?? [])
      return ":\(lists[key]?.count ?? 0)\r\n"
    case "lpop": return bulk(take(from: key, .left))
    case "lrange":
      let list = lists[key] ?? []
      return "*\(list.count)\r\n" + list.map { bulk($0) }.joined()
    case "blpop", "brpop":
      guard let key = keyTaken(by: words, named: named) else { return "*-1\r\n" }
      return "*2\r\n" + bulk(key) + bulk(take(from: key, words[0] == "blpop" ? .left : .right))
    case "blmpop":
      guard let key = keyTaken(by: words, named: named), let count = Int(words[words.count - 1]) else { return "*-1\r\n" }
      let taken = (0..<count).compactMap { _ in take(from: key, .left) }
      return "*2\r\n" + bulk(key) + "*\(taken.count)\r\n" + taken.map { bulk($0) }.joined()
    case "lmove", "blmove":
      guard let element = take(from: key, .left) else { return words[0] == "lmove" ? "$-1\r\n" : "*-1\r\n" }
      lists[words[2], default: []].append(element)
      return bulk(element)
    default: preconditionFailure("the model does not know \(words[0])")
    }
  }

  private enum End { case left, right }

  private mutating func take(from key: String, _ end: End) -> String? {
    guard var list = lists.removeValue(forKey: key) else { return nil }
    let element = end == .left ? list.removeFirst() : list.removeLast()
    if !list.isEmpty { lists[key] = list }
    return element
  }

  /// The keys a call waits for.
  static func waitedKeys(_ words: [String]) -> [String] {
    switch words[0] {
    case "blpop", "brpop": Array(words[1..<words.count - 1])
    case "blmpop": Array(words[3..<words.count - 3])
    case "blmove": [words[1]]
    default: []
    }
  }

  /// The key a call that may wait would take from now.
  ///
  /// - Parameter named: which it has to be, if that is known.
  func keyTaken(by words: [String], named: String?) -> String? {
    Self.waitedKeys(words).first { lists[$0] != nil && (named == nil || $0 == named) }
  }

  private func bulk(_ value: String?) -> String {
    value.map { "$\($0.utf8.count)\r\n\($0)\r\n" } ?? "$-1\r\n"
  }
}
