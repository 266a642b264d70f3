import Glibc

/// Configuration files on disk. Blocking: for the start of the process, and for CONFIG REWRITE.
package enum ConfigurationFiles {
  /// The most one file may hold; a larger one is surely not a configuration.
  package static let byteCountMax = 16 << 20

  /// The texts of the files that `path` stands for: that file, or when it holds `*`, `?` or `[`
  /// those it matches, sorted, which may be none.
  ///
  /// - Throws: `.cannotOpen` for a file that cannot be read.
  package static func read(_ path: String) throws(ConfigFileError) -> [String] {
    var texts: [String] = []
    for path in path.utf8.contains(where: { "*?[".utf8.contains($0) }) ? matches(path) : [path] {
      let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw cannotOpen(path) }
      defer { _ = close(descriptor) }
      guard let text = readAll(descriptor) else { throw cannotOpen(path) }
      texts.append(text)
    }
    return texts
  }

  /// All of the standard input.
  package static func readStandardInput() throws(ConfigFileError) -> String {
    guard let text = readAll(STDIN_FILENO) else { throw cannotOpen("-") }
    return text
  }

  private static func readAll(_ descriptor: CInt) -> String? {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= byteCountMax {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      }
      if count < 0 {
        if errno == EINTR { continue }
        return nil
      }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
    }
    errno = EFBIG
    return nil
  }

  private static func matches(_ pattern: String) -> [String] {
    var result = unsafe glob_t()
    defer { unsafe globfree(&result) }
    guard unsafe glob(pattern, 0, nil, &result) == 0 else { return [] }
    var paths: [String] = []
    for index in 0..<Int(unsafe result.gl_pathc) {
      // SAFETY: glob filled gl_pathc strings, which live until globfree.
      if let path = unsafe result.gl_pathv[index] { paths.append(unsafe String(cString: path)) }
    }
    return paths
  }

  private static func cannotOpen(_ path: String) -> ConfigFileError {
    .cannotOpen(path: path, reason: unsafe String(cString: strerror(errno)))
  }
}
