/// What `martlet-benchmark compare` shall do.
package struct CompareOptions: Equatable, Sendable {
  /// Martlet's binary; nil looks beside this program.
  package var server: String?
  /// Martlet runs once with each of these; the first is what ratios refer to.
  package var shards = [1, 2]
  /// Which peers to look for; nil means all.
  package var peers: [String]?
  package var tests = ["get", "set"]
  package var pipelines = [1, 16, 100]
  package var rounds = 5
  /// Seconds that one server is loaded in one round.
  package var seconds = 1.0
  package var connections = 50
  package var threads = 1
  package var keyCount = 1_000_000
  package var valueSizes = 64...64
  package var distribution = KeyDistribution.uniform
  package var pins = true
  package var seed: UInt64 = 1
  package var markdownPath: String?
  package var svgPath: String?
  package var jsonPath: String?

  package init() {}
}

extension OptionValue {
  /// `1,16,100`.
  func integers(_ range: ClosedRange<Int>) throws(BenchmarkError) -> [Int] {
    var values: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      values.append(try OptionValue(option: option, text: String(part)).integer(range))
    }
    return values
  }

  var words: [String] { text.split(separator: ",").map { $0.lowercased() } }
}

extension OptionGroup<CompareOptions> {
  static let all = [
    OptionGroup(
      title: "compare",
      entries: [
        OptionEntry(
          "--server", argument: "FILE",
          help: "Martlet's binary (martlet-server beside this program)"
        ) {
          $0.server = $1.text
        },
        OptionEntry(
          "--shards", argument: "LIST",
          help: "Martlet with so many shards each; ratios refer to the first (1,2)"
        ) {
          (options, value) throws(BenchmarkError) in options.shards = try value.integers(1...1024)
        },
        OptionEntry(
          "--peers", argument: "LIST",
          help: "redis7, redis8, valkey9, memcached, or none (all that are found)"
        ) {
          (options, value) throws(BenchmarkError) in
          let known = Contestant.peerNames
          options.peers = value.words.filter { $0 != "none" }
          if let name = options.peers?.first(where: { !known.contains($0) }) {
            throw BenchmarkError("There is no peer \(name): \(known.joined(separator: ", "))")
          }
        },
        OptionEntry("-t", "--tests", argument: "LIST", help: "tests, as above (get,set)") {
          $0.tests = $1.words
        },
        OptionEntry(
          "-P", "--pipeline", argument: "LIST", help: "each test with each of these (1,16,100)"
        ) {
          (options, value) throws(BenchmarkError) in
          options.pipelines = try value.integers(1...100_000)
        },
        OptionEntry(
          "--rounds", argument: "N", help: "each server's turns at a test; medians are compared (5)"
        ) {
          (options, value) throws(BenchmarkError) in options.rounds = try value.integer(1...1000)
        },
        OptionEntry("--duration", argument: "SECONDS", help: "how long a turn takes (1)") {
          (options, value) throws(BenchmarkError) in options.seconds = try value.positive()
        },
        OptionEntry("-c", "--connections", argument: "N", help: "connections (50)") {
          (options, value) throws(BenchmarkError) in
          options.connections = try value.integer(1...60_000)
        },
        OptionEntry("--threads", argument: "N", help: "threads of the generator (1)") {
          (options, value) throws(BenchmarkError) in options.threads = try value.integer(1...256)
        },
        OptionEntry(
          "-r", "--keys", argument: "N", help: "keys, all of them loaded before (1000000)"
        ) {
          (options, value) throws(BenchmarkError) in
          options.keyCount = try value.integer(1...1_000_000_000)
        },
        OptionEntry("-d", "--value-size", argument: "N[-M]", help: "bytes of a value (64)") {
          (options, value) throws(BenchmarkError) in
          options.valueSizes = try value.sizes(0...(512 << 20))
        },
        OptionEntry("--distribution", argument: "NAME", help: "which keys, as above (uniform)") {
          (options, value) throws(BenchmarkError) in options.distribution = try value.distribution()
        },
        OptionEntry("--no-pinning", help: "let servers and generator use all processors") {
          (options, _) in
          options.pins = false
        },
        OptionEntry("--seed", argument: "N", help: "the same seed sends the same requests (1)") {
          (options, value) throws(BenchmarkError) in
          options.seed = UInt64(try value.integer(0...Int.max))
        },
        OptionEntry("--markdown", argument: "FILE", help: "the tables, to be pasted into documents")
        {
          $0.markdownPath = $1.text
        },
        OptionEntry("--svg", argument: "FILE", help: "charts of throughput and CPU per request") {
          $0.svgPath = $1.text
        },
        OptionEntry("--json", argument: "FILE", help: "all rounds, as JSON") {
          $0.jsonPath = $1.text
        },
      ])
  ]
}
