/// The options of a benchmark.
extension OptionGroup<BenchmarkOptions> {
  static let all = [server, load, requests, reports]

  private static let server = OptionGroup(
    title: "Server",
    entries: [
      OptionEntry("-h", "--host", argument: "HOST", help: "host name or address (127.0.0.1)") {
        $0.host = $1.text
      },
      OptionEntry("-p", "--port", argument: "PORT", help: "port (6379)") {
        (options, value) throws(BenchmarkError) in
        options.port = try value.integer(1...65535)
      },
      OptionEntry("-s", "--socket", argument: "PATH", help: "Unix socket, instead of host and port")
      {
        $0.socketPath = $1.text
      },
      OptionEntry(
        "-u", "--uri", argument: "URI", help: "redis://[user:password@]host[:port][/database]"
      ) {
        (options, value) throws(BenchmarkError) in try value.applyURI(&options)
      },
      OptionEntry("-a", "--password", argument: "PASSWORD", help: "AUTH on each connection") {
        $0.password = $1.text
      },
      OptionEntry("--user", argument: "NAME", help: "the name that goes with -a") {
        $0.user = $1.text
      },
      OptionEntry("--dbnum", argument: "N", help: "SELECT this database") {
        (options, value) throws(BenchmarkError) in options.database = try value.integer(0...Int.max)
      },
      OptionEntry("--memcached", help: "the server is memcached; its tests are set, get and del") {
        (options, _) in
        options.wire = .memcached
      },
      OptionEntry("-3", help: "RESP3") { (options, _) in options.usesRESP3 = true },
      OptionEntry("--enable-tracking", help: "CLIENT TRACKING ON on each connection") {
        (options, _) in
        options.enablesTracking = true
      },
    ])

  private static let load = OptionGroup(
    title: "Load",
    entries: [
      OptionEntry("-c", "--connections", argument: "N", help: "connections in all (50)") {
        (options, value) throws(BenchmarkError) in
        options.connections = try value.integer(1...60_000)
      },
      OptionEntry(
        "-P", "--pipeline", argument: "N", help: "requests a connection may have under way (1)"
      ) {
        (options, value) throws(BenchmarkError) in options.pipeline = try value.integer(1...100_000)
      },
      OptionEntry("--threads", argument: "N", help: "threads, which share the connections (1)") {
        (options, value) throws(BenchmarkError) in options.threads = try value.integer(1...256)
      },
      OptionEntry("--cpus", argument: "LIST", help: "processors to pin the threads to, as in 0,2") {
        (options, value) throws(BenchmarkError) in
        options.cpus = []
        for part in value.text.split(separator: ",") {
          guard let cpu = Int32(part), cpu >= 0, cpu < 1024 else {
            throw value.invalid("a list of processors")
          }
          options.cpus.append(cpu)
        }
      },
      OptionEntry("-n", "--requests", argument: "N", help: "stop after so many requests (100000)") {
        (options, value) throws(BenchmarkError) in options.requests = try value.integer(1...Int.max)
      },
      OptionEntry(
        "--duration", argument: "SECONDS", help: "stop after this time; with -n, what comes first"
      ) {
        (options, value) throws(BenchmarkError) in options.duration = try value.positive()
      },
      OptionEntry("--warmup", argument: "SECONDS", help: "load before anything counts (0)") {
        (options, value) throws(BenchmarkError) in options.warmup = try value.positive()
      },
      OptionEntry(
        "--rate", argument: "N",
        help:
          "open loop: N requests a second whatever the replies; latency counts from when a request was due"
      ) { (options, value) throws(BenchmarkError) in options.rate = try value.positive() },
      OptionEntry("-l", "--loop", help: "run the tests for ever") { (options, _) in
        options.loops = true
      },
      OptionEntry("-I", "--idle", help: "open the connections and wait") { (options, _) in
        options.isIdle = true
      },
      OptionEntry("-k", argument: "1", help: "keep connections; 0 is not supported") {
        (options, value) throws(BenchmarkError) in
        guard value.text == "1" else {
          throw value.invalid("1, since a connection for each request is not supported,")
        }
      },
    ])

