extension Configuration {
  /// What CONFIG GET replies: names and values, no name twice.
  ///
  /// A pattern with `*`, `?` or `[` lists the names it matches, sorted, hidden ones left out; any
  /// other is a name, listed as it was spelled. Aliases are listed under their own names. Case is
  /// ignored.
  ///
  /// - Complexity: O(*p* · *n*) in patterns and directives; allocates. Not for hot code.
  package func get(patterns: [String]) -> [(name: String, value: String)] {
    var seen: Set<String> = []
    var pairs: [(name: String, value: String)] = []
    for pattern in patterns {
      guard pattern.utf8.contains(where: { "*?[".utf8.contains($0) }) else {
        if let definition = DirectiveTable.definition(named: pattern),
          seen.insert(pattern.lowercased()).inserted
        {
          pairs.append((pattern, text(of: definition)))
        }
        continue
      }
      let glob = NamePattern(pattern)
      for name in DirectiveTable.names where glob.matches(name) && !seen.contains(name) {
        guard let definition = DirectiveTable.definition(named: name),
          !definition.flags.contains(.hidden)
        else { continue }
        seen.insert(name)
        pairs.append((name, text(of: definition)))
      }
    }
    return pairs
  }

  /// The value as CONFIG GET prints it: bytes for memory, `yes` and `no` for flags.
  package func text(of definition: DirectiveDefinition) -> String {
    switch definition.kind {
    case .flag(let key, _): self[key] ? "yes" : "no"
    case .integer(let key, let form, _, _, _): Self.text(self[key], form)
    case .text(let key, _, _): self[key]
    case .choice(let key, _, _, _): self[key]
    case .list(let key): text(of: key)
    }
  }

  private static func text(_ number: Int, _ form: DirectiveDefinition.IntegerForm) -> String {
    switch form {
    case .octal: String(number, radix: 8)
    case .memoryOrPercent where number < 0: "\(-number)%"
    case .decimal, .memory, .memoryOrPercent: "\(number)"
    }
  }

  private func text(of key: ListDirective) -> String {
    switch key {
    case .bind: bindAddresses.joined(separator: " ")
    case .save: savePoints.map { "\($0.seconds) \($0.changes)" }.joined(separator: " ")
    case .clientOutputBufferLimit: outputBufferLimits.description
    case .oomScoreAdjValues: oomScoreAdjustments.map(String.init).joined(separator: " ")
    case .notifyKeyspaceEvents: keyspaceEvents.description
    case .latencyTrackingInfoPercentiles: Percentiles.description(latencyPercentiles)
    case .shutdownOnSigint: shutdownOnInterrupt.description
    case .shutdownOnSigterm: shutdownOnTermination.description
    case .replicaof: primary?.description ?? ""
    }
  }
}
