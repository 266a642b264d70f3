import RESP

extension Command {
  /// `HRANDFIELD key [count [WITHVALUES]]`
  ///
  /// Replies with a field drawn at random, null if there is no hash; with `count` with an Array: each field at most
  /// once, or for a negative count as many draws; WITHVALUES adds the values, in RESP3 as pairs.
  ///
  /// - Throws: `.wrongType`; `.notAnInteger`; `.valueOutOfRange`; `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hrandfield/>
  package static let hrandfield = Command(
    "hrandfield", "Returns fields of a hash, drawn at random.", since: "6.2.0", group: .hash,
    complexity: "O(N) in the fields returned.", arity: .atLeast(2),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], tips: ["nondeterministic_output"],
    arguments: [
      .key(),
      .block(
        "options", .optional,
        [Argument("count", .integer), .token("withvalues", "WITHVALUES", .optional)]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      guard arguments.count > 2 else {
        guard let hash = try keyspace.collection(HashValue.self, key, for: .read) else {
          return reply.null()
        }
        return hash.randomField(&keyspace.random).field.write(to: &reply)
      }
      let count = try arguments[2].integer()
      let hasValues = arguments.count > 3
      guard arguments.count <= 4, !hasValues || arguments[3].matches("withvalues") else {
        throw .syntax
      }
      guard count >= -Int.max / 2, count <= Int.max / 2 else { throw .valueOutOfRange }
      guard let hash = try keyspace.collection(HashValue.self, key, for: .read), count != 0 else {
        return reply.array(0)
      }
      let returned = count < 0 ? -count : Swift.min(count, hash.count)
      reply.pairs(returned, hasValues)
      func write(_ field: StringValue, _ value: StringValue) {
        if hasValues, reply.isRESP3 { reply.array(2) }
        field.write(to: &reply)
        if hasValues { value.write(to: &reply) }
      }
      if count < 0 {
        for _ in 0..<returned {
          let (field, value) = hash.randomField(&keyspace.random)
          write(field, value)
        }
      } else if returned == hash.count {
        hash.forEach(write)
      } else {
        hash.forEachDistinctRandomField(returned, &keyspace.random, write)
      }
    })
}

extension ReplyWriter {
  /// The header of `count` elements, or of as many pairs: in RESP3 an array of pairs, else a flat one.
  fileprivate mutating func pairs(_ count: Int, _ arePairs: Bool) {
    array(arePairs && !isRESP3 ? count * 2 : count)
  }
}

extension HashValue {
  /// Visits fields drawn at random, none of them twice; `wanted` is less than there are.
  fileprivate func forEachDistinctRandomField(
    _ wanted: Int, _ random: inout SplitMix64, _ visit: (StringValue, StringValue) -> Void
  ) {
    if encoding == .structure, wanted * 3 < count {
      var drawn: Set<[UInt8]> = []
      while drawn.count < wanted {
        let (field, value) = randomField(&random)
        if drawn.insert(field.withBytes { $0.bytes }).inserted { visit(field, value) }
      }
      return
    }
    // Selection sampling, as in SRANDMEMBER.
    var left = count
    var needed = wanted
    var generator = random
    forEach { field, value in
      if needed > 0, generator.index(below: left) < needed {
        visit(field, value)
        needed -= 1
      }
      left -= 1
    }
    random = generator
  }
}
