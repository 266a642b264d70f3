import Glibc
import ServerConfig

extension Information {
  mutating func writeServer() {
    title("Server")
    field("redis_version", Version.redis)
    field("server_name", "martlet")
    field("martlet_version", Version.martlet)
    field("redis_git_sha1", "00000000")
    field("redis_git_dirty", 0)
    field("redis_build_id", "0")
    field("redis_mode", "standalone")
    field("os", Self.operatingSystem)
    field("arch_bits", Int.bitWidth)
    field("monotonic_clock", "POSIX clock_gettime")
    field("multiplexing_api", "io_uring")
    field("atomicvar_api", "swift-synchronization")
    field("process_id", getpid())
    field("process_supervised", "no")
    field("run_id", server.runID)
    let port = server.listeners.port ?? configuration[.port]
    field("tcp_port", port)
    let now = WallClock.microseconds
    let uptime = (now / 1000 - server.startedAt) / 1000
    field("server_time_usec", now)
    field("uptime_in_seconds", uptime)
    field("uptime_in_days", uptime / 86400)
    field("hz", configuration[.hz])
    field("configured_hz", configuration[.hz])
    field("lru_clock", now / 1_000_000 & 0xFF_FFFF)
    field("executable", server.origin.executable)
    field("config_file", server.origin.path ?? "")
    field("io_threads_active", server.shardCount > 1 ? 1 : 0)
    field("shards", server.shardCount)
    if configuration[.port] != 0 {
      let addresses = configuration.bindAddresses.map { "bind=\($0)" }.joined(separator: ",")
      field("listener0", "name=tcp,\(addresses),port=\(port)")
    }
    if !configuration[.unixsocket].isEmpty {
      let number = configuration[.port] != 0 ? 1 : 0
      field("listener\(number)", "name=unix,bind=\(configuration[.unixsocket])")
    }
  }

  /// `Linux 6.1.0 x86_64`
  private static var operatingSystem: String {
    var name = utsname()
    guard unsafe uname(&name) == 0 else { return "Linux" }
    func text<Field>(_ field: Field) -> String {
      unsafe withUnsafeBytes(of: field) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
    }
    return "\(text(name.sysname)) \(text(name.release)) \(text(name.machine))"
  }
}
