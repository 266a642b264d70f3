/// What the user asked for.
package struct BenchmarkOptions: Equatable, Sendable {
  // Where
  package var host = "127.0.0.1"
  package var port = 6379
  package var socketPath: String?
  package var user: String?
  package var password: String?
  package var database = 0
  package var usesRESP3 = false
  package var enablesTracking = false
  package var wire = WireProtocol.resp

  // How much
  package var connections = 50
  package var pipeline = 1
  package var threads = 1
  package var cpus: [Int32] = []
  package var requests: Int?
  package var duration: Double?
  package var warmup = 0.0
  package var rate: Double?
  package var loops = false
  package var isIdle = false

  // What
  package var tests: [String] = []
  package var mix: [Share] = []
  package var command: [String] = []
  package var readsLastArgument = false
  package var keyCount = 1
  package var distribution = KeyDistribution.uniform
  package var tags = KeyTags.none
  package var valueSizes = 3...3
  package var timeToLive: Int?
  package var preloads = false
  package var seed: UInt64 = 1

  // Reports
  package var isQuiet = false
  package var isCSV = false
  package var precision = 3
  package var jsonPath: String?
  package var svgPath: String?
  package var interval = 0.25
  package var showsProgress = true

  package init() {}

  /// One test's part of a mix.
  package struct Share: Equatable, Sendable {
    package let test: String
    package let weight: Int
  }

  package static let requestsByDefault = 100_000

  package var address: ServerAddress {
    socketPath.map { .unix(path: $0) } ?? .tcp(host: host, port: port)
  }

  package var schedule: Schedule { rate.map { .open(rate: $0) } ?? .closed }

  package var extent: Extent {
    Extent(
      operations: requests ?? (duration == nil ? Self.requestsByDefault : nil), seconds: duration,
      warmup: warmup)
  }

  /// What each connection sends before its requests.
  package var handshake: [[String]] {
    var commands: [[String]] = []
    if let password { commands.append(["AUTH"] + (user.map { [$0] } ?? []) + [password]) }
    if usesRESP3 { commands.append(["HELLO", "3"]) }
    if database != 0 { commands.append(["SELECT", String(database)]) }
    if enablesTracking { commands.append(["CLIENT", "TRACKING", "ON"]) }
    return commands
  }

  /// What can only be seen with all options known.
  package func check() throws(BenchmarkError) {
    if threads > connections {
      throw BenchmarkError("There are more threads (\(threads)) than connections (\(connections))")
    }
    if !mix.isEmpty, !tests.isEmpty || !command.isEmpty {
      throw BenchmarkError("--mix goes neither with -t nor with a command")
    }
    if wire == .memcached, !handshake.isEmpty || !command.isEmpty {
      throw BenchmarkError("--memcached takes neither a command nor options of Redis' connections")
    }
    if user != nil, password == nil { throw BenchmarkError("--user needs -a") }
    if case .numbered(let count) = tags, count > 10_000 {
      throw BenchmarkError("--key-tags takes 1 to 10000")
    }
    if readsLastArgument, command.isEmpty { throw BenchmarkError("-x needs a command") }
    if valueSizes.count > 1, let word = command.first(where: { $0.occurrences(of: "__data__") > 1 })
    {
      throw BenchmarkError("\(word) has two values in one word, which must have one size")
    }
  }
}

extension String {
  /// How often `part` occurs.
  fileprivate func occurrences(of part: String) -> Int {
    var count = 0
    var rest = Substring(self)
    while !rest.isEmpty {
      if rest.hasPrefix(part) {
        count += 1
        rest = rest.dropFirst(part.count)
      } else {
        rest = rest.dropFirst()
      }
    }
    return count
  }
}
