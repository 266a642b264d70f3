/// A small, fast, seeded stream of random numbers: the same seed gives the same load.
///
/// - SeeAlso: SplitMix64, Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators"
package struct RandomNumbers: Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  @inline(__always)
  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed &>> 31)
  }

  /// A number of `0..<bound`; its unevenness is below `bound` / 2⁶⁴.
  @inline(__always)
  package mutating func next(below bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bitPattern: Int64(bound))).high)
  }

  /// A number of `0 ..< 1`.
  @inline(__always)
  package mutating func fraction() -> Double { Double(next() &>> 11) * 0x1p-53 }
}
