import CLinux
import EventLoop
import Glibc
import RESP

/// A running server of a comparison: alone on loopback, without persistence, measured through /proc.
///
/// CPU time is the scheduler's own nanosecond count, summed over threads. On a machine that others use too it is the figure
/// that stays.
final class ChildServer {
  let contestant: Contestant
  /// What the server calls itself.
  private(set) var name: String
  let address: ServerAddress
  private let pid: pid_t
  private let directory: String
  private var hasEnded = false

  private static let readySeconds: UInt64 = 30

  /// Starts a server on a free port and waits until it answers.
  ///
  /// - Parameter cpus: the processors it may use; all threads inherit them.
  init(_ contestant: Contestant, cpus: [Int32]) throws(BenchmarkError) {
    self.contestant = contestant
    name = contestant.name
    let port = try Self.freePort()
    address = .tcp(host: "127.0.0.1", port: port)
    var pattern = Array("/tmp/martlet-compare-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&pattern) != nil else {
      throw BenchmarkError("Cannot make a directory in /tmp")
    }
    directory = String(decoding: pattern.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let command = contestant.arguments(port: port, directory: directory)
    pid = try Self.spawn(command, log: directory + "/log", cpus: cpus)
    do throws(BenchmarkError) { try awaitReady() } catch {
      stop()
      throw error
    }
  }

  private static func freePort() throws(BenchmarkError) -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafeMutablePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    guard code == 0 else {
      throw BenchmarkError("Cannot find a free port: \(ServerAddress.text(of: errno))")
    }
    return Int(UInt16(bigEndian: name.sin_port))
  }

  private static func spawn(_ command: [String], log: String, cpus: [Int32]) throws(BenchmarkError)
    -> pid_t
  {
    let before = Processors.allowed
    Processors.use(cpus)
    defer { Processors.use(before) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // Signals that this program waits for shall end the server as ever.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var pid: pid_t = 0
    let code = unsafe posix_spawn(&pid, command[0], &actions, &attributes, &words, environ)
    guard code == 0 else {
      throw BenchmarkError("Cannot start \(command[0]): \(ServerAddress.text(of: code))")
    }
    return pid
  }

  private func awaitReady() throws(BenchmarkError) {
    let deadline = EventLoop.monotonicNanoseconds + Self.readySeconds * 1_000_000_000
    while EventLoop.monotonicNanoseconds < deadline {
      if waitpid(WNOHANG) { break }
      if let client = try? SetupClient(address) {
        defer { client.close() }
        if (try? client.greet(contestant.wire)) != nil { return try identify(client) }
      }
      usleep(20_000)
    }
    let log = Folder.text(directory + "/log") ?? ""
    throw BenchmarkError("\(contestant.command[0]) does not answer:\n\(log)")
  }

  /// Takes a peer's name and version from what it says.
  private func identify(_ client: SetupClient) throws(BenchmarkError) {
    if contestant.wire == .memcached {
      name = "memcached \(try client.send(line: "version").dropFirst("VERSION ".count))"
      return
    }
    guard contestant.command.count == 1,
      case .bulk(let information) = try client.send(["INFO", "server"])
    else { return }
    var fields: [Substring: Substring] = [:]
    for line in String(decoding: information, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { fields[parts[0]] = parts[1] }
    }
    if let version = fields["valkey_version"] {
      name = "Valkey \(version)"
    } else if let version = fields["redis_version"] {
      name = "Redis \(version)"
    }
  }

  // MARK: Measuring

  /// CPU time of all threads so far.
  var cpuSeconds: Double {
    Folder.matches("/proc/\(pid)/task/*/schedstat").reduce(0) { sum, path in
      sum + (Folder.text(path)?.split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1e9
    }
  }

  var residentBytes: Int {
    let pages =
      Folder.text("/proc/\(pid)/statm")?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
      ?? 0
    return pages * Int(getpagesize())
  }

  // MARK: The end

  /// Whether it has ended by now.
  private func waitpid(_ options: Int32) -> Bool {
    if hasEnded { return true }
    var status: Int32 = 0
    if unsafe Glibc.waitpid(pid, &status, options) == pid { hasEnded = true }
    return hasEnded
  }

  /// Ends it, and removes what it left.
  func stop() {
    kill(pid, SIGTERM)
    for _ in 0..<500 where !waitpid(WNOHANG) { usleep(10_000) }
    if !waitpid(WNOHANG) {
      kill(pid, SIGKILL)
      _ = waitpid(0)
    }
    for file in Folder.matches(directory + "/*") { unsafe unlink(file) }
    unsafe rmdir(directory)
  }
}

/// Which processors a thread may use.
enum Processors {
  private static let countMax: Int32 = 1024

  static var allowed: [Int32] {
    var cpus = [Int32](repeating: 0, count: Int(countMax))
    let count = unsafe clinux_allowed_cpus(&cpus, countMax)
    return Array(cpus.prefix(Int(count)))
  }

  static func use(_ cpus: [Int32]) {
    guard !cpus.isEmpty else { return }
    let code = unsafe clinux_use_cpus(cpus, Int32(cpus.count))
    precondition(code == 0, "cannot use processors \(cpus): errno \(code)")
  }
}
