import RESP

extension Command {
  /// `LINSERT key <BEFORE | AFTER> pivot element`
  ///
  /// Replies with an Integer: the length afterwards; 0 if there is no list, -1 if it has no such pivot.
  ///
  /// - Throws: `.wrongType`; `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/linsert/>
  package static let linsert = Command(
    "linsert", "Puts an element in front of another, or behind it.", since: "2.2.0", group: .list,
    complexity: "O(N) in the elements in front of the pivot.", arity: .exactly(5),
    keys: [.at(1, [.readWrite, .insert])], flags: [.write, .denyOOM],
    arguments: [
      .key(),
      .oneOf("where", [], [.token("before", "BEFORE"), .token("after", "AFTER")]),
      Argument("pivot", .string), Argument("element", .string),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let isAfter = arguments[2].matches("after")
      guard isAfter || arguments[2].matches("before") else { throw .syntax }
      let key = arguments[1]
      guard let list = try keyspace.collection(ListValue.self, key, for: .write) else {
        return reply.integer(0)
      }
      let pivot = arguments[3]
      var found: Int?
      list.walk(from: 0) { index, value in
        if value.equals(pivot) { found = index }
        return found == nil
      }
      guard let found else { return reply.integer(-1) }
      let settings = ListValue.Settings(keyspace)
      list.prepareToAdd(count: 1, bytes: arguments[4].count, settings)
      list.insert(arguments[4], at: found, after: isAfter, settings)
      keyspace.changed(key)
      keyspace.notify(.list, "linsert", key)
      reply.integer(list.count)
    })

  /// `LSET key index element`
  ///
  /// Replies OK.
  ///
  /// - Throws: `.noSuchKey`; `.wrongType`; `.notAnInteger`; `.indexOutOfRange`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lset/>
  package static let lset = Command(
    "lset", "Puts another element in the place of one.", since: "1.0.0", group: .list,
    complexity: "O(N) in the nodes to the nearer end.", arity: .exactly(4),
    keys: [.at(1, [.readWrite, .update])], flags: [.write, .denyOOM],
    arguments: [.key(), Argument("index", .integer), Argument("element", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      guard let list = try keyspace.collection(ListValue.self, key, for: .write) else {
        throw .noSuchKey
      }
      let index = list.resolve(try arguments[2].integer())
      guard index >= 0, index < list.count else { throw .indexOutOfRange }
      let settings = ListValue.Settings(keyspace)
      list.prepareToAdd(count: 0, bytes: arguments[3].count, settings)
      list.replace(at: index, with: arguments[3], settings)
      list.shrink(settings)
      keyspace.changed(key)
      keyspace.notify(.list, "lset", key)
      reply.ok()
    })

  /// `LREM key count element`
  ///
  /// Replies with an Integer: how many were removed. From the front for a positive count, from the end
  /// for a negative one, all for 0.
  ///
  /// - Throws: `.wrongType`; `.notAnInteger`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lrem/>
  package static let lrem = Command(
    "lrem", "Removes elements that equal a value.", since: "1.0.0", group: .list,
    complexity: "O(N+M) for a list of N elements of which M are removed.", arity: .exactly(4),
    keys: [.at(1, [.readWrite, .delete])], flags: [.write],
    arguments: [.key(), Argument("count", .integer), Argument("element", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let count = try arguments[2].integer()
      guard count != .min else { throw .countOutOfRange }
      let key = arguments[1]
      guard let list = try keyspace.collection(ListValue.self, key, for: .write) else {
        return reply.integer(0)
      }
      let removed = list.remove(
        arguments[3], limit: count == 0 ? .max : abs(count), backwards: count < 0,
        ListValue.Settings(keyspace))
      if removed > 0 { keyspace.elementsRemoved(key, list, "lrem") }
      reply.integer(removed)
    })
}
