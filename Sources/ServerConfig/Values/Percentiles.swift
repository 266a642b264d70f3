/// `latency-tracking-info-percentiles`: numbers from 0 to 100.
enum Percentiles {
  static func parse(_ arguments: [String]) throws(InvalidArgument) -> [Double] {
    var percentiles: [Double] = []
    for argument in arguments {
      guard let percentile = Double(argument) else {
        throw InvalidArgument("Invalid latency-tracking-info-percentiles parameters")
      }
      guard (0...100).contains(percentile) else {
        throw InvalidArgument(
          "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
      }
      percentiles.append(percentile)
    }
    return percentiles
  }

  /// `50 99 99.9`: whole numbers without a fraction.
  static func description(_ percentiles: [Double]) -> String {
    percentiles.map { percentile in
      let text = "\(percentile)"
      return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }.joined(separator: " ")
  }
}
