import ServerConfig

/// `slowlog-` and `commandlog-` directives: when entries are made, and how many are kept.
struct CommandLogLimits: Sendable {
  struct OfKind: Sendable {
    /// Microseconds or bytes; nil for never.
    var valueMin: Int?
    var entriesMax = 128
  }

  private var kinds = [OfKind](repeating: OfKind(), count: CommandLog.Kind.allCases.count)

  init() {}

  init(_ configuration: Configuration) {
    func limits(_ valueMin: Int, _ entriesMax: Int) -> OfKind {
      OfKind(valueMin: valueMin < 0 ? nil : valueMin, entriesMax: entriesMax)
    }
    self[.slow] = limits(configuration[.slowlogLogSlowerThan], configuration[.slowlogMaxLen])
    self[.largeRequest] = limits(
      configuration[.commandlogRequestLargerThan], configuration[.commandlogLargeRequestMaxLen])
    self[.largeReply] = limits(
      configuration[.commandlogReplyLargerThan], configuration[.commandlogLargeReplyMaxLen])
  }

  subscript(kind: CommandLog.Kind) -> OfKind {
    get { kinds[kind.rawValue] }
    set { kinds[kind.rawValue] = newValue }
  }
}
