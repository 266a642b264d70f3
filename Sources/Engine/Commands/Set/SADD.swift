import RESP

extension Command {
  /// `SADD key member [member ...]`
  ///
  /// Replies with an Integer: how many members are new.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/sadd/>
  package static let sadd = Command(
    "sadd", "Adds members to a set, creating it if it is missing.", since: "1.0.0", group: .set,
    complexity: "O(N) in the members given.", arity: .atLeast(3),
    keys: [.at(1, [.readWrite, .insert])], flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("member", .string, .multiple)],
    history: [("2.4.0", "Several members.")],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      let set = try keyspace.collectionForAdding(SetValue.self, key)
      let settings = SetValue.Settings(keyspace)
      var added = 0
      for index in 2..<arguments.count where set.insert(arguments[index], settings) { added &+= 1 }
      if added > 0 {
        keyspace.changed(key)
        keyspace.notify(.set, "sadd", key)
      }
      reply.integer(added)
    })

  /// `SREM key member [member ...]`
  ///
  /// Replies with an Integer: how many members there were and are no more.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/srem/>
  package static let srem = Command(
    "srem", "Removes members from a set.", since: "1.0.0", group: .set,
    complexity: "O(N) in the members given.", arity: .atLeast(3),
    keys: [.at(1, [.readWrite, .delete])], flags: [.write, .fast],
    arguments: [.key(), Argument("member", .string, .multiple)],
    history: [("2.4.0", "Several members.")],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      guard let set = try keyspace.collection(SetValue.self, key, for: .write) else {
        return reply.integer(0)
      }
      var removed = 0
      for index in 2..<arguments.count where set.remove(arguments[index]) { removed += 1 }
      if removed > 0 { keyspace.changed(key, set, .set, "srem") }
      reply.integer(removed)
    })

  /// `SMOVE source destination member`
  ///
  /// Replies with an Integer: 1 if the member was moved, 0 if the source does not have it.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/smove/>
  package static let smove = Command(
    "smove", "Moves a member from one set to another.", since: "1.0.0", group: .set,
    complexity: "O(1)", arity: .exactly(4),
    keys: [.at(1, [.readWrite, .access, .delete]), .at(2, [.readWrite, .insert])],
    flags: [.write, .fast],
    arguments: [.key("source"), .key("destination", spec: 1), Argument("member", .string)],
    execution: .steps([
      Step(key: 2) { keyspace, arguments, baggage, _ throws(CommandError) in
        // An error only if there is a source, which the next step finds out.
        let target = keyspace.lookup(arguments[2], for: .peek)
        baggage.flag = target.map { $0.type != .set } ?? false
        return .next
      },
      Step(key: 1) { keyspace, arguments, baggage, reply throws(CommandError) in
        let source = arguments[1]
        guard let set = try keyspace.collection(SetValue.self, source, for: .write) else {
          reply.integer(0)
          return .done
        }
        if baggage.flag { throw .wrongType }
        if source == arguments[2] {
          reply.integer(set.contains(arguments[3]) ? 1 : 0)
          return .done
        }
        guard set.remove(arguments[3]) else {
          reply.integer(0)
          return .done
        }
        keyspace.record(["SREM", .view(source), .view(arguments[3])])
        keyspace.changed(source, set, .set, "srem")
        return .next
      },
      Step(key: 2) { keyspace, arguments, _, reply throws(CommandError) in
        let set = try keyspace.collectionForAdding(SetValue.self, arguments[2])
        if set.insert(arguments[3], SetValue.Settings(keyspace)) {
          keyspace.changed(arguments[2])
          keyspace.record(["SADD", .view(arguments[2]), .view(arguments[3])])
          keyspace.notify(.set, "sadd", arguments[2])
        }
        reply.integer(1)
        return .done
      },
    ]))
}
