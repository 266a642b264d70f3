import RESP

extension Command {
  /// `LPOP key [count]`
  ///
  /// Replies with the first element, null if there is no list; with `count` with an Array of as many as there are.
  ///
  /// - Throws: `.wrongType`; `.outOfRangePositive` for a negative count.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lpop/>
  package static let lpop = popCommand("lpop", "Takes elements from the front of a list.", .left)

  /// `RPOP key [count]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/rpop/>
  package static let rpop = popCommand("rpop", "Takes elements from the end of a list.", .right)

  private static func popCommand(
    _ name: StaticString, _ summary: String, _ end: ListValue.End
  ) -> Command {
    Command(
      name, summary, since: "1.0.0", group: .list, complexity: "O(N) in the elements taken.",
      arity: .atLeast(2), keys: [.at(1, [.readWrite, .access, .delete])], flags: [.write, .fast],
      arguments: [.key(), Argument("count", .integer, .optional, since: "6.2.0")],
      history: [("6.2.0", "The argument `count`.")],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        guard arguments.count <= 3 else { throw .wrongArity("\(name)") }
        let count = arguments.count == 3 ? try arguments[2].positiveCount() : nil
        let key = arguments[1]
        guard let list = try keyspace.collection(ListValue.self, key, for: .write) else {
          return count == nil ? reply.null() : reply.nullArray()
        }
        if let count {
          if count == 0 { return reply.array(0) }
          keyspace.pop(count, list, key, end, &reply)
        } else {
          list.pop(end) { $0.write(to: &reply) }
          keyspace.elementsRemoved(key, list, end.popEvent)
        }
      })
  }
}

extension ByteView {
  /// A count that is not negative.
  ///
  /// - Throws: `.outOfRangePositive` for anything else.
  func positiveCount() throws(CommandError) -> Int {
    let count = try integer(orThrow: .outOfRangePositive)
    guard count >= 0 else { throw .outOfRangePositive }
    return count
  }
}

extension Keyspace {
  /// Takes up to `count` elements, at least one, from one end, and replies with an array of them.
  mutating func pop(
    _ count: Int, _ list: ListValue, _ key: ByteView, _ end: ListValue.End,
    _ reply: inout ReplyWriter
  ) {
    let length = list.count
    let taken = Swift.min(count, length)
    reply.array(taken)
    list.forEach(
      from: end == .left ? 0 : length - 1, count: taken, backwards: end == .right
    ) { $0.write(to: &reply) }
    list.removeRange(
      from: end == .left ? 0 : length - taken, count: taken, ListValue.Settings(self))
    elementsRemoved(key, list, end.popEvent)
  }

  /// Counts a change that took elements away: the list goes with its last one, and may fit a listpack again.
  mutating func elementsRemoved(_ key: ByteView, _ list: ListValue, _ event: StaticString) {
    if list.count > 0 { list.shrink(ListValue.Settings(self)) }
    changed(key, list, .list, event)
  }
}

extension ListValue.End {
  /// What taking an element from this end is called.
  var popEvent: StaticString { self == .left ? "lpop" : "rpop" }
  var pushEvent: StaticString { self == .left ? "lpush" : "rpush" }
}
