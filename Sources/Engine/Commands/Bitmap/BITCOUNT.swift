import RESP

extension Command {
  /// `BITCOUNT key [start end [BYTE | BIT]]`
  ///
  /// Replies with an Integer: the set bits from `start` to `end`, both included, negative from the
  /// end.
  ///
  /// - Throws: `.syntax`; `.notAnInteger`; `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/bitcount/>
  package static let bitcount = Command(
    "bitcount", "Counts the bits that are set in a string.",
    since: "2.6.0", group: .bitmap,
    complexity: "O(N) in the bytes of the range",
    arity: .atLeast(2),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly],
    arguments: [
      .key(),
      .block(
        "range", .optional,
        [
          Argument("start", .integer),
          Argument("end", .integer),
          .oneOf(
            "unit", .optional, since: "7.0.0",
            [
              .token("byte", "BYTE"),
              .token("bit", "BIT"),
            ]),
        ]),
    ],
    history: [
      ("7.0.0", "New option `BYTE|BIT`.")
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard arguments.count != 3, arguments.count <= 5 else { throw .syntax }
      let range =
        arguments.count == 2
        ? BitRange() : try BitRange(arguments[2], arguments[3], arguments.dropFirst(4))
      guard let value = try keyspace.string(arguments[1], for: .read) else {
        return reply.integer(0)
      }
      reply.integer(
        value.withBytes { bytes in
          range.resolved(byteCount: bytes.count).map { Bits.count(bytes, bits: $0) } ?? 0
        })
    })

  /// `BITPOS key bit [start [end [BYTE | BIT]]]`
  ///
  /// Replies with an Integer: the position of the first bit that equals `bit`, -1 if there is none.
  /// A string counts as followed by zeros unless `end` is given.
  ///
  /// - Throws: an error for a bit other than 0 and 1; `.syntax`; `.notAnInteger`; `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/bitpos/>
  package static let bitpos = Command(
    "bitpos", "Finds the first bit of a string that is set, or clear.",
    since: "2.8.7", group: .bitmap,
    complexity: "O(N) in the bytes of the range",
    arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly],
    arguments: [
      .key(),
      Argument("bit", .integer),
      .block(
        "range", .optional,
        [
          Argument("start", .integer),
          .block(
            "end-unit-block", .optional,
            [
              Argument("end", .integer),
              .oneOf(
                "unit", .optional, since: "7.0.0",
                [
                  .token("byte", "BYTE"),
                  .token("bit", "BIT"),
                ]),
            ]),
        ]),
    ],
    history: [
      ("7.0.0", "New option `BYTE|BIT`.")
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard let bit = DecimalText.integer(arguments[2]) else { throw .notAnInteger }
      guard bit == 0 || bit == 1 else {
        throw CommandError("ERR The bit argument must be 1 or 0.")
      }
      guard arguments.count <= 6 else { throw .syntax }
      let range = try BitRange(searching: arguments)
      guard let value = try keyspace.string(arguments[1], for: .read) else {
        return reply.integer(bit == 0 ? 0 : -1)
      }
      reply.integer(
        value.withBytes { bytes in
          guard let bits = range.resolved(byteCount: bytes.count) else { return -1 }
          if let found = Bits.first(bit == 1, in: bytes, bits: bits) { return found }
          return bit == 0 && arguments.count < 5 ? bytes.count * 8 : -1
        })
    })
}

/// A range of bytes or bits as BITCOUNT and BITPOS take it.
private struct BitRange {
  private var start = 0
  private var end = -1
  private var countsBits = false

  /// Redis' BITPOS searches the first byte when both ends lie before it, its BITCOUNT counts
  /// nothing.
  private var clampsReversed = false

  init() {}

  /// From BITPOS' words, of which the start may come alone; checked in Redis' order.
  init(searching arguments: Arguments) throws(CommandError) {
    clampsReversed = true
    if arguments.count > 3 {
      guard let start = DecimalText.integer(arguments[3]) else { throw .notAnInteger }
      self.start = start
    }
    if arguments.count > 5 {
      countsBits = arguments[5].matches("bit")
      guard countsBits || arguments[5].matches("byte") else { throw .syntax }
    }
    if arguments.count > 4 {
      guard let end = DecimalText.integer(arguments[4]) else { throw .notAnInteger }
      self.end = end
    }
  }

  /// From BITCOUNT's words.
  init(_ start: ByteView, _ end: ByteView, _ unit: Arguments) throws(CommandError) {
    guard let first = DecimalText.integer(start), let last = DecimalText.integer(end) else {
      throw .notAnInteger
    }
    (self.start, self.end) = (first, last)
    guard unit.count > 0 else { return }
    countsBits = unit[0].matches("bit")
    guard countsBits || unit[0].matches("byte") else { throw .syntax }
  }

  /// The bits it covers, nil if it covers none.
  func resolved(byteCount: Int) -> Range<Int>? {
    let count = countsBits ? byteCount * 8 : byteCount
    let isReversed = start < 0 && end < 0 && start > end
    let first = isReversed && clampsReversed ? Swift.max(start, -count) : start
    let last = isReversed && clampsReversed ? Swift.max(end, -count) : end
    guard let range = ByteRange.of(first, last, count: count) else { return nil }
    return countsBits
      ? range
      : range.lowerBound * 8..<range.upperBound * 8
  }
}
