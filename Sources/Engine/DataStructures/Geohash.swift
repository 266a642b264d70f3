import Glibc

/// A place on earth, in degrees.
struct GeoPoint {
  var longitude: Double
  var latitude: Double

  static let longitudes = -180.0...180.0
  /// As far as the Mercator projection goes.
  static let latitudes = -85.05112878...85.05112878
  private static let earthRadiusMetres = 6_372_797.560856

  var isValid: Bool {
    Self.longitudes.contains(longitude) && Self.latitudes.contains(latitude)
  }

  static func radians(_ degrees: Double) -> Double { degrees * (Double.pi / 180) }

  /// Metres on a sphere, by the haversine formula.
  func distance(to other: GeoPoint) -> Double {
    let sineLongitude = sin((Self.radians(other.longitude) - Self.radians(longitude)) / 2)
    if sineLongitude == 0 { return latitudeDistance(to: other) }
    let first = Self.radians(latitude)
    let second = Self.radians(other.latitude)
    let sineLatitude = sin((second - first) / 2)
    let square =
      sineLatitude * sineLatitude + cos(first) * cos(second) * sineLongitude * sineLongitude
    return 2 * Self.earthRadiusMetres * asin(square.squareRoot())
  }

  /// Metres between the parallels of two places.
  func latitudeDistance(to other: GeoPoint) -> Double {
    Self.earthRadiusMetres * abs(Self.radians(other.latitude) - Self.radians(latitude))
  }

  /// The degrees around this place that a box of this many metres to each side touches.
  func bounds(height: Double, width: Double) -> (low: GeoPoint, high: GeoPoint) {
    func degrees(_ radians: Double) -> Double { radians / (Double.pi / 180) }
    let latitudeDelta = degrees(height / Self.earthRadiusMetres)
    // The parallel nearer the pole is the shorter one: there the box spans more degrees.
    let outer = latitude < 0 ? latitude - latitudeDelta : latitude + latitudeDelta
    let longitudeDelta = degrees(width / Self.earthRadiusMetres / cos(Self.radians(outer)))
    return (
      GeoPoint(longitude: longitude - longitudeDelta, latitude: latitude - latitudeDelta),
      GeoPoint(longitude: longitude + longitudeDelta, latitude: latitude + latitudeDelta)
    )
  }
}

/// A cell of a grid over the earth: longitude and latitude halved `step` times, the bits in turn, latitude lowest.
/// With 26 steps it is what a sorted set keeps as a member's score: 52 bits, which a Double holds exactly.
///
/// - SeeAlso: <https://en.wikipedia.org/wiki/Geohash>
struct Geohash: Equatable {
  static let stepMax = 26

  let bits: UInt64
  let step: Int

  init(bits: UInt64, step: Int = stepMax) {
    self.bits = bits
    self.step = step
  }

  init(
    _ point: GeoPoint, step: Int = stepMax,
    latitudes: ClosedRange<Double> = GeoPoint.latitudes
  ) {
    let cells = Double(UInt64(1) << UInt64(step))
    func cell(_ value: Double, in range: ClosedRange<Double>) -> UInt64 {
      let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
      return UInt64(Swift.max(0, share * cells))
    }
    self.init(
      column: cell(point.longitude, in: GeoPoint.longitudes),
      row: cell(point.latitude, in: latitudes), step: step)
  }

  private init(column: UInt64, row: UInt64, step: Int) {
    bits = Self.spread(row) | Self.spread(column) << 1
    self.step = step
  }

  /// Puts a zero between each two of 32 bits.
  private static func spread(_ value: UInt64) -> UInt64 {
    var spread = value & 0xFFFF_FFFF
    spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
    spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
    spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
    spread = (spread | spread << 2) & 0x3333_3333_3333_3333
    return (spread | spread << 1) & 0x5555_5555_5555_5555
  }

  private static func gather(_ value: UInt64) -> UInt64 {
    var gathered = value & 0x5555_5555_5555_5555
    gathered = (gathered | gathered >> 1) & 0x3333_3333_3333_3333
    gathered = (gathered | gathered >> 2) & 0x0F0F_0F0F_0F0F_0F0F
    gathered = (gathered | gathered >> 4) & 0x00FF_00FF_00FF_00FF
    gathered = (gathered | gathered >> 8) & 0x0000_FFFF_0000_FFFF
    return (gathered | gathered >> 16) & 0x0000_0000_FFFF_FFFF
  }

  private var column: UInt64 { Self.gather(bits >> 1) }
  private var row: UInt64 { Self.gather(bits) }

  /// The corners.
  var area: (low: GeoPoint, high: GeoPoint) {
    let cells = Double(UInt64(1) << UInt64(step))
    func edge(_ cell: UInt64, in range: ClosedRange<Double>) -> Double {
      range.lowerBound + Double(cell) / cells * (range.upperBound - range.lowerBound)
    }
    return (
      GeoPoint(
        longitude: edge(column, in: GeoPoint.longitudes),
        latitude: edge(row, in: GeoPoint.latitudes)),
      GeoPoint(
        longitude: edge(column + 1, in: GeoPoint.longitudes),
        latitude: edge(row + 1, in: GeoPoint.latitudes))
    )
  }

  var centre: GeoPoint {
    let (low, high) = area
    func clamp(_ value: Double, to range: ClosedRange<Double>) -> Double {
      Swift.min(Swift.max(value, range.lowerBound), range.upperBound)
    }
    return GeoPoint(
      longitude: clamp((low.longitude + high.longitude) / 2, to: GeoPoint.longitudes),
      latitude: clamp((low.latitude + high.latitude) / 2, to: GeoPoint.latitudes))
  }

  /// The cell so many columns east and rows north of this one; beyond an edge begins the other one.
  func neighbour(east: Int, north: Int) -> Geohash {
    func moved(_ cell: UInt64, by offset: Int) -> UInt64 {
      // A cell on the eastern edge is one beyond the last, and stays there unless it moves.
      guard offset != 0 else { return cell }
      return (cell &+ UInt64(bitPattern: Int64(offset))) & (1 << UInt64(step) - 1)
    }
    return Geohash(column: moved(column, by: east), row: moved(row, by: north), step: step)
  }

  /// The scores of the places in this cell.
  var scores: Range<Double> {
    let shift = UInt64(2 * (Self.stepMax - step))
    return Double(bits << shift)..<Double((bits + 1) << shift)
  }

  /// As Geohash.org writes it, with 11 letters of which the last is always 0.
  var text: [UInt8] {
    let alphabet = Array("0123456789bcdefghjkmnpqrstuvwxyz".utf8)
    let standard = Geohash(centre, latitudes: -90...90).bits
    return (0..<11).map { $0 == 10 ? alphabet[0] : alphabet[Int(standard >> UInt64(47 - 5 * $0) & 31)] }
  }
}
