import CLinux
import Engine
import Persistence
package import RESP
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

  /// Runs a single command without all that a turn is about, if nothing else is going on that a
  /// command might have to do with: clients that watch, wait or look on, transactions, little memory, replies that wait
  /// for the disk.
  ///
  /// - Parameter append: appends the command's words, which stay valid until this returns.
  /// - Returns: the reply, valid until the next command; nil if there is, then nothing was done.
  @inline(__always)
  func runAlone(_ connection: Connection, _ append: (inout ArgumentTable) -> Void) -> ByteView? {
    guard isQuiet(connection) else { return nil }
    unsafe directWords.removeAll(retaining: 64)
    unsafe append(&directWords)
    guard runAlone(connection) else { return nil }
    return unsafe directReply.bytes
  }

  /// Runs the command in `directWords`.
  private func runAlone(_ connection: Connection) -> Bool {
    let start = startDirectRun(connection)
    let count = shard.withKeyspaceOnLoop { keyspace in
      guard prepareDirectRun(connection, &keyspace) else { return 0 }
      var ticks = start
      let words = unsafe directWords.arguments(from: 0, count: directWords.count)
      guard run(words, nil, connection, &keyspace, &ticks) else { return 0 }
      concludeDirectRun(&keyspace)
      return 1
    }
    return count == 1
  }

  /// Runs commands one after the other, as far as they can be, in the same way: what they need of the table is asked for
  /// ahead, as in a turn.
  ///
  /// - Returns: how many were run.
  func runAll(_ connection: Connection, _ commands: DirectCommands) -> Int {
    guard isQuiet(connection) else { return 0 }
    let count = min(commands.count, Self.directBatchMax)
    let start = startDirectRun(connection)
    return shard.withKeyspaceOnLoop { keyspace in
      guard prepareDirectRun(connection, &keyspace) else { return 0 }
      var ticks = start
      var ahead = HashesAhead()
      for index in 0..<min(count, HashesAhead.bucketsAhead) {
        ahead.ask(for: index, of: commands, seed: server.seed, &keyspace)
      }
      var written = 0
      for index in 0..<count {
        ahead.ask(for: index + HashesAhead.bucketsAhead, of: commands, seed: server.seed, &keyspace)
        ahead.askForEntry(of: index + HashesAhead.entriesAhead, below: count, &keyspace)
        unsafe directWords.removeAll(retaining: 64)
        let isRun = unsafe commands.withWords(index, &directWords) { words in
          run(words, ahead[index], connection, &keyspace, &ticks)
        }
        guard isRun else {
          if index > 0 { concludeDirectRun(&keyspace) }
          return index
        }
        unsafe commands.take(directReply.bytes)
        written += unsafe directReply.count
        if written > Self.directBytesMax {
          concludeDirectRun(&keyspace)
          return index + 1
        }
      }
      concludeDirectRun(&keyspace)
      return count
    }
  }

  /// Commands of a batch that run at once, and about how many bytes they may reply; then others have their turn.
  private static let directBatchMax = 1024
  private static let directBytesMax = 1 << 20

  private func isQuiet(_ connection: Connection) -> Bool {
    guard connection.isPlain, !server.isGuarded, !server.insight.isMonitored,
      !server.slowScripts.areBusy, scheduler.intents.isEmpty, !scheduler.keysStandStill
    else { return false }
    return unsafe !room.isLimited && !limitsClients && settings.journalPolicy != .always
      && hotKeyCountdown > 0 && server.broadcasters.isEmpty
  }

  /// - Returns: the time, in ticks.
  @inline(__always)
  private func startDirectRun(_ connection: Connection) -> UInt64 {
    let ticks = clinux_ticks()
    if unsafe ticks &- directTicks > Self.clockTicks {
      readClocks()
      unsafe directTicks = ticks
    }
    connection.lastInteraction = turnTime
    return ticks
  }

  /// - Returns: false if somebody looks at what happens to keys: then commands go another way.
  @inline(__always)
  private func prepareDirectRun(_ connection: Connection, _ keyspace: inout Keyspace) -> Bool {
    guard keyspace.observed.isEmpty, keyspace.events.wanted.isEmpty else { return false }
    keyspace.now = wallTime
    keyspace.keepsExpiredKeys = false
    keyspace.select(connection.database)
    keyspace.leavesAccessClocks = false
    unsafe statistics.observer.client = client(connection)
    return true
  }

  @inline(__always)
  private func concludeDirectRun(_ keyspace: inout Keyspace) {
    if unsafe !statistics.observer.noted.isEmpty { takeNoted() }
    keyspace.forgetPrepared()
    if keyspace.refusedPayload != nil { logRefusedPayload(&keyspace) }
    collectEffects(&keyspace)
  }

  /// Runs one command, with its reply to `directReply`.
  ///
  /// - Parameter known: the hash of the word behind its name, if that is known already.
  /// - Returns: false if it has to go another way.
  @inline(__always)
  private func run(
    _ words: Arguments, _ known: KeyHash?, _ connection: Connection, _ keyspace: inout Keyspace,
    _ ticks: inout UInt64
  ) -> Bool {
    let server = self.server
    guard words.count > 1, let command = server.table.index(of: words) else { return false }
    let descriptor = server.table.descriptors[command]
    guard descriptor.allows(words.count), !descriptor.flags.contains(.blocking) else { return false }
    switch descriptor.routing {
    case .singleKey: break
    case .manyKeys, .eachKey: guard server.shardCount == 1 else { return false }
    case .everyShard, .service, .container: return false
    }
    let key = words[descriptor.firstKey]
    let hash =
      if descriptor.firstKey == 1, let known { known } else { KeyHash(key, seed: server.seed) }
    guard server.shardCount == 1 || server.shard(of: key, hash) == index else { return false }
    if descriptor.hasSlices, isLong(command, words, hash, &keyspace) { return false }
    keyspace.prepare(key, hash)
    unsafe directReply.removeAll()
    unsafe statistics.run(command, of: server.table, words, ticks: &ticks, &keyspace, &directReply)
    unsafe directRuns += 1
    unsafe hotKeyCountdown &-= 1
    connection.commandCount &+= 1
    connection.lastCommand = command
    return true
  }

  /// For runs that count where everything is counted.
  @inline(never)
  private func takeNoted() {
    var counts = CommandStatistics.placeholder
    unsafe swap(&counts, &statistics)
    takeNoted(&counts)
    unsafe swap(&counts, &statistics)
  }

  /// The clocks are read again after so many ticks, some ten microseconds.
  private static let clockTicks: UInt64 = 100_000
}

