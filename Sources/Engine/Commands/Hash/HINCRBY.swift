import RESP

extension Command {
  /// `HINCRBY key field increment`
  ///
  /// Replies with an Integer: the sum, a missing field counting as 0.
  ///
  /// - Throws: `.wrongType`; `.notAnInteger`; `.hashValueNotAnInteger`; `.overflow`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hincrby/>
  package static let hincrby = Command(
    "hincrby", "Adds to the integer in a hash's field.", since: "2.0.0", group: .hash,
    complexity: "O(1)", arity: .exactly(4), keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("field", .string), Argument("increment", .integer)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let delta = try arguments[3].integer()
      let key = arguments[1]
      var old = 0
      if let value = try keyspace.collection(HashValue.self, key, for: .write)?.value(of: arguments[2]) {
        guard let integer = value.integer else { throw .hashValueNotAnInteger }
        old = integer
      }
      let (sum, overflow) = old.addingReportingOverflow(delta)
      guard !overflow else { throw .overflow }
      let hash = try keyspace.collectionForAdding(HashValue.self, key)
      let settings = HashValue.Settings(keyspace)
      StringValue.integer(sum).withBytes { _ = hash.set(arguments[2], $0, settings) }
      keyspace.changed(key)
      reply.integer(sum)
    })

  /// `HINCRBYFLOAT key field increment`
  ///
  /// Replies with the sum as a bulk string, in plain decimal notation.
  ///
  /// - Throws: `.wrongType`; `.notAFloat`; `.hashValueNotAFloat`; `.notANumberOrInfinity`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hincrbyfloat/>
  package static let hincrbyfloat = Command(
    "hincrbyfloat", "Adds to the number in a hash's field.", since: "2.6.0", group: .hash,
    complexity: "O(1)", arity: .exactly(4), keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("field", .string), Argument("increment", .double)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      // The increment alone tells whether it is a number.
      _ = try DecimalSum.add(arguments[3], to: ByteView("0"))
      var old: [UInt8] = [0x30]
      if let value = try keyspace.collection(HashValue.self, key, for: .write)?.value(of: arguments[2]) {
        old = value.withBytes { $0.bytes }
        do throws(CommandError) {
          _ = try ByteView.with(old) { (old) throws(CommandError) in
            try DecimalSum.add(ByteView("0"), to: old)
          }
        } catch { throw .hashValueNotAFloat }
      }
      let sum = try ByteView.with(old) { (old) throws(CommandError) in
        try DecimalSum.add(arguments[3], to: old)
      }
      let hash = try keyspace.collectionForAdding(HashValue.self, key)
      let settings = HashValue.Settings(keyspace)
      ByteView.with(sum) { _ = hash.set(arguments[2], $0, settings) }
      keyspace.changed(key)
      reply.bulk(sum)
    })
}

extension CommandError {
  package static let hashValueNotAnInteger = CommandError("ERR hash value is not an integer")
  package static let hashValueNotAFloat = CommandError("ERR hash value is not a float")
}
