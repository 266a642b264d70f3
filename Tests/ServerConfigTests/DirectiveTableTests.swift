import ServerConfig
import Testing

struct DirectiveTableTests {
  @Test func everyCaseOfEveryKindHasOneEntry() {
    let count =
      FlagDirective.allCases.count + IntegerDirective.allCases.count
      + TextDirective.allCases.count + ChoiceDirective.allCases.count
      + ListDirective.allCases.count
    #expect(DirectiveTable.all.count == count)
    #expect(Set(DirectiveTable.all.map(\.key)).count == count)
  }

  @Test func namesAreLowerCaseAndFoundInAnyCase() {
    for name in DirectiveTable.names {
      #expect(name == name.lowercased())
      #expect(DirectiveTable.definition(named: name.uppercased()) != nil)
    }
    #expect(DirectiveTable.definition(named: "Slave-Priority")?.key == .integer(.replicaPriority))
    #expect(DirectiveTable.definition(named: "no-such") == nil)
    #expect(DirectiveKey.integer(.timeout).name == "timeout")
  }

  @Test func defaultsAreValuesOfTheirDirectives() {
    let configuration = Configuration()
    for definition in DirectiveTable.all {
      switch definition.kind {
      case .integer(let key, _, let range, let value, let clamp):
        #expect(range.contains(value) && clamp.contains(value), "\(definition.name)")
        #expect(configuration[key] == value)
      case .choice(let key, let words, let value, _):
        #expect(words.contains(value), "\(definition.name)")
        #expect(configuration[key] == value)
      default: break
      }
    }
  }

  /// What a Redis 7.0 of one machine shows, but for the port, the log level and the directory.
  @Test func defaultsReadAsThoseOfRedis() throws {
    let fixture = try SourceTree.text("Tests/ServerConfigTests/Fixtures/redis-7.0-defaults.tsv")
    let configuration = Configuration()
    var names: Set<String> = []
    for line in fixture.split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      try #require(fields.count == 2)
      names.insert(fields[0])
      // Moving values costs nothing where there is nothing to be won.
      let expected = fields[0] == "activedefrag" ? "yes" : fields[1]
      #expect(configuration.get(patterns: [fields[0]]).first?.value == expected, "\(fields[0])")
    }
    #expect(names.count > 190)
    #expect(names.isSubset(of: configuration.get(patterns: ["*"]).map(\.name)))
  }
}
