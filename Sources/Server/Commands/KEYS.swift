import Engine
import EventLoop
import RESP

extension ServiceCommand {
  /// `KEYS pattern`, in slices: every shard looks at its keys for a fraction of a millisecond a turn, and
  /// serves others in between. A key that is there throughout is in the reply exactly once.
  static let keys = ServiceCommand(.keys) {
    worker, connection, arguments, keyspace, reply throws(CommandError) in
    var walk = KeyWalk(pattern: arguments[1].bytes, database: connection.database)
    // Small databases need no second turn.
    if worker.server.shardCount == 1, walk.takeSlice(&keyspace) {
      return walk.write(to: &reply)
    }
    let begun = worker.server.shardCount == 1 ? walk : nil
    let workers = worker.server.workers
    let pattern = arguments[1].bytes
    let database = connection.database
    worker.suspend(connection) { reply throws(CommandError) in
      var walks: [KeyWalk] = []
      for owner in workers {
        walks.append(await owner.finish(begun ?? KeyWalk(pattern: pattern, database: database)))
      }
      var header = ReplyWriter()
      header.array(walks.reduce(0) { $0 + $1.count })
      worker.sendPart(&header, to: connection)
      for walk in walks {
        // Each goes as soon as it is sent: all at once would take a while.
        for index in walk.blocks.indices {
          worker.sendPart(&walk.blocks[index].keys, to: connection)
          await worker.nextTurn()
        }
      }
    }
  }
}

extension Worker {
  /// Takes one slice a turn until the walk is done.
  fileprivate func finish(_ walk: KeyWalk) async -> KeyWalk {
    var walk = walk
    while !walk.isDone {
      let current = walk
      walk = await performWithKeyspace { worker, keyspace in
        var next = current
        _ = next.takeSlice(&keyspace)
        return next
      }
      await nextTurn()
    }
    return walk
  }
}

/// A walk over one shard's keys, and what matched so far.
private struct KeyWalk: Sendable {
  private let filter: Keyspace.ScanFilter
  private let database: Int
  private var position: UInt64? = 0
  private var found = FoundKeys()

  var isDone: Bool { position == nil }
  var count: Int { found.count }

  init(pattern: [UInt8], database: Int) {
    filter = Keyspace.ScanFilter(pattern: pattern)
    self.database = database
  }

  private static let sliceNanoseconds: UInt64 = 300_000

  /// Looks at keys for a slice's time; true when all were looked at.
  mutating func takeSlice(_ keyspace: inout Keyspace) -> Bool {
    let end = EventLoop.monotonicNanoseconds + Self.sliceNanoseconds
    let previous = keyspace.selected
    keyspace.select(database)
    while let current = position, EventLoop.monotonicNanoseconds < end {
      let found = self.found
      position = keyspace.scan(from: current, count: 64, filter: filter) { found.append($0) }
    }
    keyspace.select(previous)
    return isDone
  }

  func write(to reply: inout ReplyWriter) {
    reply.array(count)
    for block in blocks { reply.raw(block.keys.bytes) }
  }

  /// The matches so far, encoded.
  var blocks: [EncodedBlock] { found.blocks }
}

/// Encoded keys, in blocks, so that adding one never moves millions.
private final class FoundKeys: @unchecked Sendable {
  // Unchecked: belongs to one walk, which is on one thread at a time.
  private(set) var blocks: [EncodedBlock] = []
  private(set) var count = 0

  func append(_ key: ByteView) {
    if blocks.last.map({ $0.isFull }) ?? true { blocks.append(EncodedBlock()) }
    blocks[blocks.count - 1].append(key)
    count += 1
  }
}

private final class EncodedBlock {
  private static let byteCountMax = 256 << 10
  var keys = ReplyWriter()

  var isFull: Bool { keys.count >= Self.byteCountMax }
  func append(_ key: ByteView) { keys.bulk(key) }
}
