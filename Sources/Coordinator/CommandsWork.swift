package import Engine
package import RESP
package import Shard

/// Runs whole commands on one shard, one after the other, and keeps their replies.
package final class CommandsWork: HopWork, @unchecked Sendable {
  private struct Entry {
    let call: CommandCall
    /// The words this shard gets; nil for all.
    let positions: [Int]?
  }

  private var entries: [Entry] = []
  /// All replies, one after the other.
  package private(set) var replies = ReplyWriter()
  private var ends: [Int] = []

  /// - Parameter positions: the words to run with, nil for all.
  /// - Returns: which of the replies is this command's.
  package func add(_ call: CommandCall, positions: [Int]? = nil) -> Int {
    entries.append(Entry(call: call, positions: positions))
    return entries.count - 1
  }

  package init() {}

  package func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    var words = ArgumentTable(capacity: 16)
    for entry in entries {
      let call = entry.call
      words.truncate(to: 0)
      let arguments = call.words.read(call.index, positions: entry.positions, into: &words)
      keyspace.select(call.database)
      keyspace.leavesAccessClocks = call.leavesAccessClocks
      keyspace.forgetPrepared()
      if let key = call.keys.first, entry.positions == nil, key.position < arguments.count {
        keyspace.prepare(arguments[key.position], key.hash)
      }
      replies.protocolVersion = call.protocolVersion
      counts.observer.client = call.client
      counts.run(call.commandIndex, of: scheduler.table, arguments, &keyspace, &replies)
      ends.append(replies.count)
    }
    keyspace.forgetPrepared()
  }

  package func reply(at index: Int) -> ByteView {
    replies.bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }
}