  private static let requests = OptionGroup(
    title: "Requests",
    entries: [
      OptionEntry(
        "-t", "--tests", argument: "LIST", help: "the tests to run, as in get,set; see below"
      ) {
        $0.tests = $1.text.split(separator: ",").map { $0.lowercased() }
      },
      OptionEntry(
        "--mix", argument: "LIST", help: "one run of several tests by weight, as in get=80,set=20"
      ) {
        (options, value) throws(BenchmarkError) in options.mix = try value.mix()
      },
      OptionEntry("-r", "--keys", argument: "N", help: "how many keys (or elements) there are (1)")
      {
        (options, value) throws(BenchmarkError) in
        options.keyCount = try value.integer(1...1_000_000_000_000)
      },
      OptionEntry(
        "--distribution", argument: "NAME",
        help: "uniform, zipf[:exponent], sequential or gaussian[:deviation] (uniform)"
      ) { (options, value) throws(BenchmarkError) in options.distribution = try value.distribution()
      },
      OptionEntry(
        "--key-tag", argument: "TEXT", help: "all keys have this hash tag: one slot of a cluster"
      ) {
        $0.tags = .fixed($1.text)
      },
      OptionEntry(
        "--key-tags", argument: "N",
        help: "keys have one of N hash tags; the keys of one request the same"
      ) { (options, value) throws(BenchmarkError) in
        options.tags = .numbered(try value.integer(1...10_000))
      },
      OptionEntry(
        "-d", "--value-size", argument: "N[-M]", help: "bytes of a value, or a range of sizes (3)"
      ) {
        (options, value) throws(BenchmarkError) in
        options.valueSizes = try value.sizes(0...(512 << 20))
      },
      OptionEntry("--ttl", argument: "SECONDS", help: "strings that are set expire") {
        (options, value) throws(BenchmarkError) in
        options.timeToLive = try value.integer(1...Int(Int32.max))
      },
      OptionEntry("--preload", help: "write each key of a test once before it") { (options, _) in
        options.preloads = true
      },
      OptionEntry("-x", help: "take the command's last word from standard input") { (options, _) in
        options.readsLastArgument = true
      },
      OptionEntry("--seed", argument: "N", help: "the same seed sends the same requests (1)") {
        (options, value) throws(BenchmarkError) in
        options.seed = UInt64(try value.integer(0...Int.max))
      },
    ])

  private static let reports = OptionGroup(
    title: "Reports",
    entries: [
      OptionEntry("-q", "--quiet", help: "one line a test") { (options, _) in options.isQuiet = true
      },
      OptionEntry("--csv", help: "comma-separated values, in redis-benchmark's columns") {
        (options, _) in
        options.isCSV = true
      },
      OptionEntry("--precision", argument: "N", help: "decimals of milliseconds (3)") {
        (options, value) throws(BenchmarkError) in options.precision = try value.integer(0...6)
      },
      OptionEntry("--json", argument: "FILE", help: "everything, as JSON; - is standard output") {
        $0.jsonPath = $1.text
      },
      OptionEntry(
        "--svg", argument: "FILE", help: "charts of latencies and of throughput over time"
      ) {
        $0.svgPath = $1.text
      },
      OptionEntry(
        "--interval", argument: "SECONDS", help: "what a point over time stands for (0.25)"
      ) {
        (options, value) throws(BenchmarkError) in
        let seconds = try value.positive()
        guard seconds >= 0.01 else { throw value.invalid("0.01 or more") }
        options.interval = seconds
      },
      OptionEntry("--no-progress", help: "no line that follows the run") { (options, _) in
        options.showsProgress = false
      },
    ])
}
