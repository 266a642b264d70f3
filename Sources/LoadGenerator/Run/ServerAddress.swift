import Glibc

/// Why a benchmark cannot go on; `description` is for the user.
package struct BenchmarkError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// Where the server is.
package enum ServerAddress: Equatable, Sendable {
  case tcp(host: String, port: Int)
  case unix(path: String)

  package var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): path
    }
  }

  /// A connected stream socket, which sends at once (TCP_NODELAY).
  func connect() throws(BenchmarkError) -> Int32 {
    let descriptor =
      switch self {
      case .tcp(let host, let port): try connect(host, port)
      case .unix(let path): try connect(path)
      }
    return descriptor
  }

  private func connect(_ host: String, _ port: Int) throws(BenchmarkError) -> Int32 {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else {
      throw failure(unsafe String(cString: gai_strerror(code)))
    }
    defer { unsafe freeaddrinfo(list) }
    var reason = "no address"
    var next = unsafe list
    while let info = unsafe next?.pointee {
      let descriptor = unsafe socket(
        info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), info.ai_protocol)
      guard descriptor >= 0 else { throw failure(Self.text(of: errno)) }
      if unsafe Glibc.connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 {
        var one: Int32 = 1
        unsafe setsockopt(
          descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return descriptor
      }
      reason = Self.text(of: errno)
      close(descriptor)
      unsafe next = unsafe info.ai_next
    }
    throw failure(reason)
  }

  private func connect(_ path: String) throws(BenchmarkError) -> Int32 {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: name.sun_path) else {
      throw failure(Self.text(of: ENAMETOOLONG))
    }
    unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw failure(Self.text(of: errno)) }
    let code = unsafe withUnsafePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard code == 0 else {
      let reason = Self.text(of: errno)
      close(descriptor)
      throw failure(reason)
    }
    return descriptor
  }

  private func failure(_ reason: String) -> BenchmarkError {
    BenchmarkError("Could not connect to the server at \(description): \(reason)")
  }

  static func text(of code: Int32) -> String { unsafe String(cString: strerror(code)) }
}
