import RESP

extension Command {
  /// `BITOP AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE destkey key [key ...]`
  ///
  /// Replies with an Integer: the length of the result, that of the longest source; shorter ones
  /// count as followed by zeros. An empty result deletes the destination.
  ///
  /// - Throws: `.syntax`; errors for a number of sources the operation does not take; `.wrongType`.
  /// - Complexity: O(*n* · *k*) for *k* sources of *n* bytes, 8 bytes a step.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/bitop/>
  package static let bitop = Command(
    "bitop", "Combines strings bit by bit and stores the result.",
    since: "2.6.0", group: .bitmap,
    complexity: "O(N) in the length of the longest string, times the number of strings",
    arity: .atLeast(4),
    keys: [.at(2, [.overwrite, .update]), .range(3, [.readOnly, .access])],
    flags: [.write, .denyOOM],
    arguments: [
      .oneOf(
        "operation", [],
        [
          .token("and", "AND"),
          .token("or", "OR"),
          .token("xor", "XOR"),
          .token("not", "NOT"),
          .token("diff", "DIFF"),
          .token("diff1", "DIFF1"),
          .token("andor", "ANDOR"),
          .token("one", "ONE"),
        ]),
      .key("destkey"),
      .key("key", .multiple, spec: 1),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let operation = BitOperation(arguments[1]) else { throw .syntax }
      let destination = arguments[2]
      let sources = arguments.dropFirst(3)
      try operation.check(sourceCount: sources.count)
      var byteCount = 0
      for index in 0..<sources.count {
        byteCount = Swift.max(
          byteCount, try keyspace.string(sources[index], for: .read)?.count ?? 0)
      }
      guard byteCount > 0 else {
        _ = keyspace.delete(destination)
        return reply.integer(0)
      }
      let result = try operation.run(&keyspace, sources, byteCount: byteCount)
      keyspace.set(destination, buffer: result)
      keyspace.notify(.string, "set", destination)
      reply.integer(byteCount)
    })
}

private enum BitOperation {
  case and, or, xor, not
  /// In the first but in none of the others.
  case difference
  /// In any of the others but not in the first.
  case reverseDifference
  /// In the first and in any of the others.
  case andOr
  /// In exactly one.
  case one

  init?(_ word: ByteView) {
    if word.matches("and") {
      self = .and
    } else if word.matches("or") {
      self = .or
    } else if word.matches("xor") {
      self = .xor
    } else if word.matches("not") {
      self = .not
    } else if word.matches("diff") {
      self = .difference
    } else if word.matches("diff1") {
      self = .reverseDifference
    } else if word.matches("andor") {
      self = .andOr
    } else if word.matches("one") {
      self = .one
    } else {
      return nil
    }
  }

  func check(sourceCount: Int) throws(CommandError) {
    switch self {
    case .not where sourceCount != 1:
      throw CommandError("ERR BITOP NOT must be called with a single source key.")
    case .difference where sourceCount < 2:
      throw CommandError("ERR BITOP DIFF must be called with at least two source keys.")
    case .reverseDifference where sourceCount < 2:
      throw CommandError("ERR BITOP DIFF1 must be called with at least two source keys.")
    case .andOr where sourceCount < 2:
      throw CommandError("ERR BITOP ANDOR must be called with at least two source keys.")
    default: break
    }
  }

  /// The combination of `sources`, whose types were checked. The caller owns it.
  ///
  /// - Parameter byteCount: the length of the longest.
  func run(
    _ keyspace: inout Keyspace, _ sources: Arguments, byteCount: Int
  ) throws(CommandError) -> StringBuffer {
    let result = StringBuffer.allocate(capacity: byteCount).grown(to: byteCount)
    func apply(_ range: Range<Int>, _ step: (ByteView) -> Void) throws(CommandError) {
      for index in range {
        if let value = try keyspace.string(sources[index], for: .peek) {
          value.withBytes(step)
        } else {
          step(.empty)
        }
      }
    }
    let others = 1..<sources.count
    switch self {
    case .and:
      try apply(0..<1) { Bits.or(result, $0) }
      try apply(others) { Bits.and(result, $0) }
    case .or: try apply(0..<sources.count) { Bits.or(result, $0) }
    case .xor: try apply(0..<sources.count) { Bits.xor(result, $0) }
    case .not: try apply(0..<1) { Bits.complement(result, $0) }
    case .difference:
      try apply(0..<1) { Bits.or(result, $0) }
      try apply(others) { Bits.subtract(result, $0) }
    case .reverseDifference:
      try apply(others) { Bits.or(result, $0) }
      try apply(0..<1) { Bits.subtract(result, $0) }
    case .andOr:
      try apply(others) { Bits.or(result, $0) }
      try apply(0..<1) { Bits.and(result, $0) }
    case .one:
      let often = StringBuffer.allocate(capacity: byteCount).grown(to: byteCount)
      try apply(0..<sources.count) { Bits.collect(result, often, $0) }
      Bits.subtract(result, often.view)
      often.free()
    }
    return result
  }
}
