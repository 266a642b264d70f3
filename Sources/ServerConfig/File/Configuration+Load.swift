extension Configuration {
  /// The texts of all files that a path stands for: one, or those a pattern matches.
  package typealias Source = (_ path: String) throws(ConfigFileError) -> [String]

  /// How deep `include` may nest. A file that includes itself ends here.
  package static let includeDepthMax = 16

  /// Reads configuration lines over the values that are there; a later line wins.
  ///
  /// - Parameters:
  ///   - text: the file's text, followed by that of the standard input where it is read too; nil
  ///     when there is neither.
  ///   - options: `CommandLineOptions.options`.
  ///   - rename: takes in a `rename-command` line, and says what is wrong with it, if something is.
  ///   - source: reads what `include` names; see `ConfigurationFiles`.
  /// - Throws: the first line that is wrong; the configuration is then unchanged.
  package mutating func load(
    text: String?, options: String = "",
    rename: @escaping (_ name: String, _ newName: String) -> String? = { _, _ in nil },
    source: @escaping Source = { path throws(ConfigFileError) in
      throw .cannotOpen(path: path, reason: "No such file or directory")
    }
  ) throws(ConfigFileError) {
    var loader = ConfigurationLoader(configuration: self, rename: rename, source: source)
    let lines = options.isEmpty ? (text ?? "") : (text ?? "") + "\n" + options
    try loader.load(lines, depth: 0)
    if loader.configuration[.clusterEnabled], loader.configuration.primary != nil {
      throw .contradiction(reason: "replicaof directive not allowed in cluster mode")
    }
    self = loader.configuration
  }
}

/// One reading of a file with all it includes.
private struct ConfigurationLoader {
  var configuration: Configuration
  let rename: (String, String) -> String?
  let source: Configuration.Source
  /// `save` lines add up, and the first replaces the default.
  var hasSavePoints = false

  init(
    configuration: Configuration, rename: @escaping (String, String) -> String?,
    source: @escaping Configuration.Source
  ) {
    self.configuration = configuration
    self.rename = rename
    self.source = source
  }

  mutating func load(_ text: String, depth: Int) throws(ConfigFileError) {
    for (index, line) in text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false)
      .enumerated()
    {
      let line = ConfigLine.trimmed(line)
      if line.isEmpty || line.hasPrefix("#") { continue }
      do throws(InvalidArgument) {
        guard var words = ConfigWords.split(line) else {
          throw InvalidArgument("Unbalanced quotes in configuration line")
        }
        words[0] = words[0].lowercased()
        if words[0] == "include", words.count == 2 {
          guard depth < Configuration.includeDepthMax else {
            throw InvalidArgument("Too many nested include directives")
          }
        } else {
          try apply(words)
          continue
        }
      } catch {
        throw .badLine(line: index + 1, text: line, reason: error.reason)
      }
      for included in try source(ConfigWords.split(line)?.last ?? "") {
        try load(included, depth: depth + 1)
      }
    }
  }

  private mutating func apply(_ words: [String]) throws(InvalidArgument) {
    let arguments = Array(words.dropFirst())
    if let definition = DirectiveTable.definition(named: words[0]) {
      return try apply(definition, arguments)
    }
    switch (words[0], arguments.count) {
    case ("user", 1...): configuration.users.append(arguments)
    case ("rename-command", 2):
      if let reason = rename(arguments[0], arguments[1]) { throw InvalidArgument(reason) }
      configuration.renamedCommands.append(arguments)
    case ("loadmodule", 1...): configuration.modules.append(arguments)
    default: throw InvalidArgument("Bad directive or wrong number of arguments")
    }
  }

  private mutating func apply(_ definition: DirectiveDefinition, _ arguments: [String])
    throws(InvalidArgument)
  {
    guard case .list(let key) = definition.kind else {
      return try configuration.assign(definition, arguments)
    }
    // A bare `save` is one of nothing, and these two say which words they know.
    let maySayNothing: [ListDirective] = [.save, .shutdownOnSigint, .shutdownOnSigterm]
    let arguments = arguments.isEmpty && maySayNothing.contains(key) ? [""] : arguments
    guard let first = arguments.first else { throw .wrongCount }
    // A list may also be one quoted argument, as CONFIG SET takes it.
    let isQuotedList = arguments.count == 1 && first.utf8.contains(0x20)
    let words = isQuotedList ? first.split(separator: " ").map(String.init) : arguments
    guard key == .save else { return try configuration.assign(key, words) }
    let earlier = hasSavePoints && words != [""] ? configuration.savePoints : []
    try configuration.assign(key, words)
    configuration.savePoints = earlier + configuration.savePoints
    hasSavePoints = true
  }
}

enum ConfigLine {
  /// The line without the white space around it.
  static func trimmed(_ line: Substring.UTF8View) -> String {
    func isSpace(_ byte: UInt8) -> Bool {
      byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a
    }
    var line = line.drop(while: isSpace)
    while let last = line.last, isSpace(last) { line.removeLast() }
    return String(Substring(line))
  }
}
