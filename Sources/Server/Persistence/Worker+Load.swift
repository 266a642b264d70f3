import Engine
import EventLoop
import Logging
import Persistence
import RESP
import ServerConfig
import Shard
import Synchronization

/// The worker as reader of files. Between slices the thread serves clients, who mostly hear that it loads.
extension Worker {
  /// How long a slice may take.
  static let loadNanoseconds: UInt64 = 1_000_000
  /// Entries of another shard that travel at a time.
  private static let batchEntriesMax = 512
  /// Bytes of a log that are given to the parser at a time.
  private static let replayByteCount = 256 << 10

  /// With a delay for each key, so many go at a time.
  static let delayedEntries = 8

  /// Waits as directives for tests ask: `microseconds` an entry, or if negative its inverse entries a microsecond.
  /// Returns early when `isWanted` says no.
  func delay(entries: Int, _ microseconds: Int, while isWanted: () -> Bool = { true }) async {
    guard microseconds != 0, entries > 0 else { return }
    var left =
      microseconds > 0 ? UInt64(entries) * UInt64(microseconds) * 1000 : UInt64(entries * 1000 / -microseconds)
    while left > 0, isWanted() {
      let step = min(left, 20_000_000)
      left -= step
      await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        _ = loop.schedule(after: step) { continuation.resume() }
      }
    }
  }

  // MARK: RDB

  /// Reads an RDB file into the shards of its keys.
  ///
  /// - Returns: where the file's RDB part ends.
  func load(_ file: MappedFile, _ progress: LoadProgress) async throws(LoadFailure) -> Int {
    loop.preconditionOnLoop()
    do throws(RDBError) {
      return try await loadEntries(file, progress)
    } catch {
      throw LoadFailure(file, error)
    }
  }

  private func loadEntries(_ file: MappedFile, _ progress: LoadProgress) async throws(RDBError) -> Int {
    var reader = try RDBFileReader(
      file.bytes, options: settings.keyspace, seed: server.seed, now: WallClock.milliseconds)
    var batches = (0..<server.shardCount).map { _ in EntryBatch() }
    var reported = 0
    let verifies = server.configuration[.rdbchecksum]
    while true {
      let step = try loadSlice(&reader, batches, progress)
      if verifies { reader.sumUp() }
      progress.loadedBytes.add(reader.offset - reported, ordering: .relaxed)
      reported = reader.offset
      for shard in batches.indices where shard != index && (batches[shard].count >= Self.batchEntriesMax || step == .end) {
        let batch = batches[shard]
        batches[shard] = EntryBatch()
        await server.workers[shard].performWithKeyspace { _, keyspace in batch.put(into: &keyspace) }
      }
      if step == .end { break }
      await delay(entries: Self.delayedEntries, settings.loadDelayMicroseconds)
      await nextTurn()
    }
    try reader.finish(verifies: verifies)
    progress.loadedBytes.add(reader.offset - reported, ordering: .relaxed)
    return reader.offset
  }

  private enum LoadStep { case more, end }

  private func loadSlice(
    _ reader: inout RDBFileReader, _ batches: [EntryBatch], _ progress: LoadProgress
  ) throws(RDBError) -> LoadStep {
    var outcome: Result<LoadStep, RDBError> = .success(.more)
    shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        do throws(RDBError) {
          outcome = .success(try loadSlice(&reader, batches, progress, &keyspace))
        } catch { outcome = .failure(error) }
      }
    }
    return try outcome.get()
  }

  private func loadSlice(
    _ reader: inout RDBFileReader, _ batches: [EntryBatch], _ progress: LoadProgress,
    _ keyspace: inout Keyspace
  ) throws(RDBError) -> LoadStep {
    keyspace.now = WallClock.milliseconds
    let end = EventLoop.monotonicNanoseconds + Self.loadNanoseconds
    var count = 0
    while true {
      let isEnd = try loadItem(&reader, progress) { entry, database in
        let owner = server.shard(of: entry.key)
        if owner == index {
          keyspace.load(entry, database: database)
        } else {
          batches[owner].append(entry, database: database)
        }
      }
      if isEnd { return .end }
      count += 1
      if settings.loadDelayMicroseconds != 0, count == Self.delayedEntries { return .more }
      if count & 63 == 0 {
        if EventLoop.monotonicNanoseconds >= end { return .more }
        if batches.contains(where: { $0.count >= Self.batchEntriesMax }) { return .more }
      }
    }
  }

  /// Reads an item; `put` is given an entry.
  ///
  /// - Returns: whether that was the end.
  @inline(__always)
  func loadItem(
    _ reader: inout RDBFileReader, _ progress: LoadProgress,
    _ put: (consuming DetachedEntry, _ database: Int) -> Void
  ) throws(RDBError) -> Bool {
    switch try reader.next() {
    case .end: return true
    case .auxiliary(let name, let value): noteAuxiliary(name, value, progress)
    case .function(let text): try loadLibrary(text, at: reader.offset, progress)
    case .empty(let key):
      progress.emptyKeys.add(1, ordering: .relaxed)
      server.log.notice("Loading: skipping empty key: \(String(decoding: key, as: UTF8.self))")
    case .expired: progress.expiredKeys.add(1, ordering: .relaxed)
    case .entry(let entry, let database):
      progress.loadedKeys.add(1, ordering: .relaxed)
      put(entry, database)
    }
    return false
  }

  private func loadLibrary(
    _ text: [UInt8], at offset: Int, _ progress: LoadProgress
  ) throws(RDBError) {
    do throws(CommandError) {
      try addLibrary(text, replaces: progress.replacesLibraries)
    } catch {
      let reason = String(decoding: error.message, as: UTF8.self)
      throw RDBError(offset: offset, expected: "a function library that can be loaded: \(reason)")
    }
  }

  private func noteAuxiliary(_ name: String, _ value: String, _ progress: LoadProgress) {
    switch name {
    case "redis-ver": server.log.notice("Loading RDB produced by version \(value)")
    case "ctime":
      if let time = Int64(value) {
        server.log.notice("RDB age \(max(0, WallClock.milliseconds / 1000 - time)) seconds")
      }
    case "used-mem":
      if let bytes = Int(value) {
        progress.formerMemory.store(bytes, ordering: .relaxed)
        server.log.notice("RDB memory usage when created \((Double(bytes) / 1_048_576 * 100).rounded() / 100) Mb")
      }
    default: break
    }
  }

  // MARK: Logs

  /// A client that is a file: its commands run like any other's, on whatever shards their keys are.
  func makeReplayClient(_ errors: ReplayErrors) -> Connection {
    let connection = Connection(
      id: 0, descriptor: -1, handle: connections.nextHandle(), address: SocketAddresses(descriptor: -1),
      createdAt: WallClock.milliseconds / 1000, now: EventLoop.monotonicNanoseconds)
    connection.isReplay = true
    connection.sink = { replies in
      errors.read(replies.bytes)
      replies.removeAll()
    }
    connections.insert(connection)
    return connection
  }

  func end(_ connection: Connection) { connections.remove(connection) }

  /// Runs records again.
  ///
  /// - Throws: when one of them is no command of this server's.
  func replay(
    _ pieces: [LogReplay.Piece], as client: Connection, _ errors: ReplayErrors, _ progress: LoadProgress
  ) async throws(LoadFailure) {
    loop.preconditionOnLoop()
    for piece in pieces {
      var reader = AppendOnlyReader(piece.file.bytes[0..<piece.range.upperBound], at: piece.range.lowerBound)
      var start = piece.range.lowerBound
      while start < piece.range.upperBound {
        var end = start
        var next = start
        // As many records as go together; what is no command of its own stays out.
        collecting: while next < piece.range.upperBound, end - start < Self.replayByteCount {
          do throws(AppendOnlyScan.Failure) {
            switch try reader.next() {
            case .record(let record):
              next = reader.offset
              if record.count == 1, record.first.matches("multi") || record.first.matches("exec") {
                break collecting
              }
              end = next
            case .comment:
              next = reader.offset
              break collecting
            case .end, .torn: next = piece.range.upperBound
            }
          } catch {
            throw LoadFailure(path: piece.file.path, offset: error.offset, reason: "expected \(error.expected)")
          }
        }
        if end > start {
          client.input.append(piece.file.bytes[start..<end])
          touch(client)
          resumable.append(client)
          await nextTurn()
          while !client.input.isEmpty || client.isBusy || client.isScheduled || !client.output.isEmpty {
            await nextTurn()
          }
          if let error = errors.fatal {
            throw LoadFailure(
              path: piece.file.path, offset: start, reason: "a record from here on is refused: \(error)",
              unknownCommand: errors.unknownCommand)
          }
        }
        progress.loadedBytes.add(next - start, ordering: .relaxed)
        start = next
      }
    }
  }
}

/// Reads the replies to what is run again, for errors.
final class ReplayErrors: @unchecked Sendable {
  // Unchecked: confined to the loop of the worker that runs the records.
  private(set) var count = 0
  private(set) var first: String?
  /// The record is no command that this server knows.
  private(set) var fatal: String?
  private(set) var unknownCommand: String?

  func read(_ replies: ByteView) {
    var position = 0
    while position < replies.count {
      var end = position
      while end < replies.count, replies[end] != 0x0A { end += 1 }
      let line = replies[position..<max(position, end - 1)]
      position = end + 1
      guard line.count > 0 else { continue }
      switch line[0] {
      case 0x24 where line[1] != 0x2D:
        position += (DecimalText.integer(line[1..<line.count]) ?? 0) + 2
      case 0x2D: note(String(decoding: line[1..<line.count].bytes, as: UTF8.self))
      default: break
      }
    }
  }

  private func note(_ error: String) {
    count += 1
    first = first ?? error
    if error.hasPrefix("ERR unknown command '") {
      unknownCommand = error.dropFirst(21).split(separator: "'").first.map { String($0) }
    }
    if error.hasPrefix("ERR unknown") || error.hasPrefix("ERR wrong number of arguments") {
      fatal = fatal ?? error
    }
  }
}
