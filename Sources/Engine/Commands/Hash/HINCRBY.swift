import RESP

extension Command {
  /// `HINCRBY key field increment`
  ///
  /// Replies with an Integer: the value after it was incremented; a missing field counts as 0.
  ///
  /// - Throws: `.notAnInteger`; `.hashValueNotAnInteger`; `.overflow`; `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hincrby/>
  package static let hincrby = Command(
    "hincrby", "Increments the integer in a hash's field.",
    since: "2.0.0", group: .hash, complexity: "O(1)",
    arity: .exactly(4),
    keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("field", .string), Argument("increment", .integer)],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let delta = try arguments[3].integer()
      let hash = try keyspace.hashValue(arguments[1], toChange: FieldWords(arguments, 2..<3))
      var old = 0
      if let value = hash?.value(of: arguments[2]) {
        guard let integer = value.integer else { throw .hashValueNotAnInteger }
        old = integer
      }
      let (sum, overflow) = old.addingReportingOverflow(delta)
      guard !overflow else { throw .overflow }
      let target = hash ?? keyspace.create(HashValue.self, arguments[1])
      StringValue.integer(sum).withBytes { text in
        _ = target.set(arguments[2], text, keepsExpiry: true, keyspace.hashGrowth)
      }
      keyspace.changed(arguments[1])
      keyspace.notify(.hash, "hincrby", arguments[1])
      reply.integer(sum)
    })

  /// `HINCRBYFLOAT key field increment`
  ///
  /// Replies with a Bulk string: the value after it was incremented, in plain decimal notation; a missing field counts
  /// as 0.
  ///
  /// - Throws: `.notAFloat`; `.valueNotFinite` for an increment that is infinite; `.hashValueNotAFloat`;
  ///   `.notANumberOrInfinity`; `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hincrbyfloat/>
  package static let hincrbyfloat = Command(
    "hincrbyfloat", "Increments the decimal number in a hash's field.",
    since: "2.6.0", group: .hash, complexity: "O(1)",
    arity: .exactly(4),
    keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("field", .string), Argument("increment", .double)],
    element: 2, execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      if let delta = DecimalText.double(arguments[3]), delta.isInfinite { throw .valueNotFinite }
      var sum = try DecimalSum.add(arguments[3], to: ByteView("0"))
      let hash = try keyspace.hashValue(arguments[1], toChange: FieldWords(arguments, 2..<3))
      if let value = hash?.value(of: arguments[2]) {
        sum = try value.withBytes { bytes throws(CommandError) in
          do throws(CommandError) {
            return try DecimalSum.add(arguments[3], to: bytes)
          } catch {
            // The increment has proved to be a number.
            throw DecimalText.double(bytes) == nil
              ? .hashValueNotAFloat : error
          }
        }
      }
      let target = hash ?? keyspace.create(HashValue.self, arguments[1])
      let growth = keyspace.hashGrowth
      ByteView.with(sum) { _ = target.set(arguments[2], $0, keepsExpiry: true, growth) }
      keyspace.changed(arguments[1])
      if case .at = target.expiry(of: arguments[2]) {
        keyspace.record([
          "HSETEX", .view(arguments[1]), "KEEPTTL", "FIELDS", .integer(1), .view(arguments[2]),
          .bytes(sum),
        ])
      } else {
        keyspace.record(["HSET", .view(arguments[1]), .view(arguments[2]), .bytes(sum)])
      }
      keyspace.notify(.hash, "hincrbyfloat", arguments[1])
      reply.bulk(sum)
    })
}
