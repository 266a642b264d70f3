/// Numbers in the forms that INFO shows.
enum HumanText {
  /// With a fixed number of decimals, without asking the locale.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return fixed(0, decimals) }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    guard decimals > 0, scaled < 9e18 else { return "\(Int(value.rounded()))" }
    let digits = String(Int(scaled))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.utf8.count)) + digits
    return "\(value < 0 && scaled > 0 ? "-" : "")\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
  }

  /// `750.12K`.
  static func bytes(_ count: Int) -> String {
    if count < 1024 { return "\(count)B" }
    var value = Double(count)
    var unit = ""
    for next in ["K", "M", "G", "T", "P"] where value >= 1024 {
      value /= 1024
      unit = next
    }
    return fixed(value, 2) + unit
  }

  static func ratio(_ value: Int, _ whole: Int) -> Double {
    whole > 0 ? Double(value) / Double(whole) : 0
  }
}
