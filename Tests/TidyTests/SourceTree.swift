import Foundation

/// A source file as data.
struct SourceFile {
  /// From the package's root: `Sources/Engine/...`.
  let path: String
  let lines: [String]

  var text: String { lines.joined(separator: "\n") }
  var name: String { String(path.split(separator: "/").last ?? "") }
  /// The folder below Sources or Tests.
  var target: String { String(path.split(separator: "/")[1]) }

  /// The modules it imports, whatever the access level or attributes.
  var imports: [String] {
    lines.compactMap { line in
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
        words[..<place].allSatisfy({ $0.hasPrefix("@") || Self.accessLevels.contains($0) })
      else { return nil }
      return String(words[place + 1])
    }
  }

  private static let accessLevels: Set<Substring> = [
    "package", "public", "internal", "private", "fileprivate",
  ]
}

/// The package's Swift files.
enum SourceTree {
  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  static func files(under folder: String) throws -> [SourceFile] {
    let names = try FileManager.default.subpathsOfDirectory(
      atPath: root.appending(path: folder).path)
    return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
      let path = "\(folder)/\(name)"
      let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
      return SourceFile(path: path, lines: text.components(separatedBy: "\n"))
    }
  }
}
