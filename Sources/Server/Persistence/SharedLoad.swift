import Engine
import EventLoop
import Persistence
import RESP
import Shard
import Synchronization

/// An RDB file that all shards read together.
///
/// One of them at a time skims: it passes over the next stretch of the file, and notes for each shard where its keys
/// stand. Each reads its own then. Who runs out of places skims next, so none waits for long.
final class SharedLoad: @unchecked Sendable {
  // Unchecked: what changes is behind `state`; the file is only read.

  /// What a shard does next.
  enum Work {
    /// Reads what stands at some places.
    case read([RDBFileReader.Place])
    /// Goes on from where that reader is, and hands it back.
    case skim(RDBFileReader)
    /// Nothing before another has skimmed or read on.
    case wait
    case end
  }

  private struct State {
    /// Whoever skims has it meanwhile.
    var skimmer: RDBFileReader?
    /// All of the file has been skimmed, or as much of it as can be.
    var isSkimmed = false
    var places: [[[RDBFileReader.Place]]]
    var pendingCount = 0
    /// Of stretches of the file, in any order.
    var sums: [(offset: Int, byteCount: Int, checksum: UInt64)]
    /// The one that is first in the file.
    var failure: RDBError?
    var waiting: [CheckedContinuation<Void, Never>] = []

    mutating func takeWaiting() -> [CheckedContinuation<Void, Never>] {
      defer { waiting = [] }
      return waiting
    }

    /// Keeps the failure that is first in the file, and forgets what stands behind it.
    mutating func note(_ error: RDBError?) {
      guard let error else { return }
      isSkimmed = true
      let first = failure.map { $0.offset < error.offset ? $0 : error } ?? error
      failure = first
      for shard in places.indices { places[shard].removeAll { $0[0].offset > first.offset } }
    }
  }

  /// Bytes that are skimmed at a time, about.
  private static let stretchByteCount = 256 << 10
  /// Items that are skimmed at a time.
  private static let stretchItems = 4096
  /// Places that nobody has read yet: no more is skimmed until there are fewer.
  private static let pendingMax = 1 << 15

  let file: MappedFile
  private let shardCount: Int
  private let sums: Bool
  private let state: Mutex<State>

  /// - Parameter sums: whether the checksum of the file is wanted.
  init(_ file: MappedFile, _ reader: RDBFileReader, shardCount: Int, sums: Bool) {
    self.file = file
    self.shardCount = shardCount
    self.sums = sums
    let start = (0, reader.offset, CRC64.checksum(file.bytes[0..<reader.offset]))
    state = Mutex(State(skimmer: reader, places: Array(repeating: [], count: shardCount), sums: [start]))
  }

  /// What a shard is to do, which it must.
  func next(for shard: Int) -> Work {
    let (work, waiting) = state.withLock { state -> (Work, [CheckedContinuation<Void, Never>]) in
      let isWanted = state.places.contains(where: \.isEmpty) && state.pendingCount < Self.pendingMax
      if isWanted, !state.isSkimmed, let skimmer = state.skimmer.take() { return (.skim(skimmer), []) }
      guard !state.places[shard].isEmpty else { return (state.isSkimmed ? .end : .wait, []) }
      let places = state.places[shard].removeFirst()
      let wasFull = state.pendingCount >= Self.pendingMax
      state.pendingCount -= places.count
      // Those that wait may skim.
      return (.read(places), wasFull ? state.takeWaiting() : [])
    }
    for continuation in waiting { continuation.resume() }
    return work
  }

