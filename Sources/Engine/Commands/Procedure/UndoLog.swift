import RESP

/// What a procedure has changed, as it was before: an error of the procedure brings it back.
///
/// A key is copied before the first command that may change it. That would be slow for large values, so of these the
/// usual changes of single elements are taken back one by one, the last first.
struct UndoLog {
  private enum Step {
    case key([UInt8], CarriedEntry?)
    case command([[UInt8]])
    /// Entries behind the last one go, and the counters are what they were.
    case stream([UInt8], lastID: StreamID, entriesAdded: Int, maxDeletedID: StreamID)
  }

  private var steps: [Step] = []
  /// Of whole keys.
  private var kept: [[UInt8]] = []

  mutating func removeAll() {
    if !steps.isEmpty { steps.removeAll() }
    if !kept.isEmpty { kept.removeAll() }
  }

  /// Notes what a command that writes is about to change.
  mutating func note(_ command: Command, _ arguments: Arguments, _ keyspace: inout Keyspace) {
    if let position = command.singleKeyPosition {
      let key = arguments[position]
      if isKept(key) || noteElements(command, arguments, key, &keyspace) { return }
      return keep(key, &keyspace)
    }
    for position in command.keyPositions(in: arguments) ?? [] where !isKept(arguments[position]) {
      keep(arguments[position], &keyspace)
    }
  }

  private func isKept(_ key: ByteView) -> Bool {
    for known in kept where ByteView.with(known, { $0 == key }) { return true }
    return false
  }

  private mutating func keep(_ key: ByteView, _ keyspace: inout Keyspace) {
    kept.append(key.bytes)
    steps.append(.key(key.bytes, keyspace.carryCopy(key, database: keyspace.selected)))
  }

  // MARK: Elements of large values

  /// - Returns: false if the command, or the value, is none whose changes can be taken back one by one.
  private mutating func noteElements(
    _ command: Command, _ arguments: Arguments, _ key: ByteView, _ keyspace: inout Keyspace
  ) -> Bool {
    guard let entry = keyspace.lookup(key, for: .peek), entry.type != .string,
      entry.block.encoding == .structure
    else { return false }
    switch command.name {
    case "expire", "pexpire", "expireat", "pexpireat", "persist":
      if let expiry = entry.expiry {
        steps.append(.command(["PEXPIREAT".word, key.bytes, "\(expiry)".word]))
      } else {
        steps.append(.command(["PERSIST".word, key.bytes]))
      }
      return true
    case "hset", "hmset": return noteFields(arguments, key, by: 2, entry)
    case "hdel": return noteFields(arguments, key, by: 1, entry)
    case "hincrby", "hincrbyfloat", "hsetnx": return noteFields(arguments, key, by: .max, entry)
    case "sadd", "srem": return noteMembers(arguments, key, entry)
    case "zadd", "zincrby", "zrem": return noteScores(command, arguments, key, entry)
    case "lpush", "rpush", "lpop", "rpop": return noteEnds(command, arguments, key, entry)
    case "xadd": return noteAppending(arguments, key, entry)
    default: return false
    }
  }

  private mutating func noteFields(
    _ arguments: Arguments, _ key: ByteView, by step: Int, _ entry: Entry
  ) -> Bool {
    guard entry.type == .hash else { return false }
    let hash = HashValue(block: entry.block)
    guard hash.table.expiringCount == 0, hash.count > arguments.count else { return false }
    let last = step == .max ? 3 : arguments.count
    for index in stride(from: 2, to: last, by: min(step, arguments.count)) {
      let field = arguments[index].bytes
      if let value = hash.value(of: arguments[index]) {
        steps.append(.command(["HSET".word, key.bytes, field, value.bytes]))
      } else {
        steps.append(.command(["HDEL".word, key.bytes, field]))
      }
    }
    return true
  }

  private mutating func noteMembers(
    _ arguments: Arguments, _ key: ByteView, _ entry: Entry
  ) -> Bool {
    guard entry.type == .set else { return false }
    let set = SetValue(block: entry.block)
    guard set.count > arguments.count else { return false }
    for index in 2..<arguments.count {
      let name = set.contains(arguments[index]) ? "SADD" : "SREM"
      steps.append(.command([name.word, key.bytes, arguments[index].bytes]))
    }
    return true
  }

  private mutating func noteScores(
    _ command: Command, _ arguments: Arguments, _ key: ByteView, _ entry: Entry
  ) -> Bool {
    guard entry.type == .sortedSet else { return false }
    let sorted = SortedSetValue(block: entry.block)
    guard sorted.count > arguments.count else { return false }
    var first = 2
    if command.name != "zrem" {
      while first < arguments.count, DecimalText.double(arguments[first]) == nil { first += 1 }
      first += 1
    }
    for index in stride(from: first, to: arguments.count, by: command.name == "zrem" ? 1 : 2) {
      let member = arguments[index].bytes
      if let score = sorted.score(of: arguments[index]) {
        steps.append(.command(["ZADD".word, key.bytes, "\(score)".word, member]))
      } else {
        steps.append(.command(["ZREM".word, key.bytes, member]))
      }
    }
    return true
  }

