import Glibc

/// A place on the globe as 52 bits: 26 of the latitude and 26 of the longitude in turns, so that numbers that
/// are near each other are places that are near each other.
///
/// - SeeAlso: <https://en.wikipedia.org/wiki/Geohash>
struct GeoHash {
  static let longitudes = -180.0...180.0
  /// Where Web Mercator ends.
  static let latitudes = -85.05112878...85.05112878
  private static let steps = 26
  /// Metres.
  fileprivate static let earthRadius = 6_372_797.560856

  let bits: UInt64

  init(bits: UInt64) { self.bits = bits }

  /// - Parameter latitudes: what the 26 bits divide; the standard's text form divides 180 degrees.
  init(_ place: Place, latitudes: ClosedRange<Double> = Self.latitudes) {
    let latitude = Self.offset(place.latitude, in: latitudes)
    let longitude = Self.offset(place.longitude, in: Self.longitudes)
    bits = Self.spread(latitude) | Self.spread(longitude) << 1
  }

  struct Place {
    var longitude: Double
    var latitude: Double

    /// Metres to another place, over a sphere.
    func distance(to other: Place) -> Double {
      let longitudes = (radians(longitude), radians(other.longitude))
      let latitudes = (radians(latitude), radians(other.latitude))
      let v = sin((longitudes.1 - longitudes.0) / 2)
      if v == 0 { return GeoHash.earthRadius * abs(latitudes.1 - latitudes.0) }
      let u = sin((latitudes.1 - latitudes.0) / 2)
      let a = u * u + cos(latitudes.0) * cos(latitudes.1) * v * v
      return 2 * GeoHash.earthRadius * asin(a.squareRoot())
    }

    private func radians(_ degrees: Double) -> Double { degrees * (Double.pi / 180) }
  }

  /// The middle of the cell.
  var place: Place {
    Place(
      longitude: Self.middle(Self.gather(bits >> 1), in: Self.longitudes),
      latitude: Self.middle(Self.gather(bits), in: Self.latitudes))
  }

  private static func offset(_ value: Double, in range: ClosedRange<Double>) -> UInt64 {
    let part = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    return UInt64(UInt32(part * Double(1 << steps)))
  }

  private static func middle(_ offset: UInt64, in range: ClosedRange<Double>) -> Double {
    let width = range.upperBound - range.lowerBound
    let cells = Double(1 << steps)
    let low = range.lowerBound + Double(offset) / cells * width
    let high = range.lowerBound + Double(offset + 1) / cells * width
    return Swift.min(Swift.max((low + high) / 2, range.lowerBound), range.upperBound)
  }

  /// The 32 low bits with a gap of one bit behind each.
  private static func spread(_ value: UInt64) -> UInt64 {
    var bits = value
    bits = (bits | bits << 16) & 0x0000_FFFF_0000_FFFF
    bits = (bits | bits << 8) & 0x00FF_00FF_00FF_00FF
    bits = (bits | bits << 4) & 0x0F0F_0F0F_0F0F_0F0F
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333
    return (bits | bits << 1) & 0x5555_5555_5555_5555
  }

  private static func gather(_ value: UInt64) -> UInt64 {
    var bits = value & 0x5555_5555_5555_5555
    bits = (bits | bits >> 1) & 0x3333_3333_3333_3333
    bits = (bits | bits >> 2) & 0x0F0F_0F0F_0F0F_0F0F
    bits = (bits | bits >> 4) & 0x00FF_00FF_00FF_00FF
    bits = (bits | bits >> 8) & 0x0000_FFFF_0000_FFFF
    return (bits | bits >> 16) & 0x0000_0000_FFFF_FFFF
  }

  /// The standard's 11 letters; the last is always `0`, for want of bits.
  var text: [UInt8] {
    let alphabet = Array("0123456789bcdefghjkmnpqrstuvwxyz".utf8)
    let standard = GeoHash(place, latitudes: -90...90).bits
    return (0..<11).map { (index: Int) -> UInt8 in
      if index == 10 { return alphabet[0] }
      let shift = UInt64(47 - index * 5)
      return alphabet[Int((standard >> shift) & 0x1F)]
    }
  }
}
