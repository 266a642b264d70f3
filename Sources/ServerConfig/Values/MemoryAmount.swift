/// Amounts of memory as the file writes them: `1024`, `64mb`, `1gb`.
///
/// `k`, `m`, `g` are powers of 1000; `kb`, `mb`, `gb` are powers of 1024; `b` is 1; case is
/// ignored.
package enum MemoryAmount {
  /// The number of bytes; nil for what is no amount. Nothing at all is 0, as in Redis.
  package static func bytes(_ text: String) -> Int? {
    let digits = text.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }
    guard let multiplier = multiplier(text.utf8.dropFirst(digits.count)) else { return nil }
    guard !digits.isEmpty else { return text.isEmpty ? 0 : nil }
    guard let number = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: multiplier)
    return overflow ? nil : bytes
  }

  /// The shortest exact spelling, as CONFIG REWRITE prints it.
  package static func description(_ bytes: Int) -> String {
    if bytes > 0 {
      for (unit, name) in [(1 << 30, "gb"), (1 << 20, "mb"), (1 << 10, "kb")]
      where bytes % unit == 0 {
        return "\(bytes / unit)\(name)"
      }
    }
    return "\(bytes)"
  }

  private static func multiplier(_ unit: some Sequence<UInt8>) -> Int? {
    switch String(decoding: Array(unit), as: UTF8.self).lowercased() {
    case "", "b": 1
    case "k": 1000
    case "kb": 1 << 10
    case "m": 1_000_000
    case "mb": 1 << 20
    case "g": 1_000_000_000
    case "gb": 1 << 30
    default: nil
    }
  }
}
