import Engine
import RESP

extension ServiceCommand {
  /// `MULTI`
  ///
  /// Replies with `OK`: commands are queued from here on, until EXEC or DISCARD.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/multi/>
  static let multi = ServiceCommand(
    Command(
      "multi", "Begins a transaction: the commands that follow are queued.",
      since: "1.2.0", group: .transactions, complexity: "O(1)", arity: .exactly(1),
      flags: [.noScript, .loading, .stale, .fast, .allowBusy], execution: .service)
  ) { _, connection, _, _, reply throws(CommandError) in
    guard connection.multi == nil else {
      throw CommandError("ERR MULTI calls can not be nested")
    }
    connection.multi = MultiState()
    reply.ok()
  }

  /// `EXEC`
  ///
  /// Replies with an Array: the replies of the queued commands; null if a watched key has changed.
  ///
  /// - Throws: without MULTI; `EXECABORT` when one of the commands was refused.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/exec/>
  static let exec = ServiceCommand(
    Command(
      "exec", "Runs the queued commands as one.",
      since: "1.2.0", group: .transactions, complexity: "Depends on the commands",
      arity: .exactly(1), flags: [.noScript, .loading, .stale, .skipSlowlog], execution: .service)
  ) { worker, connection, _, keyspace, reply throws(CommandError) in
    guard let multi = connection.multi else { throw CommandError("ERR EXEC without MULTI") }
    connection.multi = nil
    guard !multi.hasFailed else {
      worker.stopWatching(connection)
      throw CommandError("EXECABORT Transaction discarded because of previous errors.")
    }
    worker.execute(multi, connection, &keyspace, &reply)
  }

  /// `DISCARD`
  ///
  /// Replies with `OK`; nothing that was queued is run, and nothing is watched any longer.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/discard/>
  static let discard = ServiceCommand(
    Command(
      "discard", "Forgets the queued commands.",
      since: "2.0.0", group: .transactions, complexity: "O(N) in the queued commands",
      arity: .exactly(1), flags: [.noScript, .loading, .stale, .fast, .allowBusy],
      execution: .service)
  ) { worker, connection, _, _, reply throws(CommandError) in
    guard connection.multi != nil else { throw CommandError("ERR DISCARD without MULTI") }
    connection.multi = nil
    worker.stopWatching(connection)
    reply.ok()
  }
}
