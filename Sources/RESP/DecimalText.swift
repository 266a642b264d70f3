import Glibc

/// Numbers as Redis writes and reads them in decimal.
@usableFromInline
package enum DecimalText {
  /// Writes `value` in decimal at `target`, which has room for 20 bytes, and returns how many it took.
  @inlinable
  package static func write(_ value: Int, to target: UnsafeMutableRawPointer) -> Int {
    var magnitude = value.magnitude
    var length = digitCount(magnitude)
    var start = unsafe target
    if value < 0 {
      unsafe start.storeBytes(of: 0x2D, as: UInt8.self)
      unsafe start += 1
    }
    let total = value < 0 ? length &+ 1 : length
    while magnitude >= 10 {
      let (quotient, remainder) = magnitude.quotientAndRemainder(dividingBy: 10)
      length &-= 1
      unsafe start.storeBytes(
        of: UInt8(truncatingIfNeeded: remainder) &+ 48, toByteOffset: length, as: UInt8.self)
      magnitude = quotient
    }
    unsafe start.storeBytes(of: UInt8(truncatingIfNeeded: magnitude) &+ 48, as: UInt8.self)
    return total
  }

  /// How many decimal digits `value` has; 0 has one.
  @inlinable
  package static func digitCount(_ value: UInt) -> Int {
    var count = 1
    var rest = value
    while rest >= 10 {
      if rest < 100 { return count &+ 1 }
      if rest < 1000 { return count &+ 2 }
      if rest < 10000 { return count &+ 3 }
      rest /= 10000
      count &+= 4
    }
    return count
  }

  /// The integer that `text` is the canonical decimal form of: no sign but a leading `-`, no leading
  /// zeros, no spaces, within 64 bits. nil otherwise.
  ///
  /// The rule by which Redis decides that a string may be stored as an integer.
  @inlinable
  package static func integer(_ text: ByteView) -> Int? {
    let count = text.count
    guard count > 0, count <= 20 else { return nil }
    let base = unsafe text.unsafeBase
    let first = unsafe base.load(as: UInt8.self)
    if count == 1 {
      let digit = first &- 48
      return digit < 10 ? Int(digit) : nil
    }
    let negative = first == 0x2D
    var index = negative ? 1 : 0
    let lead = unsafe base.load(fromByteOffset: index, as: UInt8.self) &- 48
    guard lead >= 1, lead <= 9 else { return nil }
    var magnitude = UInt(lead)
    index &+= 1
    while index < count {
      let digit = unsafe base.load(fromByteOffset: index, as: UInt8.self) &- 48
      guard digit < 10 else { return nil }
      let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      let (sum, carry) = product.addingReportingOverflow(UInt(digit))
      if carry { return nil }
      magnitude = sum
      index &+= 1
    }
    if negative {
      guard magnitude <= UInt(bitPattern: Int.min) else { return nil }
      return Int(bitPattern: 0 &- magnitude)
    }
    return magnitude <= UInt(Int.max) ? Int(magnitude) : nil
  }

  /// The longest text that is taken for a number: the largest double has 309 digits.
  private static let textBytesMax = 5 * 1024

  /// The floating-point number that the whole of `text` spells (strtod's language: decimal, hex,
  /// `inf`, exponents), nil for anything else, spaces and NaN included.
  package static func double(_ text: ByteView) -> Double? {
    guard text.count > 0, text.count < textBytesMax else { return nil }
    let first = text[0]
    if first == 0x20 || (first >= 0x09 && first <= 0x0D) { return nil }
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: text.count + 1) { buffer in
      unsafe memcpy(buffer.baseAddress.unsafelyUnwrapped, text.unsafeBase, text.count)
      unsafe buffer[text.count] = 0
      let start = unsafe UnsafePointer(buffer.baseAddress.unsafelyUnwrapped)
      var end: UnsafeMutablePointer<CChar>?
      errno = 0
      let value = unsafe strtod(start, &end)
      guard let end = unsafe end, unsafe UnsafePointer(end) - start == text.count else { return nil }
      if value.isNaN { return nil }
      // strtod reports overflow and underflow through errno; Redis refuses both.
      if errno == ERANGE && (value.isInfinite || value == 0) { return nil }
      return value
    }
  }

  /// The shortest text that reads back as `value`, in Redis' spelling: `inf`, `-inf`, `nan`, `3`
  /// rather than `3.0`, `1e+20` rather than `1e20`.
  package static func describe(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    if value == 0 { return value.sign == .minus ? "-0" : "0" }
    if let whole = Int(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
    return ShortestDecimal.describe(value)
  }

  /// `value` with so many decimals, correctly rounded.
  package static func fixed(_ value: Double, _ decimals: Int) -> [UInt8] {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
      let written = unsafe withVaList([Int32(decimals), value]) { list in
        unsafe vsnprintf(buffer.baseAddress.unsafelyUnwrapped, 400, "%.*f", list)
      }
      return unsafe buffer.prefix(Int(written)).map { UInt8(bitPattern: $0) }
    }
  }
}
