import ServerConfig
import Testing

struct ConfigurationSetTests {
  private func reply(_ pairs: (String, String)...) -> String {
    var configuration = Configuration()
    do {
      _ = try configuration.set(pairs)
      return "OK"
    } catch {
      return error.message
    }
  }

  @Test func everyDirectiveTakesItsOwnValue() throws {
    for definition in DirectiveTable.all where !definition.flags.contains(.immutable) {
      var configuration = Configuration()
      configuration[.enableProtectedConfigs] = "yes"
      for name in [definition.name] + definition.aliases {
        let value = configuration.text(of: definition)
        let changed = try configuration.set([(name, value)])
        #expect(changed.isEmpty, "\(name)")
        #expect(configuration.text(of: definition) == value, "\(name)")
      }
    }
  }

  @Test(arguments: [
    ("port", "abc", "argument couldn't be parsed into an integer"),
    ("port", "70000", "argument must be between 0 and 65535 inclusive"),
    ("timeout", "-1", "argument must be between 0 and 2147483647 inclusive"),
    ("timeout", "05", "argument couldn't be parsed into an integer"),
    ("timeout", "", "argument couldn't be parsed into an integer"),
    ("tcp-keepalive", "9999999999999999999", "argument couldn't be parsed into an integer"),
    ("appendonly", "maybe", "argument must be 'yes' or 'no'"),
    (
      "loglevel", "blah",
      "argument(s) must be one of the following: debug, verbose, notice, warning"
    ),
    (
      "oom-score-adj", "x",
      "argument(s) must be one of the following: no, yes, relative, absolute"
    ),
    ("maxmemory", "1gx", "argument must be a memory value"),
    ("maxmemory", "-1", "argument must be a memory value"),
    ("maxmemory-clients", "101%", "percentage argument must be less or equal to 100"),
    ("maxmemory-clients", "5x%", "argument must be a memory or percent value"),
    ("maxmemory-clients", "-5%", "argument must be a memory or percent value"),
    (
      "proto-max-bulk-len", "1",
      "argument must be between 1048576 and 9223372036854775807 inclusive"
    ),
    ("databases", "16", "can't set immutable config"),
    ("unixsocketperm", "700", "can't set immutable config"),
    ("replicaof", "a 1", "can't set immutable config"),
    ("dir", "/tmp", "can't set protected config"),
    ("save", "foo", "Invalid save parameters"),
    ("save", "0 1", "Invalid save parameters"),
    ("save", "3600 1 300", "Invalid save parameters"),
    ("save", "  ", "Invalid save parameters"),
    (
      "client-output-buffer-limit", "foo 1 2 3",
      "Invalid client class specified in buffer limit configuration."
    ),
    (
      "client-output-buffer-limit", "normal 1 2",
      "Wrong number of arguments in buffer limit configuration."
    ),
    (
      "client-output-buffer-limit", "normal a 2 3",
      "Error in hard, soft or soft_seconds setting in buffer limit configuration."
    ),
    ("oom-score-adj-values", "1 2", "wrong number of arguments"),
    (
      "oom-score-adj-values", "1 2 3000",
      "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
    ),
    (
      "notify-keyspace-events", "@",
      "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
    ),
    (
      "latency-tracking-info-percentiles", "50 x",
      "Invalid latency-tracking-info-percentiles parameters"
    ),
    (
      "latency-tracking-info-percentiles", "101",
      "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
    ),
    (
      "proc-title-template", "{foo}",
      "template format is invalid or contains unknown variables"
    ),
    ("proc-title-template", "{", "template format is invalid or contains unknown variables"),
    (
      "proc-title-template", "{title}",
      "template format is invalid or contains unknown variables"
    ),
    (
      "shutdown-on-sigint", "foo",
      "argument(s) must be one of the following: default, save, nosave, now, force"
    ),
    (
      "shutdown-on-sigint", "save nosave",
      "shutdown options SAVE and NOSAVE can't be used simultaneously"
    ),
    (
      "cluster-announce-hostname", "a b",
      "Hostnames may only contain alphanumeric characters, hyphens or dots"
    ),
  ])
  func badValuesAreRefusedInTheWordsOfRedis(name: String, value: String, reason: String) {
    let expected = "ERR CONFIG SET failed (possibly related to argument '\(name)') - \(reason)"
    #expect(reply((name, value)) == expected)
  }

