import EventLoop
import Glibc

/// A listening socket.
struct Listener {
  let descriptor: Int32
  /// The TCP port it got, nil for a Unix socket.
  let port: Int?
  /// The Unix socket's path, to remove at the end.
  let path: String?

  /// A TCP listener.
  ///
  /// - Parameters:
  ///   - address: a numeric IPv4 or IPv6 address, `*` or `::*` for all of a family.
  ///   - port: 0 for any free one.
  /// - Throws: what socket(2), bind(2) or listen(2) reported.
  static func tcp(address: String, port: Int, backlog: Int) throws(SystemError) -> Listener {
    let isIPv6 = address.contains(":")
    let descriptor = socket(
      isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError("socket", errno) }
    do throws(SystemError) {
      setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
      if isIPv6 {
        setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
        var name = sockaddr_in6()
        name.sin6_family = sa_family_t(AF_INET6)
        name.sin6_port = in_port_t(port).bigEndian
        if address != "::*" {
          guard unsafe inet_pton(AF_INET6, address, &name.sin6_addr) == 1 else {
            throw SystemError("bind", EADDRNOTAVAIL)
          }
        }
        try bindSocket(descriptor, &name)
      } else {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = in_port_t(port).bigEndian
        if address != "*" {
          guard unsafe inet_pton(AF_INET, address, &name.sin_addr) == 1 else {
            throw SystemError("bind", EADDRNOTAVAIL)
          }
        }
        try bindSocket(descriptor, &name)
      }
      guard listen(descriptor, Int32(backlog)) == 0 else { throw SystemError("listen", errno) }
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    return Listener(
      descriptor: descriptor, port: SocketAddresses(descriptor: descriptor).localPort, path: nil)
  }

  /// A Unix stream listener at `path`, replacing a socket left there; `permissions` 0 leaves them as they are.
  static func unix(path: String, permissions: Int, backlog: Int) throws(SystemError) -> Listener {
    let descriptor = socket(
      AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError("socket", errno) }
    do throws(SystemError) {
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      let bytes = Array(path.utf8)
      guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
        throw SystemError("bind", ENAMETOOLONG)
      }
      unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: bytes) }
      unsafe unlink(path)
      try bindSocket(descriptor, &name)
      guard listen(descriptor, Int32(backlog)) == 0 else { throw SystemError("listen", errno) }
      if permissions != 0, unsafe chmod(path, mode_t(permissions)) != 0 {
        throw SystemError("chmod", errno)
      }
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    return Listener(descriptor: descriptor, port: nil, path: path)
  }

  /// Stops listening and removes a Unix socket's file.
  func close() {
    Glibc.close(descriptor)
    if let path { unsafe unlink(path) }
  }

  private static func bindSocket<Name>(_ descriptor: Int32, _ name: inout Name)
    throws(SystemError)
  {
    let code = unsafe withUnsafePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
      }
    }
    guard code == 0 else { throw SystemError("bind", errno) }
  }

  /// Failure is harmless: the options set this way only tune.
  static func setOption(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    unsafe setsockopt(
      descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}

/// Both ends of a connected socket as text, in Redis' form: `127.0.0.1:6379`, `[::1]:6379`, or the path.
struct SocketAddresses: Sendable {
  private(set) var local = ""
  private(set) var peer = ""
  private(set) var localPort: Int?
  private(set) var isUnix = false
  /// Whether the peer is on this machine.
  private(set) var isLoopback = false

  init(descriptor: Int32) {
    (local, localPort, _, isUnix) = unsafe Self.describe(descriptor, getsockname)
    let remote = unsafe Self.describe(descriptor, getpeername)
    peer = isUnix ? "\(local):0" : remote.text
    if isUnix { local = "\(local):0" }
    isLoopback = isUnix || remote.isLoopback
  }

  private static func describe(
    _ descriptor: Int32,
    _ call: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> (text: String, port: Int?, isLoopback: Bool, isUnix: Bool) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe call(descriptor, $0, &length)
      }
    }
    guard code == 0 else { return ("?:0", nil, false, false) }
    switch Int32(storage.ss_family) {
    case AF_INET:
      let (text, port) = unsafe withUnsafeBytes(of: &storage) { raw in
        var name = unsafe raw.load(as: sockaddr_in.self)
        return unsafe (presentation(AF_INET, &name.sin_addr), Int(UInt16(bigEndian: name.sin_port)))
      }
      return ("\(text):\(port)", port, text.hasPrefix("127."), false)
    case AF_INET6:
      let (text, port) = unsafe withUnsafeBytes(of: &storage) { raw in
        var name = unsafe raw.load(as: sockaddr_in6.self)
        return unsafe (
          presentation(AF_INET6, &name.sin6_addr), Int(UInt16(bigEndian: name.sin6_port))
        )
      }
      return ("[\(text)]:\(port)", port, text == "::1", false)
    default:
      let path = unsafe withUnsafeBytes(of: &storage) { raw in
        unsafe String(decoding: raw.dropFirst(2).prefix { $0 != 0 }, as: UTF8.self)
      }
      return (path, nil, true, true)
    }
  }

  private static func presentation(_ family: Int32, _ address: UnsafeRawPointer) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      guard
        let text = unsafe inet_ntop(
          family, address, buffer.baseAddress.unsafelyUnwrapped, 64)
      else { return "?" }
      return unsafe String(cString: text)
    }
  }
}
