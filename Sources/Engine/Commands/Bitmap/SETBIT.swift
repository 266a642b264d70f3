import RESP

extension Command {
  /// `SETBIT key offset value`
  ///
  /// Replies with an Integer: what the bit was. The string grows with zeros to hold the bit.
  ///
  /// - Throws: an error for an offset beyond the longest string, or a value other than 0 and 1;
  ///   `.wrongType`.
  /// - Complexity: O(1), plus growing the string.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/setbit/>
  package static let setbit = Command(
    "setbit", "Sets or clears one bit of a string and returns what it was.",
    since: "2.2.0", group: .bitmap,
    complexity: "O(1)",
    arity: .exactly(4),
    keys: [.at(1, [.readWrite, .access, .update])],
    flags: [.write, .denyOOM],
    arguments: [.key(), Argument("offset", .integer), Argument("value", .integer)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      let offset = try BitOffset.parse(arguments[2], keyspace.options)
      guard arguments[3].count == 1, arguments[3][0] == 0x30 || arguments[3][0] == 0x31 else {
        throw CommandError("ERR bit is not an integer or out of range")
      }
      let wanted = arguments[3][0] == 0x31
      let index = offset >> 3
      let (bytes, grew) = try keyspace.editString(key, atLeast: index + 1)
      let mask = UInt8(0x80) >> UInt8(offset & 7)
      let old = bytes[index]
      bytes[index] = wanted ? old | mask : old & ~mask
      if grew || wanted != (old & mask != 0) {
        keyspace.changed(key)
        keyspace.notify(.string, "setbit", key)
      }
      reply.integer(old & mask != 0 ? 1 : 0)
    })

  /// `GETBIT key offset`
  ///
  /// Replies with an Integer: the bit, 0 behind the end of the string or if the key is missing.
  ///
  /// - Throws: an error for an offset beyond the longest string; `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/getbit/>
  package static let getbit = Command(
    "getbit", "Returns one bit of a string.",
    since: "2.2.0", group: .bitmap,
    complexity: "O(1)",
    arity: .exactly(3),
    keys: [.at(1, [.readOnly, .access])],
    flags: [.readOnly, .fast],
    arguments: [.key(), Argument("offset", .integer)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let offset = try BitOffset.parse(arguments[2], keyspace.options)
      let value = try keyspace.string(arguments[1], for: .read)
      reply.integer(
        value?.withBytes { Int(truncatingIfNeeded: Bits.field($0, at: offset, width: 1)) } ?? 0)
    })
}

/// Positions of bits as clients write them.
enum BitOffset {
  static let invalid = CommandError("ERR bit offset is not an integer or out of range")

  /// The bit number that `text` spells, within the longest string allowed.
  static func parse(_ text: ByteView, _ options: Keyspace.Options) throws(CommandError) -> Int {
    guard let offset = DecimalText.integer(text), offset >= 0, offset >> 3 < options.stringBytesMax
    else { throw invalid }
    return offset
  }
}
