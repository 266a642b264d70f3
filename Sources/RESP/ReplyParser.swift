/// One reply as a value: what tests and peers that read replies compare and take apart.
package indirect enum Reply: Equatable, Sendable {
  case simple(String)
  /// The text with its code, without the `-`.
  case error(String)
  case integer(Int)
  case bulk([UInt8])
  /// RESP3 `_`, RESP2 `$-1`.
  case null
  /// RESP2 `*-1`.
  case nullArray
  case array([Reply])
  case map([Pair])
  case set([Reply])
  case push([Reply])
  /// The digits as they were sent.
  case double(String)
  case boolean(Bool)
  /// The digits as they were sent.
  case bigNumber(String)
  case verbatim(format: String, text: [UInt8])
  /// A reply with the attributes that preceded it.
  case attributed([Pair], Reply)

  package struct Pair: Equatable, Sendable {
    package let key: Reply
    package let value: Reply

    package init(_ key: Reply, _ value: Reply) {
      self.key = key
      self.value = value
    }
  }
}

/// Why bytes are no reply.
package struct ReplyError: Error, Equatable {
  package enum Problem: Equatable, Sendable {
    /// The bytes end before the reply does.
    case incomplete
    case unknownType(UInt8)
    case invalidLength
    case invalidInteger
    case invalidBoolean
    /// A verbatim string without its three letters and colon.
    case invalidVerbatim
    case missingLineEnd
    case tooDeep
  }

  /// Where the part stands that does not fit.
  package let offset: Int
  package let problem: Problem

  package init(offset: Int, problem: Problem) {
    self.offset = offset
    self.problem = problem
  }
}