/// Commands of a caller in this process, run on a shard's thread without being written as requests and replies.
///
/// Functions rather than requirements of a protocol: those of a generic type would look their types up at each call.
package struct DirectCommands {
  let count: Int
  let withKey: (_ index: Int, _ body: (ByteView) -> Void) -> Void
  let withWords: (_ index: Int, _ table: inout ArgumentTable, _ body: (Arguments) -> Bool) -> Bool
  let take: (_ reply: ByteView) -> Void

  /// - Parameters:
  ///   - withKey: hands over the word behind a command's name, mostly its key; nothing if there is none.
  ///   - withWords: puts a command's words into the table, which is empty, hands them over, and returns what `body` does.
  ///   - take: takes the next command's reply, as RESP3; valid during the call.
  package init(
    count: Int, withKey: @escaping (Int, (ByteView) -> Void) -> Void,
    withWords: @escaping (Int, inout ArgumentTable, (Arguments) -> Bool) -> Bool,
    take: @escaping (ByteView) -> Void
  ) {
    self.count = count
    self.withKey = withKey
    self.withWords = withWords
    self.take = take
  }
}

/// Hashes of the keys of commands that come next.
private struct HashesAhead {
  static let bucketsAhead = 16
  static let entriesAhead = 8

  private typealias Slots = InlineArray<32, KeyHash>
  private var hashes = Slots(repeating: KeyHash(rawValue: 0))

  /// nil if there is no key.
  subscript(index: Int) -> KeyHash? {
    let hash = hashes[index & 31]
    return hash.rawValue == 0 ? nil : hash
  }

  @inline(__always)
  mutating func ask(for index: Int, of commands: DirectCommands, seed: UInt64, _ keyspace: inout Keyspace) {
    guard index < commands.count else { return }
    var hash = KeyHash(rawValue: 0)
    commands.withKey(index) { key in hash = KeyHash(key, seed: seed) }
    hashes[index & 31] = hash
    if hash.rawValue != 0 { keyspace.prefetchBucket(hash, database: keyspace.selected) }
  }

  @inline(__always)
  func askForEntry(of index: Int, below count: Int, _ keyspace: inout Keyspace) {
    guard index < count, let hash = self[index] else { return }
    keyspace.prefetchEntry(hash, database: keyspace.selected)
  }
}
