import Engine
import RESP

extension ServiceCommand {
  /// `WATCH key [key ...]`
  ///
  /// Replies with `OK`: the next EXEC replies null if one of the keys has changed by then.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/watch/>
  static let watch = ServiceCommand(
    Command(
      "watch", "Has EXEC run only if keys are as they are now.",
      since: "2.2.0", group: .transactions, complexity: "O(1) for every key.",
      arity: .atLeast(2), keys: [.range(1, [.readOnly])],
      flags: [.noScript, .loading, .stale, .fast, .allowBusy],
      arguments: [.key("key", .multiple)], execution: .service)
  ) { worker, connection, arguments, keyspace, reply throws(CommandError) in
    guard connection.multi == nil else {
      throw CommandError("ERR WATCH inside MULTI is not allowed")
    }
    let keys = (1..<arguments.count).map { index in
      DatabaseKey(database: connection.database, name: arguments[index].bytes)
    }
    worker.watch(keys, connection, &keyspace, &reply)
  }

  /// `UNWATCH`
  ///
  /// Replies with `OK`.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/unwatch/>
  static let unwatch = ServiceCommand(
    Command(
      "unwatch", "Forgets what is watched.",
      since: "2.2.0", group: .transactions, complexity: "O(1)", arity: .exactly(1),
      flags: [.noScript, .loading, .stale, .fast, .allowBusy], execution: .service)
  ) { worker, connection, _, _, reply throws(CommandError) in
    worker.stopWatching(connection)
    reply.ok()
  }
}
