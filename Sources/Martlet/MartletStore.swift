import RESP
import Server
import ServerConfig

/// Shards inside this process: every command of the server, without a socket.
///
/// ```swift
/// let store = try await MartletStore.open(.init(shards: 2))
/// try await store.set("greeting", to: "hello", expiresAfter: .seconds(60))
/// let greeting = try await store.get("greeting")?.string
/// try await store.close()
/// ```
///
/// Each shard has a thread of its own. A store may be used from any task and any executor; several stores
/// in one process know nothing of each other. Close a store that is no longer used: until then its threads go on.
public final class MartletStore: Sendable {
  let server: Server
  /// One for each shard; a call goes to the thread that holds its key.
  private let clients: [LocalClient]
  let isPersistent: Bool

  private init(_ server: Server, isPersistent: Bool) {
    self.server = server
    self.isPersistent = isPersistent
    clients = (0..<server.shardCount).map { server.makeClient(onShard: $0) }
  }

  /// Starts the shards' threads and reads what the directory holds.
  ///
  /// - Throws: `.cannotOpen`.
  public static func open(
    _ configuration: Configuration = Configuration()
  ) async throws(MartletError) -> MartletStore {
    let directives = try configuration.directives()
    do throws(Server.StartFailure) {
      return MartletStore(
        try await Server.embedded(directives), isPersistent: configuration.persistence != nil)
    } catch {
      throw .cannotOpen("the threads or the listener can't start, or a file can't be read")
    }
  }

  /// Ends the store: calls under way are answered, files are complete, the threads end.
  ///
  /// - Throws: `.refused` if a snapshot was due and failed: then the store goes on. `.closed` by a second call.
  public func close() async throws(MartletError) {
    guard !server.isStopping else { throw .closed }
    guard await server.close(saves: nil) else {
      throw .refused("the snapshot failed; the store goes on")
    }
  }

  // MARK: Commands

  /// Runs one command, whatever it is.
  ///
  /// - Throws: `.refused` for a reply that is an error; `.needsOwnClient` for commands that are about the client itself or
  ///   that wait.
  public func execute(_ command: [Bytes]) async throws(MartletError) -> Reply {
    let replies = try await pipeline([command])
    if case .error(let text) = replies[0] { throw .refused(text) }
    return replies[0]
  }

  /// Sends commands together, which costs one message; others' commands may run between them.
  ///
  /// - Returns: a reply for each; one that failed is `.error`, and the others run all the same.
  public func pipeline(_ commands: [[Bytes]]) async throws(MartletError) -> [Reply] {
    guard let first = commands.first else { return [] }
    var request: [UInt8] = []
    for command in commands { try Self.encode(command, into: &request) }
    return try await send(request, count: commands.count, near: first)
  }

  /// Runs commands as one transaction (MULTI, EXEC): nobody sees a state between them.
  ///
  /// - Returns: a reply for each; one that failed is `.error`, and the others run all the same.
  /// - Throws: `.refused` if one is no command, or lacks arguments: then none of them runs.
  public func atomically(_ commands: [[Bytes]]) async throws(MartletError) -> [Reply] {
    guard let first = commands.first else { return [] }
    var request = Array("*1\r\n$5\r\nMULTI\r\n".utf8)
    for command in commands { try Self.encode(command, into: &request) }
    request += Array("*1\r\n$4\r\nEXEC\r\n".utf8)
    let replies = try await send(request, count: commands.count + 2, near: first)
    guard case .array(let results) = replies[replies.count - 1] else {
      throw replies[replies.count - 1].unexpected("the replies of a transaction")
    }
    return results
  }

  private func send(
    _ request: [UInt8], count: Int, near command: [Bytes]
  ) async throws(MartletError) -> [Reply] {
    let shard = command.count > 1 ? server.shard(of: command[1].bytes) : 0
    let bytes: [UInt8]
    do throws(LocalClient.Closed) {
      bytes = try await clients[shard].send(request, replyCount: count)
    } catch { throw .closed }
    return try Reply.decode(bytes, count: count)
  }

  // MARK: Encoding

  private static func encode(_ command: [Bytes], into request: inout [UInt8]) throws(MartletError) {
    guard let name = command.first else { throw .refused("ERR empty command") }
    if ownClientInitials.contains(name.bytes.first ?? 0) { try checkNeedsNoClient(name, command) }
    append(command, to: &request)
  }

  private static func checkNeedsNoClient(_ name: Bytes, _ command: [Bytes]) throws(MartletError) {
    let lowered = name.string.lowercased()
    guard !ownClientCommands.contains(lowered) else { throw .needsOwnClient(lowered) }
    if lowered == "xread" || lowered == "xreadgroup",
      command.contains(where: { $0.string.lowercased() == "block" })
    {
      throw .needsOwnClient(lowered)
    }
  }

  /// What the names of such commands begin with, in either case: others need no closer look.
  private static let ownClientInitials: Set<UInt8> = {
    var initials = Set("x".utf8)
    for name in ownClientCommands { initials.formUnion(name.utf8.prefix(1)) }
    return initials.union(initials.map { $0 & ~0x20 })
  }()

  /// Any command as the protocol has it.
  static func request(_ command: [Bytes]) -> [UInt8] {
    var request: [UInt8] = []
    append(command, to: &request)
    return request
  }

  private static func append(_ command: [Bytes], to request: inout [UInt8]) {
    appendLine(UInt8(ascii: "*"), command.count, to: &request)
    for word in command {
      appendLine(UInt8(ascii: "$"), word.bytes.count, to: &request)
      request += word.bytes
      request.append(0x0D)
      request.append(0x0A)
    }
  }

  /// A type byte and a length.
  private static func appendLine(_ type: UInt8, _ count: Int, to request: inout [UInt8]) {
    request.append(type)
    if count < 10 {
      request.append(UInt8(truncatingIfNeeded: count) &+ 0x30)
    } else if count < 100 {
      request.append(UInt8(truncatingIfNeeded: count / 10) &+ 0x30)
      request.append(UInt8(truncatingIfNeeded: count % 10) &+ 0x30)
    } else {
      request += String(count).utf8
    }
    request.append(0x0D)
    request.append(0x0A)
  }

  /// What would change, stop or hold up a client that all callers share.
  private static let ownClientCommands: Set<String> = [
    "auth", "hello", "select", "reset", "quit", "client", "monitor", "multi", "exec", "discard",
    "watch",
    "unwatch", "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe",
    "sunsubscribe",
    "blpop", "brpop", "blmove", "brpoplpush", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "wait",
    "waitaof",
    "shutdown", "sync", "psync", "replconf",
  ]
}
