import LoadGenerator
import Testing

struct OptionParserTests {
  private static func parse(_ line: String) throws -> BenchmarkOptions {
    let words = line.split(separator: " ").map(String.init)
    guard case .run(let options) = try OptionParser.parse(words) else {
      throw BenchmarkError("no run")
    }
    return options
  }

  private static func failure(_ line: String) -> String? {
    do {
      _ = try parse(line)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func theUsualShortOptionsAreUnderstood() throws {
    let options = try Self.parse(
      "-h ::1 -p 7000 -c 10 -n 500 -P 16 -t GET,set -d 64 -r 1000 -q --csv -a secret --dbnum 3 -3 -l"
    )
    #expect(options.address == .tcp(host: "::1", port: 7000))
    #expect(options.connections == 10)
    #expect(options.extent.operations == 500)
    #expect(options.pipeline == 16)
    #expect(options.tests == ["get", "set"])
    #expect(options.valueSizes == 64...64)
    #expect(options.keyCount == 1000)
    #expect(options.isQuiet)
    #expect(options.isCSV)
    #expect(options.loops)
    #expect(options.handshake == [["AUTH", "secret"], ["HELLO", "3"], ["SELECT", "3"]])
  }

  @Test func ourOwnAreToo() throws {
    let options = try Self.parse(
      "--rate 5000 --distribution zipf:1.2 --mix get=80,set=20 --ttl=60 --threads 2 --duration 1.5 --warmup 0.5 "
        + "--preload --seed 9 --key-tags 16 --value-size 10-100 --json a.json --svg b.svg --cpus 0,1"
    )
    #expect(options.schedule == .open(rate: 5000))
    #expect(options.distribution == .zipf(exponent: 1.2))
    #expect(options.mix.map(\.test) == ["get", "set"])
    #expect(options.mix.map(\.weight) == [80, 20])
    #expect(options.timeToLive == 60)
    #expect(options.extent.operations == nil)
    #expect(options.extent.seconds == 1.5)
    #expect(options.extent.warmup == 0.5)
    #expect(options.preloads)
    #expect(options.tags == .numbered(16))
    #expect(options.valueSizes == 10...100)
    #expect(options.cpus == [0, 1])
  }

  @Test func withoutOptionsItIsWhatRedisBenchmarkDoes() throws {
    let options = try Self.parse("")
    #expect(options.address == .tcp(host: "127.0.0.1", port: 6379))
    #expect(options.extent.operations == 100_000)
    #expect(options.connections == 50)
    #expect(options.pipeline == 1)
    #expect(options.valueSizes == 3...3)
    #expect(options.schedule == .closed)
  }

  @Test func whatFollowsTheOptionsIsTheCommand() throws {
    #expect(try Self.parse("-n 5 LRANGE list 0 -1").command == ["LRANGE", "list", "0", "-1"])
    #expect(try Self.parse("-n 5 -- -odd").command == ["-odd"])
  }

  @Test func anAddressMayBeAURIOrASocket() throws {
    let options = try Self.parse("-u redis://me:word@example.org:7001/2")
    #expect(options.address == .tcp(host: "example.org", port: 7001))
    #expect(options.handshake == [["AUTH", "me", "word"], ["SELECT", "2"]])
    #expect(try Self.parse("-u redis://:word@host").handshake == [["AUTH", "word"]])
    #expect(try Self.parse("-s /tmp/x.sock").address == .unix(path: "/tmp/x.sock"))
  }

  @Test(arguments: [
    ("--nothing", "Unknown option --nothing; --help lists them"),
    ("-p", "-p needs a value: PORT"),
    ("-p 70000", "-p 70000: a whole number, 1 to 65535, is wanted"),
    ("-c none", "-c none: a whole number, 1 to 60000, is wanted"),
    ("-n 0", "-n 0: a whole number, 1 or more, is wanted"),
    ("-d 9-3", "-d 9-3: a number of bytes, or two as in 10-1000, is wanted"),
    (
      "--distribution bell",
      "--distribution bell: uniform, zipf[:exponent], sequential or gaussian[:deviation] is wanted"
    ),
    ("--mix get", "--mix get: tests with weights, as in get=80,set=20, is wanted"),
    ("--rate 0", "--rate 0: a number above 0 is wanted"),
    ("-q=1", "Unknown option -q=1; --help lists them"),
    ("--csv=1", "--csv takes no value"),
    ("--threads 3 -c 2", "There are more threads (3) than connections (2)"),
    ("--mix get=1 -t set", "--mix goes neither with -t nor with a command"),
    ("--user me", "--user needs -a"),
    ("--memcached GET x", "--memcached takes neither a command nor options of Redis' connections"),
    ("compare --peers redis9", "There is no peer redis9: redis7, redis8, valkey9, memcached"),
    ("compare now", "compare takes no now"),
  ])
  func mistakesAreNamed(_ line: String, _ message: String) {
    #expect(Self.failure(line) == message)
  }

  @Test func aComparisonHasItsOwnOptions() throws {
    guard
      case .compare(let options) = try OptionParser.parse(
        [
          "compare", "--shards", "1,4", "-P", "1,8", "-t", "get", "--peers", "none", "--rounds",
          "3", "--no-pinning",
        ])
    else { throw BenchmarkError("no comparison") }
    #expect(options.shards == [1, 4])
    #expect(options.pipelines == [1, 8])
    #expect(options.tests == ["get"])
    #expect(options.peers == [])
    #expect(options.rounds == 3)
    #expect(!options.pins)
  }

  @Test func helpNamesEveryOptionAndTest() throws {
    #expect(try OptionParser.parse(["-q", "--help"]) == .help)
    #expect(try OptionParser.parse(["--version"]) == .version)
    for word in ["-P, --pipeline N", "--rate N", "--svg FILE", " lrange_100", " multi"] {
      #expect(OptionParser.help.contains(word), "\(word)")
    }
  }

  @Test func testNamesMayStandForSeveral() throws {
    let values = ValueBytes(sizes: 1...1, seed: 1)
    func titles(_ line: String) throws -> [String] {
      try Workload.all(try Self.parse(line), values).map(\.title)
    }
    #expect(try titles("-t ping") == ["PING_INLINE", "PING_MBULK"])
    #expect(try titles("-t lrange").count == 4)
    #expect(try titles("-t set") == ["SET"])
    #expect(try titles("--mix get=1,set=3") == ["GET 1 : SET 3"])
    #expect(try titles("").count == 19)
    #expect(throws: BenchmarkError("There is no test foo; --help lists them")) {
      try titles("-t foo")
    }
  }
}
