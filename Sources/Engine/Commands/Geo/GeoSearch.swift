import RESP

/// A circle or a box, and the members of a sorted set whose places lie in it.
struct GeoSearch {
  enum Shape {
    case circle(radius: Double)
    /// Width and height.
    case box(Double, Double)

    var isBox: Bool {
      switch self {
      case .circle: false
      case .box: true
      }
    }
  }

  struct Hit {
    let member: [UInt8]
    let score: Double
    let point: GeoPoint
    /// Metres from the centre.
    let distance: Double
  }

  let centre: GeoPoint
  /// In metres.
  let shape: Shape

  private static let mercatorMetresMax = 20_037_726.37

  /// The places found, cell by cell.
  ///
  /// - Parameter limit: so many are enough; 0 for all.
  func hits(in value: SortedSetValue, limit: Int) -> [Hit] {
    var hits: [Hit] = []
    var last: Geohash?
    for cell in cells where cell != last {
      if limit > 0, hits.count >= limit { break }
      last = cell
      let scores = cell.scores
      let ranks = value.ranks(
        of: .scores(
          .init(value: scores.lowerBound, isExclusive: false),
          .init(value: scores.upperBound, isExclusive: true)))
      value.forEach(in: ranks) { member, score in
        if limit > 0, hits.count >= limit { return }
        let point = Geohash(score: score).centre
        guard let distance = distance(to: point) else { return }
        hits.append(Hit(member: member.bytes, score: score, point: point, distance: distance))
      }
    }
    return hits
  }

  /// Metres from the centre, nil outside of the shape.
  private func distance(to point: GeoPoint) -> Double? {
    switch shape {
    case .circle(let radius):
      let distance = centre.distance(to: point)
      return distance <= radius ? distance : nil
    case .box(let width, let height):
      if point.latitudeDistance(to: centre) > height / 2 { return nil }
      let east = GeoPoint(longitude: centre.longitude, latitude: point.latitude)
      if point.distance(to: east) > width / 2 { return nil }
      return centre.distance(to: point)
    }
  }

  /// Cells that cover the shape: the centre's, then those around it, in the order Redis looks at them.
  private var cells: [Geohash] {
    let (height, width, radius) =
      switch shape {
      case .circle(let radius): (radius, radius, radius)
      case .box(let width, let height):
        (height / 2, width / 2, (width / 2 * (width / 2) + height / 2 * (height / 2)).squareRoot())
      }
    let (low, high) = centre.bounds(height: height, width: width)
    var step = Self.step(radius: radius, latitude: centre.latitude)
    var cell = Geohash(centre, step: step)
    // Cells around the centre's must reach as far as the shape.
    if step > 1,
      cell.neighbour(east: 0, north: 1).area.high.latitude < high.latitude
        || cell.neighbour(east: 0, north: -1).area.low.latitude > low.latitude
        || cell.neighbour(east: 1, north: 0).area.high.longitude < high.longitude
        || cell.neighbour(east: -1, north: 0).area.low.longitude > low.longitude
    {
      step -= 1
      cell = Geohash(centre, step: step)
    }
    let area = cell.area
    let around = [
      (0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1),
    ]
    return around.filter { east, north in
      guard step >= 2 else { return true }
      return !(north < 0 && area.low.latitude < low.latitude)
        && !(north > 0 && area.high.latitude > high.latitude)
        && !(east < 0 && area.low.longitude < low.longitude)
        && !(east > 0 && area.high.longitude > high.longitude)
    }.map { cell.neighbour(east: $0.0, north: $0.1) }
  }

  /// How often to halve the earth for cells of about this radius; they are narrower near the poles.
  private static func step(radius: Double, latitude: Double) -> Int {
    guard radius > 0 else { return Geohash.stepMax }
    var step = 1
    var reach = radius
    while reach < mercatorMetresMax {
      reach *= 2
      step += 1
    }
    step -= 2
    if abs(latitude) > 66 { step -= 1 }
    if abs(latitude) > 80 { step -= 1 }
    return Swift.min(Swift.max(step, 1), Geohash.stepMax)
  }
}

extension Geohash {
  /// What a sorted set keeps as a score.
  init(score: Double) {
    // The eastern edge of the map has a column of its own, one bit beyond the 52.
    self.init(bits: score >= 0 && score < 0x1p63 ? UInt64(score) : 0)
  }
}
