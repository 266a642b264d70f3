/// Work that never changes, by whose time all other times are told: what a slower machine, or a slower minute of it, does to
/// one it does to the other too.
///
/// Half of it is arithmetic, each step waiting for the one before; half are loads from 32 KiB, each at a place that the one before tells.
struct Yardstick {
  private var places: [UInt32]
  private static let placeCount = 8192
  private static let steps = 4096

  init() {
    places = (0..<UInt32(Self.placeCount)).map { $0 }
    // A single cycle through all places (Sattolo's shuffle), so that no run of loads is a short one.
    var state: UInt64 = 1
    for last in stride(from: Self.placeCount - 1, to: 0, by: -1) {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      places.swapAt(last, Int((state >> 33) % UInt64(last)))
    }
  }

  /// - Returns: something that depends on all of it, so that none of it can be left out.
  @inline(never)
  func run() -> UInt64 {
    var place = 0
    var sum: UInt64 = 0x9E37_79B9_7F4A_7C15
    for _ in 0..<Self.steps {
      place = Int(places[place])
      sum = (sum ^ UInt64(place)) &* 0xFF51_AFD7_ED55_8CCD
      sum ^= sum >> 29
    }
    return sum
  }
}