  @Test(arguments: [
    ("maxmemory", "1gb", "1073741824"), ("maxmemory", "1k", "1000"), ("maxmemory", "1B", "1"),
    ("maxmemory", "", "0"), ("maxmemory-clients", "5%", "5%"), ("maxmemory-clients", "0%", "0"),
    ("oom-score-adj", "relative", "yes"), ("hz", "1000", "500"),
    ("repl-backlog-size", "1", "16384"), ("appendonly", "YES", "yes"),
    ("save", "3600 1 300 100", "3600 1 300 100"), ("save", "", ""),
    (
      "client-output-buffer-limit", "replica 1mb 2 3 pubsub 1 2 3",
      "normal 0 0 0 slave 1048576 2 3 pubsub 1 2 3"
    ),
    ("notify-keyspace-events", "KEA", "AKE"), ("notify-keyspace-events", "mnKEg", "gnKEm"),
    ("notify-keyspace-events", "An", "A"), ("shutdown-on-sigint", "now save", "save now"),
    ("latency-tracking-info-percentiles", "50 99.9 99.12345 100", "50 99.9 99.12345 100"),
    ("latency-tracking-info-percentiles", "", ""),
    ("slot-migration-max-failover-repl-bytes", "-1", "-1"),
  ])
  func valuesAreShownAsRedisShowsThem(name: String, value: String, shown: String) throws {
    var configuration = Configuration()
    _ = try configuration.set([(name, value)])
    #expect(configuration.get(patterns: [name]).first?.value == shown)
  }

  @Test func theFirstOffendingNameIsTold() {
    #expect(
      reply(("maxclients", "10"), ("foo", "1"))
        == "ERR Unknown option or number of arguments for CONFIG SET - 'foo'")
    #expect(reply(("io-threads", "1"), ("foo", "1")).contains("immutable"))
    #expect(reply(("foo", "1"), ("io-threads", "1")).contains("'foo'"))
    #expect(
      reply(("timeout", "1"), ("TIMEOUT", "2"))
        == "ERR CONFIG SET failed (possibly related to argument 'TIMEOUT') - duplicate parameter")
    #expect(reply(("slave-priority", "1"), ("replica-priority", "2")) == "OK")
  }

  @Test func aFailureLeavesEverythingAsItWas() {
    var configuration = Configuration()
    #expect(throws: ConfigError.self) {
      try configuration.set([("timeout", "7"), ("save", "1 1"), ("maxmemory", "x")])
    }
    #expect(configuration[.timeout] == 0)
    #expect(configuration.savePoints == SavePoint.defaults)
  }

  @Test func whatChangedIsReturned() throws {
    var configuration = Configuration()
    let changed = try configuration.set([
      ("timeout", "7"), ("maxclients", "10000"), ("notify-keyspace-events", "A"),
    ])
    #expect(changed == [.integer(.timeout), .list(.notifyKeyspaceEvents)])
    #expect(
      try configuration.set([("notify-keyspace-events", "An")]) == [.list(.notifyKeyspaceEvents)])
  }

  @Test func protectedDirectivesFollowTheirSwitch() throws {
    var configuration = Configuration()
    configuration[.enableProtectedConfigs] = "local"
    #expect(throws: ConfigError.self) {
      try configuration.set([("dbfilename", "x")], fromLocalClient: false)
    }
    #expect(try configuration.set([("dbfilename", "x")]) == [.text(.dbfilename)])
    let error = #expect(throws: ConfigError.self) { try configuration.set([("dbfilename", "a/b")]) }
    #expect(error?.message.hasSuffix("dbfilename can't be a path, just a filename") == true)
  }
}
