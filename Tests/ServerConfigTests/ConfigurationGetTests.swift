import ServerConfig
import Testing

struct ConfigurationGetTests {
  private let configuration = Configuration()

  private func names(_ patterns: String...) -> [String] {
    configuration.get(patterns: patterns).map(\.name)
  }

  @Test func patternsListAliases() {
    #expect(
      names("*ziplist-e*", "slaveof")
        == ["hash-max-ziplist-entries", "zset-max-ziplist-entries", "slaveof"])
  }

  @Test func namesKeepTheSpellingOfTheClientAndAppearOnce() {
    #expect(names("Timeout", "timeout", "TIMEOUT") == ["Timeout"])
    #expect(names("*-PRIORITY", "replica-pri*") == ["replica-priority", "slave-priority"])
    #expect(names("zzz") == [])
  }

  @Test func hiddenDirectivesAnswerToTheirNameOnly() {
    #expect(names("key-load*") == [])
    #expect(configuration.get(patterns: ["key-load-delay"]).first?.value == "0")
  }

  @Test func classesAndEscapesMatchAsInRedis() {
    #expect(names("[sp]ort") == ["port"])
    #expect(names("h[a-y]") == [])
    #expect(names("h[^a-y]") == ["hz"])
    #expect(names("p\\or[t]") == ["port"])
    #expect(names("por?", "p*r*t") == ["port", "protected-mode"].filter { $0 == "port" })
    #expect(names("********************************z").contains("hz"))
  }
}
