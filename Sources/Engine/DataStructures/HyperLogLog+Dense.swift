import RESP

extension HyperLogLog {
  /// Whether a string is a sketch in the dense form, whose registers can be raised where they are.
  static func isDense(_ stored: ByteView) -> Bool {
    hasHeader(stored) && stored[4] == Encoding.dense.rawValue && stored.count == denseByteCount
  }

  /// A register of a dense sketch.
  static func denseRegister(_ stored: ByteView, _ register: Int) -> UInt8 {
    let (offset, shift) = densePlace(register)
    let high = offset + 1 < stored.count ? UInt16(stored[offset + 1]) : 0
    return UInt8(truncatingIfNeeded: (high << 8 | UInt16(stored[offset])) >> shift) & 63
  }

  /// Raises a register of a dense sketch where it is; its cached count is out of date then.
  ///
  /// - Returns: false if it was as high already.
  static func raiseDense(_ stored: MutableBytes, _ register: Int, to value: UInt8) -> Bool {
    guard denseRegister(stored.view, register) < value else { return false }
    let (offset, shift) = densePlace(register)
    let mask = UInt16(63) << shift
    let wide = UInt16(value) << shift
    stored[offset] = stored[offset] & ~UInt8(truncatingIfNeeded: mask) | UInt8(truncatingIfNeeded: wide)
    if mask > 0xFF {
      stored[offset + 1] = stored[offset + 1] & ~UInt8(mask >> 8) | UInt8(wide >> 8)
    }
    stored[15] |= 0x80
    return true
  }

  /// Where a register's lowest bit lies: its byte, and how far to the left.
  private static func densePlace(_ register: Int) -> (offset: Int, shift: UInt16) {
    (headerByteCount + register * 6 / 8, UInt16(register * 6 & 7))
  }
}
