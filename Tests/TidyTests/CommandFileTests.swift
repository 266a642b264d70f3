import Testing

/// Every command is in a table and documented.
struct CommandFileTests {
  private struct Declaration {
    let name: String
    let file: SourceFile
    let lineIndex: Int
  }

  /// Every `package static let name = ...` below an `extension Command {`.
  private static func declarations() throws -> [Declaration] {
    try SourceTree.files(under: "Sources/Engine/Commands").flatMap { file in
      var isInside = false
      return file.lines.indices.compactMap { index -> Declaration? in
        let line = file.lines[index]
        if line.hasPrefix("extension ") { isInside = line == "extension Command {" }
        if line == "}" { isInside = false }
        guard isInside, line.hasPrefix("  package static let ") else { return nil }
        let rest = line.dropFirst("  package static let ".count)
        return Declaration(
          name: String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }), file: file,
          lineIndex: index)
      }
    }
  }

  @Test func everyCommandIsNamedOutsideItsDeclaration() throws {
    let files = try SourceTree.files(under: "Sources")
    var named: Set<String> = []
    for file in files where file.name.hasPrefix("CommandTable+") || file.target == "Server" {
      for part in file.text.split(separator: ".").dropFirst() {
        named.insert(String(part.prefix { $0.isLetter || $0.isNumber || $0 == "_" }))
      }
    }
    let declarations = try Self.declarations()
    #expect(!declarations.isEmpty)
    for declaration in declarations {
      let isNamed = named.contains(declaration.name)
      #expect(isNamed, "\(declaration.file.path): .\(declaration.name)")
    }
  }

  @Test func everyCommandHasADocComment() throws {
    for declaration in try Self.declarations() {
      let before = declaration.file.lines[declaration.lineIndex - 1]
      #expect(
        before.unindented.hasPrefix("///"), "\(declaration.file.path): .\(declaration.name)")
    }
  }
}
