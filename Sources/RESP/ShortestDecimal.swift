/// The layout that Redis gives the shortest decimal digits of a double.
///
/// Swift's own description finds the digits (they are unique: the fewest that read back as the same
/// number); this places the point and the exponent where the Grisu-based printer of Redis 7.2 places
/// them: plain notation for exponents in -7 < e ≤ 21, else `d.ddde+XX`.
enum ShortestDecimal {
  /// - Parameter value: finite and not zero.
  static func describe(_ value: Double) -> String {
    var digits: [UInt8] = []
    // `digits` read as 0.ddd × 10^pointPosition
    let pointPosition = split(value.magnitude, into: &digits)
    var text: [UInt8] = value < 0 ? [0x2D] : []
    let exponent = pointPosition - 1
    let magnitude = abs(exponent)
    if exponent >= 0 && magnitude < digits.count + 7 && pointPosition <= 21 {
      // 1234.5 or 12300
      text += digits.prefix(pointPosition)
      if pointPosition > digits.count {
        text += repeatElement(0x30, count: pointPosition - digits.count)
      } else if pointPosition < digits.count {
        text.append(0x2E)
        text += digits[pointPosition...]
      }
    } else if exponent < 0 && exponent > -7 {
      text += [0x30, 0x2E]
      text += repeatElement(0x30, count: -pointPosition)
      text += digits
    } else {
      text.append(digits[0])
      if digits.count > 1 {
        text.append(0x2E)
        text += digits[1...]
      }
      text.append(0x65)
      text.append(exponent < 0 ? 0x2D : 0x2B)
      text += Array(String(magnitude).utf8)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Fills `digits` with the significant digits and returns where the point stands relative to them.
  private static func split(_ value: Double, into digits: inout [UInt8]) -> Int {
    var exponent = 0
    var pointPosition: Int?
    var readsExponent = false
    var exponentText = ""
    for byte in value.description.utf8 {
      switch byte {
      case 0x2E: pointPosition = digits.count
      case 0x65: readsExponent = true
      default:
        if readsExponent {
          exponentText.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
          digits.append(byte)
        }
      }
    }
    if readsExponent { exponent = Int(exponentText) ?? 0 }
    var position = (pointPosition ?? digits.count) + exponent
    let leadingZeros = digits.prefix { $0 == 0x30 }.count
    digits.removeFirst(leadingZeros)
    position -= leadingZeros
    while digits.last == 0x30 { digits.removeLast() }
    return position
  }
}
