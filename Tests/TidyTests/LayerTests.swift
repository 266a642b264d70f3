import Testing

/// Imports point down the layers, and only as far as each layer may know.
struct LayerTests {
  /// What each target may import of the package, itself left out. A new target needs a line here.
  private static let layers: [String: Set<String>] = [
    "EventLoop": ["CLinux", "CUring"],
    "RESP": ["CLinux", "CJemalloc"],
    "Engine": ["RESP", "CLinux", "CJemalloc"],
    "Shard": ["Engine", "RESP", "EventLoop", "CLinux"],
    "Coordinator": ["Shard", "Engine", "RESP", "EventLoop"],
    "Persistence": ["Engine", "RESP", "EventLoop"],
    "Scripting": ["Coordinator", "Shard", "Engine", "RESP", "CScript"],
    "ServerConfig": [],
    "Server": [
      "Persistence", "Scripting", "Coordinator", "Shard", "Engine", "RESP", "EventLoop", "ServerConfig", "CLinux",
      "CJemalloc",
    ],
    "Martlet": ["Server", "ServerConfig", "Engine", "RESP"],
    "martlet-server": ["Server"],
    "LoadGenerator": ["EventLoop", "RESP", "CLinux"],
    "martlet-benchmark": ["LoadGenerator"],
  ]

  /// Parts of the standard library, the C library, and swift-log for the faces.
  private static let everywhere: Set<String> = ["Glibc", "Synchronization", "_Concurrency"]
  private static let faces: Set<String> = ["Server", "ServerConfig", "martlet-server"]

  @Test func everyImportPointsDown() throws {
    for file in try SourceTree.files(under: "Sources") {
      guard var allowed = Self.layers[file.target] else {
        Issue.record("\(file.path): \(file.target) has no place among the layers")
        continue
      }
      allowed.formUnion(Self.everywhere)
      if Self.faces.contains(file.target) { allowed.insert("Logging") }
      for module in file.imports {
        #expect(allowed.contains(module), "\(file.path) imports \(module)")
      }
    }
  }

  @Test func nothingButTestsImportsFoundation() throws {
    for file in try SourceTree.files(under: "Sources") {
      #expect(!file.imports.contains { $0.hasPrefix("Foundation") }, "\(file.path)")
    }
  }

  @Test func onlyTheLibraryIsPublic() throws {
    for file in try SourceTree.files(under: "Sources") where file.target != "Martlet" {
      for line in file.lines where !line.hasPrefix("public import ") {
        #expect(!line.unindented.hasPrefix("public "), "\(file.path): \(line)")
      }
    }
  }
}
