/// Commands that would change, stop or hold up a client that all callers share.
enum OwnClient {
  static func check(_ command: [Bytes]) throws(MartletError) {
    guard let name = command.first else { throw .refused("ERR empty command") }
    if initials.contains(name.bytes.first ?? 0) { try check(name, command) }
  }

  private static func check(_ name: Bytes, _ command: [Bytes]) throws(MartletError) {
    let lowered = name.string.lowercased()
    guard !names.contains(lowered) else { throw .needsOwnClient(lowered) }
    if lowered == "xread" || lowered == "xreadgroup",
      command.contains(where: { $0.string.lowercased() == "block" })
    {
      throw .needsOwnClient(lowered)
    }
  }

  /// What the names of such commands begin with, in either case: others need no closer look.
  private static let initials: Set<UInt8> = {
    var initials = Set("x".utf8)
    for name in names { initials.formUnion(name.utf8.prefix(1)) }
    return initials.union(initials.map { $0 & ~0x20 })
  }()

  private static let names: Set<String> = [
    "auth", "hello", "select", "reset", "quit", "client", "monitor", "multi", "exec", "discard",
    "watch", "unwatch", "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe",
    "sunsubscribe", "blpop", "brpop", "blmove", "brpoplpush", "blmpop", "bzpopmin", "bzpopmax",
    "bzmpop", "wait", "waitaof", "shutdown", "sync", "psync", "replconf",
  ]
}
