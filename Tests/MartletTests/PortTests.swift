import Glibc
import Martlet
import Testing

/// A store that listens: clients of the network see what the program sees, and can't do what concerns its process.
@Suite(.timeLimit(.minutes(1)))
struct PortTests {
  @Test(arguments: [1, 3]) func clientsLookIn(shards: Int) async throws {
    let port = try Client.freePort()
    let store = try await MartletStore.open(.init(shards: shards, port: port))
    try await store.set("greeting", to: "hello")
    let client = try Client(port: port)
    #expect(client.ask("GET greeting") == "$5")
    #expect(client.readLine() == "hello")
    #expect(client.ask("INCRBY visits 7") == ":7")
    #expect(try await store.get("visits") == "7")
    try await store.close()
    #expect(client.readLine() == nil)
  }

  @Test func theProcessIsNotTheirs() async throws {
    let port = try Client.freePort()
    let store = try await MartletStore.open(.init(port: port))
    let client = try Client(port: port)
    #expect(client.ask("SHUTDOWN NOSAVE")?.hasPrefix("-ERR the store belongs to a program") == true)
    #expect(client.ask("CONFIG SET dir /")?.hasPrefix("-ERR CONFIG SET failed") == true)
    #expect(client.ask("CONFIG SET proc-title-template x")?.hasPrefix("-ERR CONFIG SET failed") == true)
    #expect(client.ask("CONFIG SET maxmemory 100mb") == "+OK")
    try await store.set("a", to: "1")
    #expect(client.ask("EXISTS a") == ":1")
    try await store.close()
  }

  @Test func aPortThatIsTaken() async throws {
    let port = try Client.freePort()
    let store = try await MartletStore.open(.init(port: port))
    await #expect(throws: MartletError.self) { try await MartletStore.open(.init(port: port)) }
    try await store.set("a", to: "1")
    try await store.close()
  }
}

/// A client that speaks in lines.
private final class Client {
  private let descriptor: Int32
  private var pending: [UInt8] = []

  private struct Failure: Error { let call: String }

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard unsafe Self.withAddress(port: port, { unsafe connect(descriptor, $0, $1) }) == 0 else {
      throw Failure(call: "connect")
    }
  }

  deinit { close(descriptor) }

  static func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    guard unsafe withAddress(port: 0, { unsafe bind(descriptor, $0, $1) }) == 0 else { throw Failure(call: "bind") }
    var name = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafeMutablePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getsockname(descriptor, $0, &length)
      }
    }
    guard code == 0 else { throw Failure(call: "getsockname") }
    return Int(UInt16(bigEndian: name.sin_port))
  }

  private static func withAddress(
    port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = UInt16(port).bigEndian
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return unsafe withUnsafePointer(to: &name) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// Sends a line; the reply's first line.
  func ask(_ line: String) -> String? {
    let bytes = Array((line + "\r\n").utf8)
    guard unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return nil }
    return readLine()
  }

  /// The next line; nil when there is no more.
  func readLine() -> String? {
    while true {
      if let end = pending.firstIndex(of: 0x0A) {
        let line = pending[..<end].dropLast()
        pending.removeFirst(end + 1)
        return String(decoding: line, as: UTF8.self)
      }
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      pending += buffer.prefix(count)
    }
  }
}
