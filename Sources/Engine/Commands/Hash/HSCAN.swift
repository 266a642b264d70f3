import RESP

extension Command {
  /// `HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]`
  ///
  /// Replies with the next cursor, and an Array of fields and their values. A listpack comes as a whole.
  ///
  /// - Throws: `.invalidCursor`; `.wrongType`; `.syntax`, also for a count below 1; `.notAnInteger`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hscan/>
  package static let hscan = Command(
    "hscan", "Walks through the fields of a hash, some at a time.",
    since: "2.8.0", group: .hash,
    complexity: "O(1) a call, O(N) for the whole walk over N fields",
    arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])],
    flags: .readOnly,
    tips: ["nondeterministic_output"],
    arguments: [
      .key(), Argument("cursor", .integer),
      Argument("pattern", .pattern, token: "MATCH", .optional),
      Argument("count", .integer, token: "COUNT", .optional),
      .token("novalues", "NOVALUES", .optional),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let cursor = try ScanCursor(arguments[2])
      guard let hash = try keyspace.hashValue(arguments[1]) else {
        reply.array(2)
        reply.bulk("0")
        return reply.array(0)
      }
      let options = try HashScanOptions(arguments)
      // The cursor comes first and is known last, so the elements are gathered in a reply of their own.
      var elements = ReplyWriter()
      var found = 0
      let next = hash.scan(from: cursor.position, count: options.count) { field, value in
        if let pattern = options.pattern, !field.withBytes({ Glob.matches(pattern, $0) }) { return }
        elements.element(field)
        if options.withValues { elements.element(value) }
        found += 1
      }
      reply.array(2)
      StringValue.integer(Int(next ?? 0)).withBytes { reply.bulk($0) }
      reply.array(options.withValues ? 2 * found : found)
      reply.raw(elements.bytes)
    })
}

/// The words of HSCAN after its cursor.
private struct HashScanOptions {
  var count = 10
  var pattern: ByteView?
  var withValues = true

  init(_ arguments: Arguments) throws(CommandError) {
    var index = 3
    while index < arguments.count {
      let word = arguments[index]
      if word.matches("novalues") {
        withValues = false
        index += 1
        continue
      }
      guard index + 1 < arguments.count else { throw .syntax }
      let operand = arguments[index + 1]
      if word.matches("count") {
        count = try operand.integer()
        guard count >= 1 else { throw .syntax }
      } else if word.matches("match") {
        pattern = Glob.matchesAll(operand) ? nil : operand
      } else {
        throw .syntax
      }
      index += 2
    }
  }
}
