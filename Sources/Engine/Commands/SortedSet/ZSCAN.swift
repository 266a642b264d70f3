import RESP

extension Command {
  /// `ZSCAN key cursor [MATCH pattern] [COUNT count]`
  ///
  /// Replies with the next cursor, and an Array of members and their scores.
  ///
  /// - Throws: `.wrongType`; `.invalidCursor`; `.syntax`; `.notAnInteger`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/zscan/>
  package static let zscan = Command(
    "zscan", "Walks through the members of a sorted set, some at a time.", since: "2.8.0",
    group: .sortedSet, complexity: "O(1) a call, O(N) for the whole walk.", arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly], tips: ["nondeterministic_output"],
    arguments: [
      .key(), Argument("cursor", .integer),
      Argument("pattern", .pattern, token: "MATCH", .optional),
      Argument("count", .integer, token: "COUNT", .optional),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let cursor = try ScanCursor(arguments[2]).position
      let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
      guard let value else {
        reply.array(2)
        reply.bulk("0")
        return reply.array(0)
      }
      let (count, pattern) = try MemberScan.options(arguments)
      var found: [(member: [UInt8], score: Double)] = []
      let next = ByteView.with(pattern) { pattern in
        let all = Glob.matchesAll(pattern)
        return value.scan(from: cursor, count: count) { member, score in
          if all || Glob.matches(pattern, member) { found.append((member.bytes, score)) }
        }
      }
      reply.array(2)
      reply.bulk(String(next ?? 0))
      reply.array(found.count * 2)
      for pair in found {
        reply.bulk(pair.member)
        reply.bulk(DecimalText.describe(pair.score))
      }
    })
}

/// The words of ZSCAN after its cursor.
private enum MemberScan {
  static func options(
    _ arguments: Arguments
  ) throws(CommandError) -> (count: Int, pattern: [UInt8]) {
    var count = 10
    var pattern: [UInt8] = [0x2A]
    var index = 3
    while index < arguments.count {
      guard index + 1 < arguments.count else { throw .syntax }
      if arguments[index].matches("count") {
        count = try arguments[index + 1].integer()
        guard count >= 1 else { throw .syntax }
      } else if arguments[index].matches("match") {
        pattern = arguments[index + 1].bytes
      } else {
        throw .syntax
      }
      index += 2
    }
    return (count, pattern)
  }
}
