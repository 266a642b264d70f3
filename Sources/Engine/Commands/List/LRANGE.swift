import RESP

extension Command {
  /// `LLEN key`
  ///
  /// Replies with an Integer.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/llen/>
  package static let llen = Command(
    "llen", "Returns the length of a list.", since: "1.0.0", group: .list, complexity: "O(1)",
    arity: .exactly(2), keys: [.at(1, [.readOnly])], flags: [.readOnly, .fast],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let list = try keyspace.collection(ListValue.self, arguments[1], for: .read)
      reply.integer(list?.count ?? 0)
    })

  /// `LINDEX key index`
  ///
  /// Replies with the element, null beyond the ends. Negative indices count from the end.
  ///
  /// - Throws: `.wrongType`; `.notAnInteger`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lindex/>
  package static let lindex = Command(
    "lindex", "Returns an element of a list by its index.", since: "1.0.0", group: .list,
    complexity: "O(N) in the nodes to the nearer end.", arity: .exactly(3),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly],
    arguments: [.key(), Argument("index", .integer)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let list = try keyspace.collection(ListValue.self, arguments[1], for: .read) else {
        return reply.null()
      }
      let index = try arguments[2].integer()
      if let value = list.value(at: list.resolve(index)) {
        value.write(to: &reply)
      } else {
        reply.null()
      }
    })

  /// `LRANGE key start stop`
  ///
  /// Replies with an Array of the elements from one index to another, both included.
  ///
  /// - Throws: `.wrongType`; `.notAnInteger`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lrange/>
  package static let lrange = Command(
    "lrange", "Returns a range of a list's elements.", since: "1.0.0", group: .list,
    complexity: "O(S+N) for the nodes to the nearer end and the N elements returned.",
    arity: .exactly(4), keys: [.at(1, [.readOnly, .access])], flags: [.readOnly],
    arguments: [.key(), Argument("start", .integer), Argument("stop", .integer)],
    slices: .listRange,
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let start = try arguments[2].integer()
      let stop = try arguments[3].integer()
      guard let list = try keyspace.collection(ListValue.self, arguments[1], for: .read) else {
        return reply.array(0)
      }
      let range = list.range(from: start, to: stop)
      reply.array(range.count)
      list.forEach(from: range.lowerBound, count: range.count) { $0.write(to: &reply) }
    })

  /// `LTRIM key start stop`
  ///
  /// Replies OK; only the elements from one index to another are left.
  ///
  /// - Throws: `.wrongType`; `.notAnInteger`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/ltrim/>
  package static let ltrim = Command(
    "ltrim", "Removes all elements of a list outside a range.", since: "1.0.0", group: .list,
    complexity: "O(N) in the elements removed.", arity: .exactly(4),
    keys: [.at(1, [.readWrite, .delete])], flags: [.write],
    arguments: [.key(), Argument("start", .integer), Argument("stop", .integer)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let start = try arguments[2].integer()
      let stop = try arguments[3].integer()
      let key = arguments[1]
      guard let list = try keyspace.collection(ListValue.self, key, for: .write) else {
        return reply.ok()
      }
      let range = list.range(from: start, to: stop)
      if range.isEmpty {
        keyspace.notify(.list, "ltrim", key)
        _ = keyspace.delete(key)
        return reply.ok()
      }
      let settings = ListValue.Settings(keyspace)
      list.removeRange(
        from: range.upperBound, count: list.count - range.upperBound, settings)
      list.removeRange(from: 0, count: range.lowerBound, settings)
      keyspace.elementsRemoved(key, list, "ltrim")
      reply.ok()
    })
}

extension ListValue {
  /// The indices that exist from `start` to `stop`, both included and counted from the end where negative.
  func range(from start: Int, to stop: Int) -> Range<Int> {
    let count = self.count
    let first = Swift.max(start < 0 ? count + Swift.max(start, -count) : start, 0)
    let last = Swift.min(stop < 0 ? count + Swift.max(stop, -count - 1) : stop, count - 1)
    return first <= last && first < count ? first..<last + 1 : 0..<0
  }
}
