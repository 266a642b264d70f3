import RESP

extension Command {
  /// `BITFIELD key [GET encoding offset | [OVERFLOW WRAP | SAT | FAIL]
  /// SET encoding offset value | INCRBY encoding offset increment ...]`
  ///
  /// Replies with an Array, one element a GET, SET (the old integer) or INCRBY (the sum); null
  /// where OVERFLOW FAIL prevented a change. Encodings are `i1` ... `i64` and `u1` ... `u63`; an
  /// offset with `#` counts in integers of the encoding's width.
  ///
  /// - Throws: `.syntax`; errors for encodings, offsets and overflow modes; `.notAnInteger`;
  ///   `.wrongType`. Nothing is done unless all subcommands are well-formed.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/bitfield/>
  package static let bitfield = Command(
    "bitfield", "Reads and changes integers of any width inside a string.",
    since: "3.2.0", group: .bitmap,
    complexity: "O(1) for each subcommand",
    arity: .atLeast(2),
    keys: [
      KeySpec(
        begin: .index(1), find: .range(last: 0, step: 1, limit: 0),
        access: [.readWrite, .access, .update, .variableFlags],
        notes: "GET reads, SET and INCRBY change")
    ],
    flags: [.write, .denyOOM],
    arguments: [
      .key(),
      .oneOf(
        "operation", [.optional, .multiple],
        [
          .block(
            "get-block", token: "GET", [],
            [
              Argument("encoding", .string),
              Argument("offset", .integer),
            ]),
          .block(
            "write", [],
            [
              Argument(
                "overflow-block", .oneof, token: "OVERFLOW", .optional,
                members: [
                  .token("wrap", "WRAP"),
                  .token("sat", "SAT"),
                  .token("fail", "FAIL"),
                ]),
              .oneOf(
                "write-operation", [],
                [
                  .block(
                    "set-block", token: "SET", [],
                    [
                      Argument("encoding", .string),
                      Argument("offset", .integer),
                      Argument("value", .integer),
                    ]),
                  .block(
                    "incrby-block", token: "INCRBY", [],
                    [
                      Argument("encoding", .string),
                      Argument("offset", .integer),
                      Argument("increment", .integer),
                    ]),
                ]),
            ]),
        ]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let operations = try BitFieldOperation.parse(arguments, keyspace.options)
      let byteCount = operations.reduce(0) { Swift.max($0, $1.writtenBytes) }
      guard byteCount > 0 else {
        return try BitFieldOperation.read(operations, &keyspace, arguments[1], &reply)
      }
      let (bytes, grew) = try keyspace.editString(arguments[1], atLeast: byteCount)
      var changes = 0
      reply.array(operations.count)
      for operation in operations { operation.run(on: bytes, &reply, &changes) }
      if changes > 0 || grew {
        keyspace.changed(arguments[1])
        keyspace.notify(.string, "setbit", arguments[1])
      }
    })

  /// `BITFIELD_RO key [GET encoding offset ...]`
  ///
  /// As `BITFIELD`, but only GET.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/bitfield_ro/>
  package static let bitfieldReadOnly = Command(
    "bitfield_ro", "Reads integers of any width inside a string.",
    since: "6.0.0", group: .bitmap,
    complexity: "O(1) for each subcommand",
    arity: .atLeast(2),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly, .fast],
    arguments: [
      .key(),
      .block(
        "get-block", token: "GET", [.optional, .multiple, .multipleToken],
        [
          Argument("encoding", .string),
          Argument("offset", .integer),
        ]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let operations = try BitFieldOperation.parse(arguments, keyspace.options)
      guard operations.allSatisfy({ $0.writtenBytes == 0 }) else {
        throw CommandError("ERR BITFIELD_RO only supports the GET subcommand")
      }
      try BitFieldOperation.read(operations, &keyspace, arguments[1], &reply)
    })
}

/// One subcommand of BITFIELD.
private struct BitFieldOperation {
  enum Action {
    case get
    case set(Int)
    case increment(Int)
  }

  enum Overflow { case wrap, saturate, fail }

  let action: Action
  let overflow: Overflow
  let isSigned: Bool
  /// 1 ... 64, unsigned up to 63.
  let width: Int
  let offset: Int

  /// The length the string must have for it; 0 if it only reads.
  var writtenBytes: Int {
    if case .get = action { return 0 }
    return (offset + width - 1) >> 3 + 1
  }

  static func parse(
    _ arguments: Arguments, _ options: Keyspace.Options
  ) throws(CommandError) -> [BitFieldOperation] {
    var operations: [BitFieldOperation] = []
    var overflow = Overflow.wrap
    var index = 2
    while index < arguments.count {
      let word = arguments[index]
      let left = arguments.count - index - 1
      if word.matches("overflow"), left >= 1 {
        overflow = try mode(arguments[index + 1])
        index += 2
        continue
      }
      let isGet = word.matches("get") && left >= 2
      let isSet = word.matches("set") && left >= 3
      guard isGet || isSet || (word.matches("incrby") && left >= 3) else { throw .syntax }
      let (isSigned, width) = try encoding(arguments[index + 1])
      let offset = try position(arguments[index + 2], width: width, options)
      var action = Action.get
      if !isGet {
        guard let operand = DecimalText.integer(arguments[index + 3]) else { throw .notAnInteger }
        action = isSet ? .set(operand) : .increment(operand)
      }
      operations.append(
        BitFieldOperation(
          action: action, overflow: overflow, isSigned: isSigned, width: width, offset: offset))
      index += isGet ? 3 : 4
    }
    return operations
  }

