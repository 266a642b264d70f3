import CLinux
import RESP

extension Keyspace {
  /// Adds to the integer at `key`, a missing key counting as 0. Keeps the expiry.
  ///
  /// - Returns: the sum.
  /// - Throws: `.wrongType`; `.notAnInteger` when the string is no canonical integer; `.overflow`.
  /// - Complexity: O(1); allocates only when the key was missing or not stored as an integer.
  @inline(__always)
  mutating func add(_ delta: Int, to key: ByteView) throws(CommandError) -> Int {
    guard let entry = lookup(key, for: .write) else {
      set(key, integer: delta)
      return delta
    }
    guard entry.type == .string else { throw .wrongType }
    guard let old = entry.string.integer else { throw .notAnInteger }
    let (sum, overflow) = old.addingReportingOverflow(delta)
    guard !overflow else { throw .overflow }
    if entry.encoding == .integer {
      entry.block.word = sum
      changed(key)
    } else {
      set(key, integer: sum, expiry: .keep)
    }
    return sum
  }

  /// Adds to the decimal number at `key`, a missing key counting as 0, with the platform's widest
  /// floating point, as Redis does. Keeps the expiry.
  ///
  /// - Parameter reply: gets the sum as a bulk string.
  /// - Returns: the sum.
  /// - Throws: `.wrongType`; `.notAFloat` when either is no number; `.notANumberOrInfinity`.
  mutating func addDecimal(
    _ delta: ByteView, to key: ByteView, reply: inout ReplyWriter
  ) throws(CommandError) -> [UInt8] {
    let sum: [UInt8]
    if let value = try string(key, for: .write) {
      sum = try value.withBytes { (bytes) throws(CommandError) -> [UInt8] in
        try DecimalSum.add(delta, to: bytes)
      }
    } else {
      sum = try DecimalSum.add(delta, to: ByteView("0"))
    }
    ByteView.with(sum) {
      set(key, bytes: $0, expiry: .keep)
      reply.bulk($0)
    }
    return sum
  }

  /// Makes `buffer` the string at `key`, whatever was there, without an expiry. The keyspace owns
  /// it from here; its encoding is `raw`.
  mutating func set(_ key: ByteView, buffer: consuming StringBuffer) {
    store(key, word: buffer.bits, encoding: .rawBuffer, expiry: .none)
  }

  /// The string at `key` as bytes that can be changed in place; `grow` says how long they have to
  /// be.
  ///
  /// As `editString(_:growingTo:)`, and tells whether the key is new or longer than before.
  mutating func editString(
    _ key: ByteView, atLeast count: Int
  ) throws(CommandError) -> (bytes: MutableBytes, grew: Bool) {
    let before = try string(key, for: .peek)?.count
    let bytes = try editString(key, growingTo: count)
    return (bytes, bytes.count != before)
  }
}

/// Sums of decimal texts, as INCRBYFLOAT and HINCRBYFLOAT make them.
enum DecimalSum {
  /// Longer texts are not numbers to Redis either.
  private static let textBytesMax = 5 * 1024

  /// `value` + `delta` in plain decimal notation, at most 17 places, no trailing zeros.
  ///
  /// - Throws: `.notAFloat`, `.notANumberOrInfinity`.
  static func add(_ delta: ByteView, to value: ByteView) throws(CommandError) -> [UInt8] {
    var sum = [UInt8](repeating: 0, count: textBytesMax)
    let count = unsafe sum.withUnsafeMutableBytes { buffer in
      unsafe clinux_add_decimals(
        value.unsafeBase, value.count, delta.unsafeBase, delta.count,
        buffer.baseAddress.unsafelyUnwrapped, buffer.count)
    }
    switch Int(count) {
    case CLINUX_DECIMAL_INVALID_LEFT, CLINUX_DECIMAL_INVALID_RIGHT: throw .notAFloat
    case CLINUX_DECIMAL_NOT_FINITE: throw .notANumberOrInfinity
    default: break
    }
    var text = sum.prefix(Int(count))
    if text.contains(0x2E) {
      while text.last == 0x30 { text.removeLast() }
      if text.last == 0x2E { text.removeLast() }
    }
    return text.elementsEqual("-0".utf8) ? [0x30] : Array(text)
  }
}
