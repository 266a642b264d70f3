/// The values of all directives.
///
/// A plain value: copy it to whoever reads it. Copies share their storage, and a read is an
/// array access, so hot code may read `configuration[.timeout]` where it needs it.
///
/// ```swift
/// var configuration = Configuration()
/// try configuration.load(text: file, options: commandLine.options, source: files.read)
/// let changed = try configuration.set([("maxmemory", "1gb")])
/// if changed.contains(.integer(.maxmemory)) { ... configuration[.maxmemory] ... }
/// ```
package struct Configuration: Sendable {
  private var flags: [Bool]
  private var integers: [Int]
  private var texts: [String]
  private var choices: [String]

  /// `save`; empty when snapshots are taken by command only.
  package var savePoints = SavePoint.defaults
  /// `client-output-buffer-limit`
  package var outputBufferLimits = OutputBufferLimits()
  /// `bind`; an address with a leading `-` may fail. Empty: no TCP listener.
  package var bindAddresses = Configuration.defaultBindAddresses
  /// `oom-score-adj-values`: for a primary, for a replica, for background work.
  package var oomScoreAdjustments = Configuration.defaultOOMScoreAdjustments
  /// `notify-keyspace-events`
  package var keyspaceEvents: KeyspaceEvents = []
  /// `latency-tracking-info-percentiles`
  package var latencyPercentiles = Configuration.defaultLatencyPercentiles
  /// `shutdown-on-sigint`
  package var shutdownOnInterrupt: ShutdownFlags = []
  /// `shutdown-on-sigterm`
  package var shutdownOnTermination: ShutdownFlags = []
  /// `replicaof`; nil on a primary.
  package var primary: PrimaryAddress?

  /// The arguments of each `user` line of the file, for the access control lists.
  package var users: [[String]] = []
  /// The arguments of each `rename-command` line: the command, and its new name or "".
  package var renamedCommands: [[String]] = []
  /// The arguments of each `loadmodule` line.
  package var modules: [[String]] = []

  static let defaultBindAddresses = ["*", "-::*"]
  static let defaultOOMScoreAdjustments = [0, 200, 800]
  static let defaultLatencyPercentiles = [50, 99, 99.9]

  /// Every directive at its default.
  package init() {
    flags = Array(repeating: false, count: FlagDirective.allCases.count)
    integers = Array(repeating: 0, count: IntegerDirective.allCases.count)
    texts = Array(repeating: "", count: TextDirective.allCases.count)
    choices = Array(repeating: "", count: ChoiceDirective.allCases.count)
    for definition in DirectiveTable.all {
      switch definition.kind {
      case .flag(let key, let value): self[key] = value
      case .integer(let key, _, _, let value, _): self[key] = value
      case .text(let key, let value, _): self[key] = value
      case .choice(let key, _, let value, _): self[key] = value
      case .list: break
      }
    }
  }

  package subscript(_ key: FlagDirective) -> Bool {
    get { flags[key.rawValue] }
    set { flags[key.rawValue] = newValue }
  }

  /// A count, a time in the directive's unit, a port, a file mode, or bytes. `maxmemoryClients`
  /// below zero is a percentage of `maxmemory`.
  ///
  /// The setter does not check the range: `set(_:fromLocalClient:)` does.
  package subscript(_ key: IntegerDirective) -> Int {
    get { integers[key.rawValue] }
    set { integers[key.rawValue] = newValue }
  }

  /// A text; "" is not set. The setter is for what the server finds out itself, such as the
  /// path of `dir`.
  package subscript(_ key: TextDirective) -> String {
    get { texts[key.rawValue] }
    set { texts[key.rawValue] = newValue }
  }

  /// One of the words that the directive's definition lists, in its spelling there.
  package subscript(_ key: ChoiceDirective) -> String {
    get { choices[key.rawValue] }
    set { choices[key.rawValue] = newValue }
  }
}
