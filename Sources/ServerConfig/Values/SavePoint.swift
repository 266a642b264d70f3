/// One pair of `save`: a snapshot is due when both are reached.
package struct SavePoint: Hashable, Sendable {
  package let seconds: Int
  package let changes: Int

  package init(seconds: Int, changes: Int) {
    self.seconds = seconds
    self.changes = changes
  }

  package static let defaults = [
    SavePoint(seconds: 3600, changes: 1), SavePoint(seconds: 300, changes: 100),
    SavePoint(seconds: 60, changes: 10_000),
  ]

  static func parse(_ arguments: [String]) throws(InvalidArgument) -> [SavePoint] {
    let invalid = InvalidArgument("Invalid save parameters")
    guard arguments.count.isMultiple(of: 2) else { throw invalid }
    var points: [SavePoint] = []
    for index in stride(from: 0, to: arguments.count, by: 2) {
      guard let seconds = Int(arguments[index]), seconds >= 1 else { throw invalid }
      guard let changes = Int(arguments[index + 1]), changes >= 0 else { throw invalid }
      points.append(SavePoint(seconds: seconds, changes: changes))
    }
    return points
  }
}
