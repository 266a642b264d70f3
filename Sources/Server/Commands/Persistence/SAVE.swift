import Engine
import Persistence
import RESP

extension ServiceCommand {
  /// `SAVE`: a snapshot, and the reply when it is on disk. Nobody else waits for it.
  ///
  /// - Throws: an error while a background save is under way; `.saveFailed`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/save/>
  static let save = ServiceCommand(
    Command(
      "save", "Saves the data to disk and waits for it.", since: "1.0.0", group: .server,
      complexity: "O(N) where N is the total number of keys in all databases", arity: .exactly(1),
      flags: [.admin, .noScript, .noAsyncLoading, .noMulti], execution: .service)
  ) { worker, connection, _, _, _ throws(CommandError) in
    let persistence = worker.server.persistence
    let task: Task<Bool, Never>
    do throws(Persistence.SaveRefusal) {
      task = try persistence.startSave(isScheduled: true, isAwaited: true)
    } catch {
      throw CommandError("ERR Background save already in progress")
    }
    worker.suspend(connection) { reply throws(CommandError) in
      guard await task.value else { throw CommandError("ERR ") }
      reply.ok()
    }
  }

  /// `BGSAVE [SCHEDULE]`: begins a snapshot.
  ///
  /// - Throws: an error while one is under way, or a rewrite and it is not to be scheduled.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/bgsave/>
  static let bgsave = ServiceCommand(
    Command(
      "bgsave", "Saves the data to disk in the background.", since: "1.0.0", group: .server,
      complexity: "O(1)", arity: .atLeast(1), flags: [.admin, .noScript, .noAsyncLoading],
      arguments: [.token("schedule", "SCHEDULE", .optional, since: "3.2.2")],
      history: [("3.2.2", "Added the `SCHEDULE` option.")], execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    guard arguments.count == 1 || (arguments.count == 2 && arguments[1].matches("schedule")) else {
      throw .syntax
    }
    let isRewriting = worker.server.persistence.state.withLock { $0.rewrite != nil }
    do throws(Persistence.SaveRefusal) {
      _ = try worker.server.persistence.startSave(isScheduled: arguments.count == 2)
      guard !isRewriting else { return reply.simple("Background saving scheduled") }
      worker.replyWhenBegun(
        "Background saving started", connection, worker.server.persistence.state.withLock { $0.save }, &reply)
    } catch {
      switch error {
      case .saving: throw CommandError("ERR Background save already in progress")
      case .rewriting:
        throw CommandError(
          "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible."
        )
      }
    }
  }

  /// `LASTSAVE`: when the last snapshot was complete, in seconds since 1970; the server's start if there is none.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lastsave/>
  static let lastsave = ServiceCommand(
    Command(
      "lastsave", "Returns when the data was last saved to disk.", since: "1.0.0", group: .server,
      complexity: "O(1)", arity: .exactly(1), flags: [.loading, .stale, .fast],
      categories: [.admin, .dangerous], tips: ["nondeterministic_output"], execution: .service)
  ) { worker, _, _, _, reply in
    reply.integer(Int(worker.server.persistence.state.withLock { $0.lastSave } / 1000))
  }

  /// `BGREWRITEAOF`: begins to write the append-only files anew.
  ///
  /// - Throws: an error while that is under way.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/bgrewriteaof/>
  static let bgrewriteaof = ServiceCommand(
    Command(
      "bgrewriteaof", "Writes the append-only file anew, in the background.", since: "1.0.0",
      group: .server, complexity: "O(1)", arity: .exactly(1),
      flags: [.admin, .noScript, .noAsyncLoading], execution: .service)
  ) { worker, connection, _, _, reply throws(CommandError) in
    let persistence = worker.server.persistence
    if persistence.state.withLock({ $0.rewrite != nil }) {
      throw CommandError("ERR Background append only file rewriting already in progress")
    }
    if persistence.startRewrite() != nil {
      worker.replyWhenBegun(
        "Background append only file rewriting started", connection,
        persistence.state.withLock { $0.rewrite }, &reply)
    } else {
      reply.simple("Background append only file rewriting scheduled")
    }
  }

  /// `WAITAOF numlocal numreplicas timeout`
  ///
  /// Waits until the client's earlier writes are on the disk of this server, or the time is over. Replies with an
  /// Array: 1 if they are, and the number of replicas that have them, which is 0.
  ///
  /// - Throws: `.notAnInteger`; errors for numbers out of range; one if numlocal is set and `appendonly` is off.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/waitaof/>
  static let waitaof = ServiceCommand(
    Command(
      "waitaof",
      "Waits until earlier writes are on the disks of this server and of its replicas.",
      since: "7.2.0", group: .generic, complexity: "O(1)", arity: .exactly(4),
      flags: [.noScript, .blocking], categories: .connection,
      tips: ["request_policy:all_shards", "response_policy:agg_min"],
      arguments: [
        .init("numlocal", .integer), .init("numreplicas", .integer), .init("timeout", .integer),
      ], execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    let local = try arguments[1].integer()
    guard 0...1 ~= local else { throw CommandError("ERR value is out of range, must be between 0 and 1") }
    let replicas = try arguments[2].integer()
    guard replicas >= 0 else { throw CommandError("ERR value is out of range, must be positive") }
    let timeout = try arguments[3].integer(orThrow: CommandError("ERR timeout is not an integer or out of range"))
    guard timeout >= 0 else { throw CommandError("ERR timeout is negative") }
    let server = worker.server
    let isAppending = server.persistence.state.withLock { $0.isAppending }
    if local > 0, !isAppending {
      throw CommandError("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
    }
    if local == 0, replicas == 0 {
      reply.array(2)
      reply.integer(0)
      return reply.integer(0)
    }
    worker.suspend(connection) { reply throws(CommandError) in
      let deadline = LocalDeadline()
      let waiting = Task {
        guard isAppending else { return }
        for worker in server.workers {
          await withTaskExecutorPreference(worker.loop) { await worker.untilDurable(worker.journal.appended) }
        }
        deadline.isOnDisk.store(true, ordering: .releasing)
        if replicas == 0 {
          await worker.perform { _ in connection.stopWaiting?() }
        }
      }
      if !(deadline.isOnDisk.load(ordering: .acquiring) && replicas == 0) {
        await worker.pause(connection, milliseconds: timeout == 0 ? nil : timeout)
      }
      waiting.cancel()
      reply.array(2)
      reply.integer(deadline.isOnDisk.load(ordering: .acquiring) ? 1 : 0)
      reply.integer(0)
    }
  }

  /// What keeps the data beyond the process.
  static var persistence: [ServiceCommand] { [.bgrewriteaof, .bgsave, .lastsave, .save, .waitaof] }
}

extension Worker {
  /// Replies when the instant has come that a snapshot is of: what the client does next is not in it. In a transaction, whose keys
  /// the snapshot waits for, at once.
  fileprivate func replyWhenBegun(
    _ text: StaticString, _ connection: Connection, _ progress: Persistence.Progress?,
    _ reply: inout ReplyWriter
  ) {
    guard connection.replyCapture == nil, let progress else { return reply.simple(text) }
    suspend(connection) { reply throws(CommandError) in
      await progress.snapshot.untilBegun()
      reply.simple(text)
    }
  }
}

import Synchronization

private final class LocalDeadline: Sendable {
  let isOnDisk = Atomic<Bool>(false)
}
