import ServerConfig
import Testing

/// Config/server.conf is the manual: it names every directive, at its default.
struct ServerConfTests {
  /// Directives whose default is no line at all.
  private static let commented: Set<String> = ["replicaof", "requirepass"]

  private static func lines() throws -> [String] {
    try SourceTree.text("Config/server.conf")
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func everyDirectiveThatIsShownHasALine() throws {
    var named: Set<String> = []
    var inComments: Set<String> = []
    for line in try Self.lines() {
      let words = line.split(separator: " ").map(String.init)
      if words.first == "#" {
        if words.count > 1 { inComments.insert(words[1]) }
      } else if let name = words.first, !name.hasPrefix("#") {
        named.insert(name)
      }
    }
    for definition in DirectiveTable.all {
      let isHidden = definition.flags.contains(.hidden)
      let isCommented = Self.commented.contains(definition.name)
      #expect(named.contains(definition.name) != (isHidden || isCommented), "\(definition.name)")
      if isCommented { #expect(inComments.contains(definition.name), "\(definition.name)") }
      named.remove(definition.name)
    }
    #expect(named.isEmpty, "not primary names of directives: \(named)")
  }

  @Test func loadingItChangesNothing() throws {
    var configuration = Configuration()
    try configuration.load(text: try Self.lines().joined(separator: "\n"))
    let defaults = Configuration()
    for definition in DirectiveTable.all {
      let value = configuration.text(of: definition)
      #expect(value == defaults.text(of: definition), "\(definition.name)")
    }
  }

  @Test func everyExampleIsAValue() throws {
    for line in try Self.lines() where line.hasPrefix("# Example: ") {
      var configuration = Configuration()
      #expect(throws: Never.self) {
        try configuration.load(text: String(line.dropFirst("# Example: ".count)))
      }
    }
  }

  @Test func noLineIsLongerThanAPage() throws {
    for line in try Self.lines() { #expect(line.count <= 100, "\(line)") }
  }
}
