import CLinux
import Engine
import Persistence
import RESP
import Shard

/// Commands of clients of this thread, outside of a turn.
extension Worker {
  /// Whether a task on this thread may have its commands run at once. They wait for a turn now and then, so that
  /// everybody else gets theirs.
  var mayRunDirectly: Bool { unsafe !isInTurn && directRuns < Self.directRunsMax }

  private static let directRunsMax = 256

  /// Runs commands as a turn does.
  func runDirectly(_ connection: Connection, _ request: ByteView) {
    unsafe directRuns += 1
    readClocks()
    parse(connection, request, isFromInput: false)
    execute()
    flushTouched()
  }

  /// Runs a single command of a single key without all that a turn is about, if nothing else is going on that a
  /// command might have to do with: clients that watch, wait or look on, transactions, little memory, replies that wait
  /// for the disk.
  ///
  /// - Returns: false if there is; then nothing was done.
  func runAlone(
    _ connection: Connection, _ request: ByteView, _ reply: inout ReplyWriter
  ) -> Bool {
    guard isQuiet(connection) else { return false }
    unsafe directReply.removeAll()
    unsafe directWords.removeAll(retaining: 64)
    let server = self.server
    var parser = RequestParser()
    guard case .command = unsafe parser.next(request, limits: settings.parserLimits, into: &directWords)
    else { return false }
    let words = unsafe directWords.arguments(from: 0, count: directWords.count)
    guard words.count > 1, let command = server.table.index(of: words) else { return false }
    let descriptor = server.table.descriptors[command]
    guard descriptor.routing == .singleKey, descriptor.allows(words.count), !descriptor.hasSlices,
      !descriptor.flags.contains(.blocking)
    else { return false }
    let key = words[descriptor.firstKey]
    let hash = KeyHash(key, seed: server.seed)
    guard server.shardCount == 1 || server.shard(of: key, hash) == index else { return false }
    guard runBody(command, hash, connection) else { return false }
    unsafe swap(&directReply, &reply)
    unsafe directRuns += 1
    unsafe hotKeyCountdown &-= 1
    connection.commandCount &+= 1
    connection.lastCommand = command
    return true
  }

  private func isQuiet(_ connection: Connection) -> Bool {
    guard connection.isPlain, !server.isGuarded, !server.insight.isMonitored,
      !server.slowScripts.areBusy, scheduler.intents.isEmpty, !scheduler.keysStandStill
    else { return false }
    return unsafe !room.isLimited && !limitsClients && settings.journalPolicy != .always
      && hotKeyCountdown > 0 && server.broadcasters.isEmpty
  }

  /// Runs the command in `directWords`, with its reply to `directReply`.
  private func runBody(_ command: Int, _ hash: KeyHash, _ connection: Connection) -> Bool {
    var ticks = clinux_ticks()
    if unsafe ticks &- directTicks > Self.clockTicks {
      readClocks()
      unsafe directTicks = ticks
    }
    connection.lastInteraction = turnTime
    return shard.assumeIsolated { shard in
      let server = self.server
      return shard.withKeyspace { keyspace in
        guard keyspace.observed.isEmpty, keyspace.events.wanted.isEmpty else { return false }
        keyspace.now = wallTime
        keyspace.keepsExpiredKeys = false
        keyspace.select(connection.database)
        keyspace.leavesAccessClocks = false
        let words = unsafe directWords.arguments(from: 0, count: directWords.count)
        keyspace.prepare(words[server.table.descriptors[command].firstKey], hash)
        // A local for the run: a property of a class is checked for exclusive access each time.
        var counts = CommandStatistics(commandCount: 0)
        unsafe swap(&counts, &statistics)
        counts.observer.client = client(connection)
        unsafe counts.run(command, of: server.table, words, ticks: &ticks, &keyspace, &directReply)
        takeNoted(&counts)
        unsafe swap(&counts, &statistics)
        keyspace.forgetPrepared()
        if keyspace.refusedPayload != nil { logRefusedPayload(&keyspace) }
        collectEffects(&keyspace)
        return true
      }
    }
  }

  /// The clocks are read again after so many ticks, some ten microseconds.
  private static let clockTicks: UInt64 = 100_000
}