/// Reads replies of RESP2 and RESP3.
///
/// ```
/// +text\r\n   -text\r\n   :integer\r\n   ,double\r\n   (digits\r\n   #t\r\n   _\r\n      one line
/// $<bytes>\r\n<bytes>\r\n   =<bytes>\r\n<fmt>:<text>\r\n   $-1\r\n                      blobs
/// *<n>\r\n   ~<n>\r\n   ><n>\r\n   %<n pairs>\r\n   *-1\r\n                            aggregates
/// |<n pairs>\r\n ... and then the reply they belong to                               attributes
/// ```
///
/// `parse` makes values and is for tests and clients; `skip` only finds where a reply ends and is
/// what the replies of several shards are spliced with. Streamed (`?`) lengths are not part of what
/// servers send.
///
/// - SeeAlso: <https://redis.io/docs/latest/develop/reference/protocol-spec/>
package enum ReplyParser {
  /// Aggregates within aggregates.
  package static let depthMax = 128

  /// The reply that starts at `offset`, which moves behind it.
  ///
  /// - Throws: `ReplyError` with the offset of what is wrong; `.incomplete` at the end of the
  ///   bytes.
  /// - Complexity: O(bytes of the reply). Allocates.
  package static func parse(
    _ bytes: ByteView, at offset: inout Int
  ) throws(ReplyError) -> Reply {
    try parse(bytes, at: &offset, depth: 0)
  }

  /// The one reply that `bytes` are.
  package static func parse(_ bytes: ByteView) throws(ReplyError) -> Reply {
    var offset = 0
    return try parse(bytes, at: &offset)
  }

  /// Where the reply that starts at `offset` ends, nil if it is cut off or malformed.
  ///
  /// - Complexity: O(elements and lines of the reply), blobs are stepped over. Does not allocate,
  ///   and does not recurse, so nesting costs nothing.
  package static func skip(_ bytes: ByteView, from offset: Int) -> Int? {
    var offset = offset
    var awaited = 1
    while awaited > 0 {
      // Every awaited reply takes three bytes at least; this also bounds the count.
      guard offset >= 0, offset < bytes.count, awaited <= bytes.count - offset else { return nil }
      let type = bytes[offset]
      guard let end = lineEnd(bytes, from: offset + 1) else { return nil }
      let line = offset + 1..<end
      offset = end + 2
      awaited -= 1
      switch type {
      case 0x2B, 0x2D, 0x3A, 0x2C, 0x28, 0x23, 0x5F: break
      case 0x24, 0x3D:
        guard let length = DecimalText.integer(bytes[line]) else { return nil }
        if length < 0 { continue }
        guard length <= bytes.count - offset - 2 else { return nil }
        offset += length + 2
      case 0x2A, 0x7E, 0x3E, 0x25, 0x7C:
        guard let count = DecimalText.integer(bytes[line]) else { return nil }
        guard count <= bytes.count - offset else { return nil }
        if count > 0 { awaited += type == 0x25 || type == 0x7C ? count * 2 : count }
        if type == 0x7C { awaited += 1 }
      default: return nil
      }
    }
    return offset
  }

  private static func parse(
    _ bytes: ByteView, at offset: inout Int, depth: Int
  ) throws(ReplyError) -> Reply {
    guard depth <= depthMax else { throw ReplyError(offset: offset, problem: .tooDeep) }
    guard offset < bytes.count else { throw ReplyError(offset: offset, problem: .incomplete) }
    let start = offset
    let type = bytes[offset]
    guard knownTypes.contains(type) else {
      throw ReplyError(offset: start, problem: .unknownType(type))
    }
    guard let end = lineEnd(bytes, from: offset + 1) else {
      throw ReplyError(offset: bytes.count, problem: .incomplete)
    }
    let line = bytes[offset + 1..<end]
    offset = end + 2
    switch type {
    case 0x2B: return .simple(line.string)
    case 0x2D: return .error(line.string)
    case 0x3A:
      guard let value = DecimalText.integer(line) else {
        throw ReplyError(offset: start + 1, problem: .invalidInteger)
      }
      return .integer(value)
    case 0x2C: return .double(line.string)
    case 0x28: return .bigNumber(line.string)
    case 0x23:
      guard line == "t" || line == "f" else {
        throw ReplyError(offset: start + 1, problem: .invalidBoolean)
      }
      return .boolean(line == "t")
    case 0x5F: return .null
    case 0x24:
      guard let blob = try blob(bytes, line, start: start, at: &offset) else { return .null }
      return .bulk(blob.bytes)
    case 0x3D: return try verbatim(bytes, line, start: start, at: &offset)
    default: return try aggregate(type, bytes, line, start: start, at: &offset, depth: depth)
    }
  }

  private static func verbatim(
    _ bytes: ByteView, _ line: ByteView, start: Int, at offset: inout Int
  ) throws(ReplyError) -> Reply {
    let textStart = offset
    guard let blob = try blob(bytes, line, start: start, at: &offset), blob.count >= 4,
      blob[3] == 0x3A
    else { throw ReplyError(offset: textStart, problem: .invalidVerbatim) }
    return .verbatim(format: blob[0..<3].string, text: blob[4..<blob.count].bytes)
  }

  /// The bytes after a length line; nil for a length of -1.
  private static func blob(
    _ bytes: ByteView, _ line: ByteView, start: Int, at offset: inout Int
  ) throws(ReplyError) -> ByteView? {
    guard let length = DecimalText.integer(line), length >= -1 else {
      throw ReplyError(offset: start + 1, problem: .invalidLength)
    }
    if length < 0 { return nil }
    guard length <= bytes.count - offset - 2 else {
      throw ReplyError(offset: bytes.count, problem: .incomplete)
    }
    let blob = bytes[offset..<offset + length]
    offset += length
    guard bytes[offset] == 0x0D, bytes[offset + 1] == 0x0A else {
      throw ReplyError(offset: offset, problem: .missingLineEnd)
    }
    offset += 2
    return blob
  }

  private static func aggregate(
    _ type: UInt8, _ bytes: ByteView, _ line: ByteView, start: Int, at offset: inout Int, depth: Int
  ) throws(ReplyError) -> Reply {
    guard let count = DecimalText.integer(line), count >= -1 else {
      throw ReplyError(offset: start + 1, problem: .invalidLength)
    }
    if count < 0 {
      guard type == 0x2A else { throw ReplyError(offset: start + 1, problem: .invalidLength) }
      return .nullArray
    }
    if type == 0x25 || type == 0x7C {
      var pairs: [Reply.Pair] = []
      for _ in 0..<count {
        let key = try parse(bytes, at: &offset, depth: depth + 1)
        pairs.append(Reply.Pair(key, try parse(bytes, at: &offset, depth: depth + 1)))
      }
      if type == 0x25 { return .map(pairs) }
      return .attributed(pairs, try parse(bytes, at: &offset, depth: depth + 1))
    }
    var elements: [Reply] = []
    for _ in 0..<count { elements.append(try parse(bytes, at: &offset, depth: depth + 1)) }
    return switch type {
    case 0x2A: .array(elements)
    case 0x7E: .set(elements)
    default: .push(elements)
    }
  }

  private static let knownTypes: [UInt8] = Array("+-:$*_,#(=%~>|".utf8)

  /// The position of the `\r\n` at or after `start`.
  private static func lineEnd(_ bytes: ByteView, from start: Int) -> Int? {
    var start = start
    while let end = bytes.firstIndex(of: 0x0D, from: start), end + 1 < bytes.count {
      if bytes[end + 1] == 0x0A { return end }
      start = end + 1
    }
    return nil
  }
}
