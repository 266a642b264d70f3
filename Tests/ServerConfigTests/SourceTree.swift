import ServerConfig

/// Files of this package, found from where this one is.
enum SourceTree {
  static func text(_ path: String) throws -> String {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    let root = parts.dropLast(3).joined(separator: "/")
    return try ConfigurationFiles.read("\(root)/\(path)")[0]
  }
}