  /// Returns when there may be something else to do for a shard that was told to wait.
  func change(for shard: Int) async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        let mayGoOn = !state.places[shard].isEmpty || state.isSkimmed || state.skimmer != nil && state.pendingCount < Self.pendingMax
        if !mayGoOn { state.waiting.append(continuation) }
        return mayGoOn
      }
      if isOver { continuation.resume() }
    }
  }

  /// Skims a stretch, and hands the reader back.
  ///
  /// - Returns: how many bytes that was.
  func skim(_ reader: consuming RDBFileReader, ownerOf owner: (ByteView) -> Int) -> Int {
    let start = reader.offset
    var places: [[RDBFileReader.Place]] = Array(repeating: [], count: shardCount)
    var isAtEnd = false
    var failure: RDBError?
    var count = 0
    do throws(RDBError) {
      while !isAtEnd, count < Self.stretchItems, reader.offset - start < Self.stretchByteCount {
        var shard = 0
        switch try reader.skim({ shard = owner($0) }) {
        case .entry(let place): places[shard].append(place)
        // Libraries change on the thread of the first shard.
        case .other(let place): places[0].append(place)
        case .end: isAtEnd = true
        }
        count += 1
      }
    } catch { failure = error }
    let end = reader.offset
    let skimmed = reader
    let waiting = state.withLock { state in
      for (shard, list) in places.enumerated() where !list.isEmpty {
        state.places[shard].append(list)
        state.pendingCount += list.count
      }
      state.skimmer = skimmed
      if isAtEnd { state.isSkimmed = true }
      state.note(failure)
      return state.takeWaiting()
    }
    for continuation in waiting { continuation.resume() }
    if sums, failure == nil {
      let checksum = CRC64.checksum(file.bytes[start..<end])
      state.withLock { $0.sums.append((start, end - start, checksum)) }
    }
    return end - start
  }

  /// Something is wrong with what stands at a place: what is behind need not be read.
  func fail(_ error: RDBError) {
    let waiting = state.withLock { state in
      state.note(error)
      return state.takeWaiting()
    }
    for continuation in waiting { continuation.resume() }
  }

  /// All shards have come to the end.
  ///
  /// - Returns: where the file's RDB part ends.
  func finish() throws(RDBError) -> Int {
    let (failure, reader, sums) = state.withLock { ($0.failure, $0.skimmer, $0.sums) }
    if let failure { throw failure }
    guard var reader else { preconditionFailure("a file was not handed back") }
    let checksum = sums.sorted { $0.offset < $1.offset }
      .reduce(0 as UInt64) { CRC64.combine($0, $1.checksum, count: $1.byteCount) }
    try reader.finish(verifies: self.sums, known: checksum)
    return reader.offset
  }
}

/// The worker's part of it.
extension Worker {
  /// Reads this shard's keys of a file, and skims in turn with the other shards.
  func read(_ load: SharedLoad, _ reader: RDBFileReader, _ progress: LoadProgress) async {
    loop.preconditionOnLoop()
    let server = self.server
    var reader = reader
    while true {
      switch load.next(for: index) {
      case .skim(let skimmer):
        let byteCount = load.skim(skimmer) { server.shard(of: $0) }
        progress.loadedBytes.add(byteCount, ordering: .relaxed)
        await nextTurn()
      case .read(let places):
        do throws(RDBError) {
          try await read(places, &reader, progress)
        } catch { load.fail(error) }
      case .wait: await load.change(for: index)
      case .end: return
      }
    }
  }

  private func read(
    _ places: [RDBFileReader.Place], _ reader: inout RDBFileReader, _ progress: LoadProgress
  ) async throws(RDBError) {
    var done = 0
    while done < places.count {
      try readSlice(places, &done, &reader, progress)
      await delay(entries: Self.delayedEntries, settings.loadDelayMicroseconds)
      await nextTurn()
    }
  }

  private func readSlice(
    _ places: [RDBFileReader.Place], _ done: inout Int, _ reader: inout RDBFileReader,
    _ progress: LoadProgress
  ) throws(RDBError) {
    var failure: RDBError?
    shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        keyspace.now = WallClock.milliseconds
        let end = EventLoop.monotonicNanoseconds + Self.loadNanoseconds
        let limit = settings.loadDelayMicroseconds == 0 ? places.count : min(places.count, done + Self.delayedEntries)
        do throws(RDBError) {
          while done < limit {
            reader.read(at: places[done])
            _ = try loadItem(&reader, progress) { entry, database in
              keyspace.load(entry, database: database)
            }
            done += 1
            if done & 63 == 0, EventLoop.monotonicNanoseconds >= end { return }
          }
        } catch { failure = error }
      }
    }
    if let failure { throw failure }
  }
}
