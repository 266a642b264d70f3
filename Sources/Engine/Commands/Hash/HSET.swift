import RESP

extension Command {
  /// `HSET key field value [field value ...]`
  ///
  /// Replies with an Integer: how many fields are new.
  ///
  /// - Throws: `.wrongType`; `.wrongArity` when a value is missing.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hset/>
  package static let hset = setFields(
    "hset", "Sets fields of a hash, creating it if it is missing.", since: "2.0.0",
    history: [("4.0.0", "Several fields.")]
  ) { added, reply in reply.integer(added) }

  /// `HMSET key field value [field value ...]`: HSET that replies OK.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hmset/>
  package static let hmset = setFields(
    "hmset", "Sets fields of a hash.", since: "2.0.0", deprecation: ("4.0.0", "`HSET` with multiple field-value pairs")
  ) { _, reply in reply.ok() }

  private static func setFields(
    _ name: StaticString, _ summary: String, since: String,
    history: [(since: String, change: String)] = [],
    deprecation: (since: String, replacement: String)? = nil,
    _ finish: @escaping @Sendable (Int, inout ReplyWriter) -> Void
  ) -> Command {
    Command(
      name, summary, since: since, group: .hash, complexity: "O(N) in the fields given.",
      arity: .atLeast(4), keys: [.at(1, [.readWrite, .update])], flags: [.write, .denyOOM, .fast],
      arguments: [
        .key(),
        .block("data", .multiple, [Argument("field", .string), Argument("value", .string)]),
      ],
      history: history, deprecation: deprecation,
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        guard arguments.count % 2 == 0 else { throw .wrongArity("\(name)") }
        let key = arguments[1]
        let hash = try keyspace.collectionForAdding(HashValue.self, key)
        let settings = HashValue.Settings(keyspace)
        hash.prepareToAdd(arguments, 2..<arguments.count, settings)
        var added = 0
        var index = 2
        while index < arguments.count {
          if hash.set(arguments[index], arguments[index &+ 1], settings) { added &+= 1 }
          index &+= 2
        }
        keyspace.changed(key)
        finish(added, &reply)
      })
  }

  /// `HSETNX key field value`
  ///
  /// Replies with an Integer: 1 if the field was set, 0 if there is one already.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hsetnx/>
  package static let hsetnx = Command(
    "hsetnx", "Sets a field of a hash, provided that it is missing.", since: "2.0.0", group: .hash,
    complexity: "O(1)", arity: .exactly(4), keys: [.at(1, [.readWrite, .insert])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("field", .string), Argument("value", .string)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      let hash = try keyspace.collectionForAdding(HashValue.self, key)
      if hash.value(of: arguments[2]) != nil { return reply.integer(0) }
      _ = hash.set(arguments[2], arguments[3], HashValue.Settings(keyspace))
      keyspace.changed(key)
      reply.integer(1)
    })

  /// `HDEL key field [field ...]`
  ///
  /// Replies with an Integer: how many fields there were and are no more.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hdel/>
  package static let hdel = Command(
    "hdel", "Removes fields of a hash.", since: "2.0.0", group: .hash,
    complexity: "O(N) in the fields given.", arity: .atLeast(3),
    keys: [.at(1, [.readWrite, .delete])], flags: [.write, .fast],
    arguments: [.key(), Argument("field", .string, .multiple)],
    history: [("2.4.0", "Several fields.")],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      guard let hash = try keyspace.collection(HashValue.self, key, for: .write) else {
        return reply.integer(0)
      }
      var removed = 0
      for index in 2..<arguments.count where hash.remove(arguments[index]) { removed += 1 }
      if removed > 0 { keyspace.changed(key, hash) }
      reply.integer(removed)
    })
}
