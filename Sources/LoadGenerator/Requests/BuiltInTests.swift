/// A test by name: what one operation sends, and what fills the keyspace for it.
package struct BuiltInTest: Sendable {
  /// For `-t`.
  package let name: String
  /// In reports.
  package let title: String
  package let request: RequestText
  /// What `--preload` sends once for each key number.
  package var fill: RequestText?
  /// What always comes before, so many times.
  package var preparation: (request: RequestText, count: Int)?
  /// Part of a run without `-t`.
  package var isDefault = false

  package init(_ name: String, _ title: String, _ commands: [String]..., fill: [String]? = nil) {
    self.init(name, title, .commands(commands), fill: fill.map { .command($0) })
  }

  package init(_ name: String, _ title: String, _ request: RequestText, fill: RequestText? = nil) {
    self.name = name
    self.title = title
    self.request = request
    self.fill = fill
  }

  fileprivate func byDefault() -> BuiltInTest {
    var test = self
    test.isDefault = true
    return test
  }

  fileprivate func prepared(by command: [String], times: Int) -> BuiltInTest {
    var test = self
    test.preparation = (.command(command), times)
    return test
  }

  /// All there are, in the order they run in.
  ///
  /// - Parameter timeToLive: seconds that written strings live, nil for ever.
  package static func all(timeToLive: Int?) -> [BuiltInTest] {
    let expiry = timeToLive.map { ["EX", String($0)] } ?? []
    let set = ["SET", "__key__", "__data__"] + expiry
    return connection + strings(set) + lists + sets + hashes + sortedSets + others + programs(set)
  }

  /// Those of memcached.
  package static func memcached(timeToLive: Int?) -> [BuiltInTest] {
    let set = RequestText.raw("set __key__ 0 \(timeToLive ?? 0) __data_size__\r\n__data__\r\n")
    return [
      BuiltInTest("set", "SET", set, fill: set).byDefault(),
      BuiltInTest("get", "GET", .raw("get __key__\r\n"), fill: set).byDefault(),
      BuiltInTest("del", "DEL", .raw("delete __key__\r\n"), fill: set),
    ]
  }

  private static let connection: [BuiltInTest] = {
    let inline = BuiltInTest("ping_inline", "PING_INLINE", .raw("PING\r\n"))
    return [inline.byDefault(), BuiltInTest("ping_mbulk", "PING_MBULK", ["PING"]).byDefault()]
  }()

  private static func strings(_ set: [String]) -> [BuiltInTest] {
    [
      BuiltInTest("set", "SET", set, fill: set).byDefault(),
      BuiltInTest("get", "GET", ["GET", "__key__"], fill: set).byDefault(),
      BuiltInTest("incr", "INCR", ["INCR", "counter:__rand_int__"]).byDefault(),
      BuiltInTest("append", "APPEND", ["APPEND", "log:__rand_int__", "__data__"]),
      BuiltInTest("del", "DEL", ["DEL", "__key__"], fill: set),
      BuiltInTest("exists", "EXISTS", ["EXISTS", "__key__"], fill: set),
      BuiltInTest("expire", "EXPIRE", ["EXPIRE", "__key__", "100"], fill: set),
      BuiltInTest(
        "mset", "MSET (10 keys)",
        ["MSET"] + Array(repeating: ["__key__", "__data__"], count: 10).joined()
      )
      .byDefault(),
      BuiltInTest(
        "mget", "MGET (10 keys)", ["MGET"] + Array(repeating: "__key__", count: 10), fill: set),
      BuiltInTest("setbit", "SETBIT", ["SETBIT", "bits:__rand_int__", "7", "1"]),
    ]
  }

  private static let lists: [BuiltInTest] = {
    let push = ["LPUSH", "mylist", "__data__"]
    var tests = [
      BuiltInTest("lpush", "LPUSH", push).byDefault(),
      BuiltInTest("rpush", "RPUSH", ["RPUSH", "mylist", "__data__"]).byDefault(),
      BuiltInTest("lpop", "LPOP", ["LPOP", "mylist"], fill: push).byDefault(),
      BuiltInTest("rpop", "RPOP", ["RPOP", "mylist"], fill: push).byDefault(),
    ]
    for count in [100, 300, 500, 600] {
      tests.append(
        BuiltInTest(
          "lrange_\(count)", "LRANGE_\(count) (first \(count) elements)",
          ["LRANGE", "mylist", "0", String(count - 1)]
        )
        .prepared(by: push, times: 600).byDefault())
    }
    return tests
  }()

  private static let sets: [BuiltInTest] = {
    let add = ["SADD", "myset", "element:__rand_int__"]
    return [
      BuiltInTest("sadd", "SADD", add, fill: add).byDefault(),
      BuiltInTest(
        "sismember", "SISMEMBER", ["SISMEMBER", "myset", "element:__rand_int__"], fill: add),
      BuiltInTest("spop", "SPOP", ["SPOP", "myset"], fill: add).byDefault(),
    ]
  }()

  private static let hashes: [BuiltInTest] = {
    let set = ["HSET", "myhash", "element:__rand_int__", "__data__"]
    return [
      BuiltInTest("hset", "HSET", set, fill: set).byDefault(),
      BuiltInTest("hget", "HGET", ["HGET", "myhash", "element:__rand_int__"], fill: set),
    ]
  }()

  private static let sortedSets: [BuiltInTest] = {
    let add = ["ZADD", "myzset", "__rand_int__", "element:__rand_int__"]
    return [
      BuiltInTest("zadd", "ZADD", add, fill: add).byDefault(),
      BuiltInTest("zscore", "ZSCORE", ["ZSCORE", "myzset", "element:__rand_int__"], fill: add),
      BuiltInTest("zrank", "ZRANK", ["ZRANK", "myzset", "element:__rand_int__"], fill: add),
      BuiltInTest("zrange_10", "ZRANGE_10", ["ZRANGE", "myzset", "0", "9"], fill: add),
      BuiltInTest("zpopmin", "ZPOPMIN", ["ZPOPMIN", "myzset"], fill: add).byDefault(),
    ]
  }()

  private static let others: [BuiltInTest] = {
    let entry = ["XADD", "mystream", "*", "field", "__data__"]
    let place = ["GEOADD", "mygeo", "13.__any_int__", "38.__any_int__", "element:__rand_int__"]
    return [
      BuiltInTest("xadd", "XADD", entry, fill: entry),
      BuiltInTest(
        "xrange_10", "XRANGE_10", ["XRANGE", "mystream", "-", "+", "COUNT", "10"], fill: entry
      )
      .prepared(by: entry, times: 10),
      BuiltInTest("pfadd", "PFADD", ["PFADD", "mylog", "element:__rand_int__"]),
      BuiltInTest("geoadd", "GEOADD", place, fill: place),
      BuiltInTest(
        "geodist", "GEODIST", ["GEODIST", "mygeo", "element:__rand_int__", "element:__rand_int__"],
        fill: place),
      BuiltInTest("publish", "PUBLISH", ["PUBLISH", "channel", "__data__"]),
    ]
  }()

  private static func programs(_ set: [String]) -> [BuiltInTest] {
    let script = "return redis.call('SET', KEYS[1], ARGV[1])"
    return [
      BuiltInTest(
        "multi", "MULTI, SET, GET, EXEC", ["MULTI"], set, ["GET", "__key__"], ["EXEC"], fill: set),
      BuiltInTest("eval", "EVAL (SET)", ["EVAL", script, "1", "__key__", "__data__"]),
    ]
  }
}
