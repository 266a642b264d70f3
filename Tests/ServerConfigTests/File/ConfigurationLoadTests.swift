import ServerConfig
import Testing

struct ConfigurationLoadTests {
  private func load(_ text: String?, options: String = "") throws(ConfigFileError)
    -> Configuration
  {
    var configuration = Configuration()
    try configuration.load(text: text, options: options)
    return configuration
  }

  private func message(_ text: String?, options: String = "") -> String {
    do throws(ConfigFileError) {
      _ = try load(text, options: options)
      return ""
    } catch {
      return error.fatalMessage(version: "Redis 7.4.0")
    }
  }

  @Test func aBadLineIsShownAsRedisShowsIt() {
    #expect(
      message("port 1\n# c\nfoo bar\n") == """

        *** FATAL CONFIG FILE ERROR (Redis 7.4.0) ***
        Reading the configuration file, at line 3
        >>> 'foo bar'
        Bad directive or wrong number of arguments

        """)
  }

  @Test(arguments: [
    ("--timeout 5 6", "timeout 5 6", "wrong number of arguments"),
    ("--timeout", "timeout", "wrong number of arguments"),
    ("--foo", "foo", "Bad directive or wrong number of arguments"),
    ("--rename-command a", "rename-command a", "Bad directive or wrong number of arguments"),
    ("--replicaof a", "replicaof a", "wrong number of arguments"),
    ("--replicaof a x", "replicaof a x", "Invalid master port"),
    (
      "--unixsocketperm 999", "unixsocketperm 999",
      "argument couldn't be parsed as an octal number"
    ),
    (
      "--unixsocketperm 7777", "unixsocketperm 7777",
      "argument must be between 0 and 777 inclusive"
    ),
    ("--save 1", "save 1", "Invalid save parameters"),
    ("--databases 0", "databases 0", "argument must be between 1 and 2147483647 inclusive"),
  ])
  func badOptionsAreOnLineTwo(option: String, line: String, reason: String) {
    let expected = ">>> '\(line)'\n\(reason)\n"
    let text = message(nil, options: String(option.dropFirst(2)) + " ")
    #expect(text.hasSuffix("at line 2\n" + expected))
  }

  @Test func unbalancedQuotesAreTold() {
    #expect(message("foo \"x").hasSuffix("Unbalanced quotes in configuration line\n"))
  }

  @Test func laterLinesWinAndSaveLinesAddUp() throws {
    let configuration = try load(
      """
      TIMEOUT 1
      timeout 2
      save 900 1
      save "60 10 30 20"
      client-output-buffer-limit replica 1mb 2mb 9
      client-output-buffer-limit pubsub 1 2 3
      requirepass "a b"
      user alice on >x
      rename-command DEBUG ""
      replicaof h 1
      replicaof no one
      unixsocketperm 770
      """, options: "timeout \"3\" ")
    #expect(configuration[.timeout] == 3)
    #expect(configuration.savePoints.map(\.seconds) == [900, 60, 30])
    #expect(configuration.outputBufferLimits.replica.hardBytes == 1 << 20)
    #expect(configuration.outputBufferLimits.pubsub.softSeconds == 3)
    #expect(configuration.outputBufferLimits.normal.hardBytes == 0)
    #expect(configuration[.requirepass] == "a b")
    #expect(configuration.users == [["alice", "on", ">x"]])
    #expect(configuration.renamedCommands == [["DEBUG", ""]])
    #expect(configuration.primary == nil)
    #expect(configuration[.unixsocketperm] == 0o770)
    #expect(try load("save 1 1\nsave \"\"\nsave 2 2").savePoints.map(\.seconds) == [2])
    #expect(try load("save \"\"").savePoints == [])
  }

  @Test func includesAreReadWhereTheyStand() throws {
    var configuration = Configuration()
    let files = ["a": ["timeout 5\nsave 1 1"], "d/*": ["timeout 6", "maxclients 7"], "e*": []]
    let source: Configuration.Source = { path throws(ConfigFileError) in
      guard let texts = files[path] else { throw .cannotOpen(path: path, reason: "none") }
      return texts
    }
    try configuration.load(
      text: "save 2 2\ninclude a\nInclude \"d/*\"\ninclude e*", source: source)
    #expect(configuration[.timeout] == 6)
    #expect(configuration[.maxclients] == 7)
    #expect(configuration.savePoints.map(\.seconds) == [2, 1])
    #expect(throws: ConfigFileError.cannotOpen(path: "x", reason: "none")) {
      try configuration.load(text: "include x", source: source)
    }
  }

  @Test func aFileThatIncludesItselfEnds() {
    var configuration = Configuration()
    let error = #expect(throws: ConfigFileError.self) {
      try configuration.load(
        text: "include a", source: { _ throws(ConfigFileError) in ["include a"] })
    }
    #expect(error?.fatalMessage(version: "").contains("Too many nested include") == true)
  }

  @Test func aReplicaIsNoClusterNode() {
    #expect(
      message("cluster-enabled yes\nreplicaof a 1").hasSuffix(
        "\nreplicaof directive not allowed in cluster mode\n"))
  }

  @Test func filesThatAreMissingAreTold() {
    let error = #expect(throws: ConfigFileError.self) {
      _ = try ConfigurationFiles.read("/nonexistent")
    }
    #expect(
      error?.fatalMessage(version: "")
        == "Fatal error, can't open config file '/nonexistent': No such file or directory\n")
    #expect((try? ConfigurationFiles.read("/nonexistent/*")) == [])
  }
}
