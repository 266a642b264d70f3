import Testing

/// No file is too long to read, and none keeps what was left lying.
struct LeftoverTests {
  private static let linesMax = 600
  private static let columnsMax = 145

  private static func files() throws -> [SourceFile] {
    try SourceTree.files(under: "Sources") + SourceTree.files(under: "Tests")
  }

  @Test func noFileIsTooLong() throws {
    for file in try Self.files() {
      #expect(file.lines.count <= Self.linesMax, "\(file.path): \(file.lines.count) lines")
    }
  }

  @Test func noLineIsTooLong() throws {
    for file in try SourceTree.files(under: "Sources") {
      for (index, line) in file.lines.enumerated() where !line.contains("\"") {
        #expect(line.count <= Self.columnsMax, "\(file.path):\(index + 1)")
      }
    }
  }

  @Test func noSpaceEndsALineAndEachFileEndsWithOneNewline() throws {
    for file in try Self.files() {
      for (index, line) in file.lines.enumerated() {
        #expect(line.last != " " && line.last != "\t", "\(file.path):\(index + 1)")
      }
      #expect(file.lines.last == "" && file.lines.dropLast().last != "", "\(file.path)")
    }
  }

  @Test func noMarkOfUnfinishedWork() throws {
    let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]
    for file in try Self.files() {
      for (index, line) in file.lines.enumerated() {
        #expect(!marks.contains { line.contains($0) }, "\(file.path):\(index + 1): \(line)")
      }
    }
  }

  /// Comments that read as statements; drawings and doc comments do not start this way.
  @Test func noCodeIsCommentedOut() throws {
    for file in try Self.files() {
      for (index, line) in file.lines.enumerated() {
        let text = line.unindented
        guard text.hasPrefix("//"), !text.hasPrefix("///") else { continue }
        let words = text.dropFirst(2).split(separator: " ")
        let declares =
          words.count > 2 && ["let", "var"].contains(words[0])
          && (words[2] == "=" || words[1].hasSuffix(":"))
        let isBlock = words.last == "{" || words.first == "}"
        #expect(!declares && !isBlock, "\(file.path):\(index + 1): \(line)")
      }
    }
  }
}

extension String {
  /// Without the spaces before it.
  var unindented: Substring { Substring(self).drop { $0 == " " } }
}
