/// Every directive, in the order of the manual.
package enum DirectiveTable {
  package static let all: [DirectiveDefinition] =
    DirectiveDefinition.server + DirectiveDefinition.network + DirectiveDefinition.tls
    + DirectiveDefinition.security + DirectiveDefinition.clients + DirectiveDefinition.memory
    + DirectiveDefinition.persistence + DirectiveDefinition.replication
    + DirectiveDefinition.cluster + DirectiveDefinition.observability + DirectiveDefinition.engine

  /// Every name, aliases included, sorted.
  package static let names: [String] = byName.keys.sorted()

  /// The directive that `name` or an alias of that spelling stands for; case is ignored.
  package static func definition(named name: String) -> DirectiveDefinition? {
    byName[name.lowercased()].map { all[$0] }
  }

  private static let byName: [String: Int] = {
    var indices: [String: Int] = [:]
    for (index, definition) in all.enumerated() {
      for name in [definition.name] + definition.aliases {
        let previous = indices.updateValue(index, forKey: name)
        precondition(previous == nil, "two directives are called \(name)")
      }
    }
    return indices
  }()
}
