import RESP

extension Command {
  /// `GETRANGE key start end`
  ///
  /// Replies with the bytes from `start` to `end`, both included; negative positions count from the
  /// end, and what lies outside is cut off. Empty if the key is missing.
  ///
  /// - Throws: `.notAnInteger`; `.wrongType` when `key` holds another type.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/getrange/>
  package static let getrange = Command(
    "getrange", "Returns a part of a string.",
    since: "2.4.0", group: .string,
    complexity: "O(N) where N is the length of the part",
    arity: .exactly(4),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly],
    arguments: [.key(), Argument("start", .integer), Argument("end", .integer)],
    execution: .oneShard(substring))

  /// `SUBSTR key start end`: GETRANGE.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/substr/>
  package static let substr = Command(
    "substr", "Returns a part of a string, under GETRANGE's first name.",
    since: "1.0.0", group: .string,
    complexity: "O(N) where N is the length of the part",
    arity: .exactly(4),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly],
    arguments: [.key(), Argument("start", .integer), Argument("end", .integer)],
    execution: .oneShard(substring))

  private static let substring: Body = { keyspace, arguments, reply throws(CommandError) in
    guard let start = DecimalText.integer(arguments[2]), let end = DecimalText.integer(arguments[3])
    else { throw .notAnInteger }
    guard let value = try keyspace.string(arguments[1], for: .read),
      let range = ByteRange.of(start, end, count: value.count)
    else { return reply.bulk(ByteView.empty) }
    value.withBytes { reply.bulk($0[range]) }
  }

  /// `STRLEN key`
  ///
  /// Replies with an Integer: the length of the string, 0 if the key is missing.
  ///
  /// - Throws: `.wrongType` when `key` holds another type.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/strlen/>
  package static let strlen = Command(
    "strlen", "Returns the length of a string.",
    since: "2.2.0", group: .string,
    complexity: "O(1)",
    arity: .exactly(2),
    keys: [.at(1, [.readOnly])],
    flags: [.readOnly, .fast],
    arguments: [.key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      reply.integer(try keyspace.string(arguments[1], for: .read)?.count ?? 0)
    })
}

/// Ranges as clients write them: both ends included, negative from the end.
enum ByteRange {
  /// The part of `0 ..< count` that `start ... end` covers, nil if there is none.
  static func of(_ start: Int, _ end: Int, count: Int) -> Range<Int>? {
    if start < 0, end < 0, start > end { return nil }
    // `count` is no larger than a string, so these sums stay within 64 bits.
    let first = Swift.max(start < 0 ? count + start : start, 0)
    let last = Swift.min(Swift.max(end < 0 ? count + end : end, 0), count - 1)
    return first <= last ? first..<last + 1 : nil
  }
}
