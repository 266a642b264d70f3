extension Configuration {
  /// The most addresses `bind` takes, as in Redis.
  package static let bindAddressesMax = 16

  mutating func assign(_ key: ListDirective, _ arguments: [String]) throws(InvalidArgument) {
    // `save ""` and `bind ""` in a file are empty lists.
    let arguments = arguments == [""] ? [] : arguments
    switch key {
    case .bind:
      guard arguments.count <= Self.bindAddressesMax else {
        throw InvalidArgument("Too many bind addresses specified.")
      }
      bindAddresses = arguments
    case .save:
      savePoints = try SavePoint.parse(arguments)
    case .clientOutputBufferLimit:
      try outputBufferLimits.merge(arguments)
    case .oomScoreAdjValues:
      oomScoreAdjustments = try Self.oomScoreAdjustments(arguments)
    case .notifyKeyspaceEvents:
      guard arguments.count <= 1 else { throw .wrongCount }
      keyspaceEvents = try KeyspaceEvents.parse(arguments.first ?? "")
    case .latencyTrackingInfoPercentiles:
      latencyPercentiles = try Percentiles.parse(arguments)
    case .shutdownOnSigint:
      shutdownOnInterrupt = try ShutdownFlags.parse(arguments)
    case .shutdownOnSigterm:
      shutdownOnTermination = try ShutdownFlags.parse(arguments)
    case .replicaof:
      primary = try PrimaryAddress.parse(arguments)
    }
  }

  private static func oomScoreAdjustments(_ arguments: [String]) throws(InvalidArgument) -> [Int] {
    guard arguments.count == defaultOOMScoreAdjustments.count else { throw .wrongCount }
    var values: [Int] = []
    for argument in arguments {
      guard let value = Int(argument), (-2000...2000).contains(value) else {
        throw InvalidArgument(
          "Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
      }
      values.append(value)
    }
    return values
  }
}
