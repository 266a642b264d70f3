import Engine
import RESP

/// What COMMAND INFO says of a command.
extension CommandTable {
  func writeInfo(of indices: [Int], to reply: inout ReplyWriter) {
    reply.array(indices.count)
    for index in indices { writeInfo(index, to: &reply) }
  }

  func writeInfo(_ index: Int, to reply: inout ReplyWriter) {
    let command = commands[index]
    let range = command.legacyKeyRange
    var flags = command.flags
    if range.isIncomplete { flags.insert(.movableKeys) }
    reply.array(10)
    reply.bulk(fullNames[index])
    reply.integer(command.arity.wireValue)
    reply.names(flags.names)
    reply.integer(range.first)
    reply.integer(range.last)
    reply.integer(range.step)
    reply.names(command.shownCategories.names, prefix: "@")
    reply.set(command.tips.count)
    for tip in command.tips { reply.bulk(tip) }
    reply.set(command.keys.count)
    for spec in command.keys { spec.write(to: &reply) }
    // A set without elements, but an array with some.
    guard !command.subcommands.isEmpty else { return reply.set(0) }
    reply.array(command.subcommands.count)
    for subcommand in subcommandIndices(of: index) { writeInfo(subcommand, to: &reply) }
  }
}

extension Command {
  /// Its access-control categories. What only holds subcommands belongs to no group.
  var shownCategories: Categories {
    if case .container = execution, !flags.contains(.loading) { return .slow }
    return categories
  }

  /// The keys as clients from before key specifications see them: from a word to a word (negative: from the end).
  fileprivate var legacyKeyRange: (first: Int, last: Int, step: Int, isIncomplete: Bool) {
    if keys.count == 1, let range = keys[0].indexedRange {
      return (
        range.first, range.last < 0 ? range.last : range.first + range.last, range.step,
        keys[0].access.contains(.incomplete)
      )
    }
    var first = Int.max
    var last = 0
    var isIncomplete = false
    for spec in keys {
      guard let range = spec.indexedRange, range.step == 1, last == 0 || last == range.first - 1
      else {
        isIncomplete = true
        continue
      }
      if spec.access.contains(.incomplete) { isIncomplete = true }
      first = min(first, range.first)
      let end = range.last < 0 ? range.last : range.first + range.last
      // Positions from the end are beyond all others.
      if UInt(bitPattern: end) > UInt(bitPattern: last) { last = end }
    }
    return first == Int.max ? (0, 0, 0, isIncomplete) : (first, last, 1, isIncomplete)
  }
}

extension KeySpec {
  fileprivate var indexedRange: (first: Int, last: Int, step: Int)? {
    guard case .index(let first) = begin, case .range(let last, let step, _) = find else {
      return nil
    }
    return (first, last, step)
  }

  fileprivate func write(to reply: inout ReplyWriter) {
    reply.map(notes == nil ? 3 : 4)
    if let notes {
      reply.bulk("notes")
      reply.bulk(notes)
    }
    reply.bulk("flags")
    reply.names(access.names)
    reply.bulk("begin_search")
    switch begin {
    case .index(let index): Self.write("index", [("index", index)], to: &reply)
    case .keyword(let word, let start):
      Self.writeType("keyword", fieldCount: 2, to: &reply)
      reply.bulk("keyword")
      reply.bulk(word)
      reply.bulk("startfrom")
      reply.integer(start)
    case .unknown: Self.write("unknown", [], to: &reply)
    }
    reply.bulk("find_keys")
    switch find {
    case .range(let last, let step, let limit):
      Self.write("range", [("lastkey", last), ("keystep", step), ("limit", limit)], to: &reply)
    case .count(let countIndex, let firstKey, let step):
      Self.write(
        "keynum", [("keynumidx", countIndex), ("firstkey", firstKey), ("keystep", step)],
        to: &reply)
    case .unknown: Self.write("unknown", [], to: &reply)
    }
  }

  private static func write(
    _ type: StaticString, _ fields: [(StaticString, Int)], to reply: inout ReplyWriter
  ) {
    writeType(type, fieldCount: fields.count, to: &reply)
    for (name, value) in fields {
      reply.bulk(name)
      reply.integer(value)
    }
  }

  private static func writeType(
    _ type: StaticString, fieldCount: Int, to reply: inout ReplyWriter
  ) {
    reply.map(2)
    reply.bulk("type")
    reply.bulk(type)
    reply.bulk("spec")
    reply.map(fieldCount)
  }
}
