import RESP

extension Command {
  /// `HSET key field value [field value ...]`
  ///
  /// Replies with an Integer: how many fields are new.
  ///
  /// - Throws: `.wrongArity` when a value is missing; `.wrongType`.
  /// - Complexity: O(1) a pair, O(fields) in a listpack.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hset/>
  package static let hset = Command(
    "hset", "Sets fields of a hash.",
    since: "2.0.0", group: .hash,
    complexity: "O(1) for each field set, so O(N) for N fields",
    arity: .atLeast(4),
    keys: [.at(1, [.readWrite, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), hashPairs],
    history: [("4.0.0", "Several fields at once.")],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard arguments.count % 2 == 0 else { throw .wrongArity("hset") }
      reply.integer(try keyspace.setFields(arguments))
    })

  /// `HMSET key field value [field value ...]`
  ///
  /// Replies with OK.
  ///
  /// - Throws: `.wrongArity` when a value is missing; `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hmset/>
  package static let hmset = Command(
    "hmset", "Sets fields of a hash.",
    since: "2.0.0", group: .hash,
    complexity: "O(N) for N fields",
    arity: .atLeast(4),
    keys: [.at(1, [.readWrite, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), hashPairs],
    deprecation: ("4.0.0", "`HSET` with multiple field-value pairs"),
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard arguments.count % 2 == 0 else { throw .wrongArity("hmset") }
      _ = try keyspace.setFields(arguments)
      reply.ok()
    })

  /// `HSETNX key field value`
  ///
  /// Replies with an Integer: 1 if the field was set, 0 if it was there already.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hsetnx/>
  package static let hsetnx = Command(
    "hsetnx", "Sets a field of a hash, provided that it does not exist.",
    since: "2.0.0", group: .hash, complexity: "O(1)",
    arity: .exactly(4),
    keys: [.at(1, [.readWrite, .insert])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("field", .string), Argument("value", .string)],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let hash = try keyspace.hashForAdding(arguments[1], FieldWords(arguments, 2..<3))
      guard hash.value(of: arguments[2]) == nil else { return reply.integer(0) }
      _ = hash.set(arguments[2], arguments[3], keyspace.hashGrowth)
      keyspace.changed(arguments[1])
      keyspace.notify(.hash, "hset", arguments[1])
      reply.integer(1)
    })

  private static let hashPairs = Argument.block(
    "data", .multiple, [Argument("field", .string), Argument("value", .string)])
}

extension Keyspace {
  /// Sets the pairs behind the key; returns how many fields are new.
  @inline(__always)
  fileprivate mutating func setFields(_ arguments: Arguments) throws(CommandError) -> Int {
    let hash = try hashForAdding(arguments[1], FieldWords(arguments, 2..<arguments.count, every: 2))
    let growth = hashGrowth
    var added = 0
    var index = 2
    while index < arguments.count {
      if hash.set(arguments[index], arguments[index &+ 1], growth) { added &+= 1 }
      index &+= 2
    }
    changed(arguments[1], fieldsOf: hash, "hset")
    return added
  }
}