  private mutating func noteEnds(
    _ command: Command, _ arguments: Arguments, _ key: ByteView, _ entry: Entry
  ) -> Bool {
    guard entry.type == .list else { return false }
    let list = ListValue(block: entry.block)
    let isLeft = command.name.first == "l"
    if command.name.hasSuffix("push") {
      let name = isLeft ? "LPOP" : "RPOP"
      steps.append(.command([name.word, key.bytes, "\(arguments.count - 2)".word]))
      return true
    }
    var count = 1
    if arguments.count > 2 {
      guard let asked = DecimalText.integer(arguments[2]), asked >= 0 else { return false }
      count = asked
    }
    guard count > 0, count < list.count else { return false }
    var taken: [[UInt8]] = []
    list.forEach(from: isLeft ? 0 : list.count - count, count: count) { taken.append($0.bytes) }
    if isLeft { taken.reverse() }
    steps.append(.command([(isLeft ? "LPUSH" : "RPUSH").word, key.bytes] + taken))
    return true
  }

  private mutating func noteAppending(
    _ arguments: Arguments, _ key: ByteView, _ entry: Entry
  ) -> Bool {
    // Without options: those may trim.
    guard entry.type == .stream, arguments[2] == "*" || DecimalText.integer(arguments[2]) != nil
    else { return false }
    let stream = StreamValue(block: entry.block).stream
    steps.append(
      .stream(
        key.bytes, lastID: stream.body.lastID, entriesAdded: stream.body.entriesAdded,
        maxDeletedID: stream.body.maxDeletedID))
    return true
  }

  // MARK: Undoing

  /// Brings back what was; it is recorded behind what is taken back.
  mutating func undo(_ keyspace: inout Keyspace) {
    for step in steps.reversed() {
      switch step {
      case .key(let key, let entry): Self.bringBack(key, entry, &keyspace)
      case .command(let words): Self.run(words, &keyspace)
      case .stream(let key, let lastID, let entriesAdded, let maxDeletedID):
        let added = Self.ids(after: lastID, in: key, &keyspace)
        if !added.isEmpty { Self.run(["XDEL".word, key] + added, &keyspace) }
        Self.setCounters(key, lastID, entriesAdded, maxDeletedID, &keyspace)
      }
    }
    removeAll()
  }

  private static func bringBack(_ key: [UInt8], _ entry: CarriedEntry?, _ keyspace: inout Keyspace) {
    ByteView.with(key) { key in
      if let entry {
        keyspace.put(entry, database: keyspace.selected)
      } else {
        _ = keyspace.takeEntry(key)
      }
      keyspace.recordState(ofKey: key)
    }
  }

  /// No command takes a stream's counters back: what has become of it is recorded as a whole.
  private static func setCounters(
    _ key: [UInt8], _ lastID: StreamID, _ entriesAdded: Int, _ maxDeletedID: StreamID,
    _ keyspace: inout Keyspace
  ) {
    ByteView.with(key) { key in
      guard let stream = try? keyspace.collection(StreamValue.self, key, for: .write)?.stream
      else { return }
      stream.body.lastID = lastID
      stream.body.entriesAdded = entriesAdded
      stream.body.maxDeletedID = maxDeletedID
      keyspace.changed(key)
      keyspace.recordState(ofKey: key)
    }
  }

  private static func run(_ words: [[UInt8]], _ keyspace: inout Keyspace) {
    var reply = ReplyWriter()
    Arguments.with(words) { arguments in
      let table = ProcedureKeys.commands
      guard let index = table.index(of: arguments), let body = table.bodies[index].run else { return }
      let changesBefore = keyspace.changeCount
      // What can't be taken back was not done.
      try? body(&keyspace, arguments, &reply)
      keyspace.recordCommand(arguments, changesBefore: changesBefore)
    }
  }

  private static func ids(
    after id: StreamID, in key: [UInt8], _ keyspace: inout Keyspace
  ) -> [[UInt8]] {
    var ids: [[UInt8]] = []
    ByteView.with(key) { key in
      guard let entry = keyspace.lookup(key, for: .peek), entry.type == .stream else { return }
      StreamValue(block: entry.block).stream.body.visit(from: id, to: .max) { entry in
        if entry.id != id { ids.append(entry.id.word) }
        return true
      }
    }
    return ids
  }
}

extension Command {
  /// Where its only key stands; nil if it may have several.
  fileprivate var singleKeyPosition: Int? {
    guard keys.count == 1, findKeys == nil, case .index(let index) = keys[0].begin,
      case .range(last: 0, _, _) = keys[0].find
    else { return nil }
    return index
  }
}

extension String {
  fileprivate var word: [UInt8] { Array(utf8) }
}

extension StreamID {
  fileprivate var word: [UInt8] {
    var word: [UInt8] = []
    withText { word = $0.bytes }
    return word
  }
}

extension StringValue {
  fileprivate var bytes: [UInt8] { withBytes { $0.bytes } }
}
