import RESP

extension Command {
  /// `INCR key`
  ///
  /// Replies with an Integer: the sum. A missing key counts as 0. Keeps the expiry.
  ///
  /// - Throws: `.wrongType`; `.notAnInteger` when the string is no canonical 64-bit integer;
  ///   `.overflow`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/incr/>
  package static let incr = Command(
    "incr", "Adds one to the integer at a key.",
    since: "1.0.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(2),
    keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      reply.integer(try keyspace.add(1, to: arguments[1]))
    })

  /// `DECR key`
  ///
  /// As `INCR`, by -1.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/decr/>
  package static let decr = Command(
    "decr", "Subtracts one from the integer at a key.",
    since: "1.0.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(2),
    keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      reply.integer(try keyspace.add(-1, to: arguments[1]))
    })

  /// `INCRBY key increment`
  ///
  /// As `INCR`, by any integer.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/incrby/>
  package static let incrby = Command(
    "incrby", "Adds a number to the integer at a key.",
    since: "1.0.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(3),
    keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("increment", .integer)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let delta = DecimalText.integer(arguments[2]) else { throw .notAnInteger }
      reply.integer(try keyspace.add(delta, to: arguments[1]))
    })

  /// `DECRBY key decrement`
  ///
  /// As `INCRBY` with the sign changed, which the smallest integer does not survive.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/decrby/>
  package static let decrby = Command(
    "decrby", "Subtracts a number from the integer at a key.",
    since: "1.0.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(3),
    keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("decrement", .integer)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let delta = DecimalText.integer(arguments[2]) else { throw .notAnInteger }
      guard delta != Int.min else { throw CommandError("ERR decrement would overflow") }
      reply.integer(try keyspace.add(-delta, to: arguments[1]))
    })

  /// `INCRBYFLOAT key increment`
  ///
  /// Replies with the sum as a bulk string in plain notation, at most 17 places. A missing key
  /// counts as 0. Keeps the expiry.
  ///
  /// - Throws: `.wrongType`; `.notAFloat`; `.notANumberOrInfinity`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/incrbyfloat/>
  package static let incrbyfloat = Command(
    "incrbyfloat", "Adds to the decimal number at a key.",
    since: "2.6.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(3),
    keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("increment", .double)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let sum = try keyspace.addDecimal(arguments[2], to: arguments[1], reply: &reply)
      keyspace.record(["SET", .view(arguments[1]), .bytes(sum), "KEEPTTL"])
    })
}