  private static func mode(_ word: ByteView) throws(CommandError) -> Overflow {
    if word.matches("wrap") { return .wrap }
    if word.matches("sat") { return .saturate }
    if word.matches("fail") { return .fail }
    throw CommandError("ERR Invalid OVERFLOW type specified")
  }

  private static func encoding(
    _ word: ByteView
  ) throws(CommandError) -> (isSigned: Bool, width: Int) {
    if word.count > 1, word[0] == 0x69 || word[0] == 0x75,
      let width = DecimalText.integer(word[1..<word.count]), width >= 1
    {
      let isSigned = word[0] == 0x69
      if width <= (isSigned ? 64 : 63) { return (isSigned, width) }
    }
    throw CommandError(
      """
      ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.
      """)
  }

  private static func position(
    _ word: ByteView, width: Int, _ options: Keyspace.Options
  ) throws(CommandError) -> Int {
    let isScaled = word.count > 0 && word[0] == 0x23
    guard let number = DecimalText.integer(isScaled ? word[1..<word.count] : word) else {
      throw BitOffset.invalid
    }
    let (offset, overflow) = number.multipliedReportingOverflow(by: isScaled ? width : 1)
    guard !overflow, offset >= 0, offset >> 3 < options.stringBytesMax else {
      throw BitOffset.invalid
    }
    return offset
  }

  /// Runs operations that only read.
  static func read(
    _ operations: [BitFieldOperation], _ keyspace: inout Keyspace, _ key: ByteView,
    _ reply: inout ReplyWriter
  ) throws(CommandError) {
    let value = try keyspace.string(key, for: .read) ?? .bytes(.empty)
    reply.array(operations.count)
    value.withBytes { bytes in
      for operation in operations { reply.integer(operation.value(in: bytes)) }
    }
  }

  private func value(in bytes: ByteView) -> Int {
    let raw = Bits.field(bytes, at: offset, width: width)
    return isSigned ? signExtended(raw) : Int(truncatingIfNeeded: raw)
  }

  private func signExtended(_ raw: UInt64) -> Int {
    let shift = UInt64(64 - width)
    return Int(truncatingIfNeeded: Int64(bitPattern: raw << shift) >> Int64(shift))
  }

  /// Runs it on a string that is long enough.
  func run(on bytes: MutableBytes, _ reply: inout ReplyWriter, _ changes: inout Int) {
    let old = value(in: bytes.view)
    let outcome: Int?
    switch action {
    case .get: return reply.integer(old)
    case .set(let operand): outcome = fitted(operand, 0)
    case .increment(let operand): outcome = fitted(old, operand)
    }
    guard let outcome else { return reply.null() }
    Bits.setField(bytes, at: offset, width: width, to: UInt64(bitPattern: Int64(outcome)))
    if outcome != old { changes += 1 }
    if case .set = action { reply.integer(old) } else { reply.integer(outcome) }
  }

  /// `value` + `increment` in the field's range, by the rule of `overflow`; nil if that forbids it.
  ///
  /// An unsigned field of a SET takes the operand's bits as unsigned, as Redis does: -1 is above
  /// every maximum.
  private func fitted(_ value: Int, _ increment: Int) -> Int? {
    isSigned ? fittedSigned(value, increment) : fittedUnsigned(value, increment)
  }

  private func fittedSigned(_ value: Int, _ increment: Int) -> Int? {
    let largest = Int(truncatingIfNeeded: (UInt64(1) << UInt64(width - 1)) - 1)
    let smallest = -largest - 1
    let (sum, overflowed) = value.addingReportingOverflow(increment)
    let isOver = overflowed ? increment > 0 : sum > largest
    let isUnder = overflowed ? increment < 0 : sum < smallest
    guard isOver || isUnder else { return sum }
    switch overflow {
    case .wrap: return signExtended(UInt64(bitPattern: Int64(sum)))
    case .saturate: return isOver ? largest : smallest
    case .fail: return nil
    }
  }

  private func fittedUnsigned(_ value: Int, _ increment: Int) -> Int? {
    let largest = Int(truncatingIfNeeded: (UInt64(1) << UInt64(width)) - 1)
    let (sum, overflowed) = value.addingReportingOverflow(increment)
    let isUnder = value >= 0 && !overflowed && sum < 0
    let isOver = value < 0 || overflowed || sum > largest
    guard isOver || isUnder else { return sum }
    switch overflow {
    case .wrap: return sum & largest
    case .saturate: return isUnder ? 0 : largest
    case .fail: return nil
    }
  }
}
