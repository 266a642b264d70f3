package import Engine
package import RESP
package import Shard

/// Runs whole commands on one shard, one after the other, and keeps their replies.
package final class CommandsWork: HopWork, @unchecked Sendable {
  private struct Entry {
    let call: CommandCall
    /// The shard gets the words of its own keys only.
    let isDivided: Bool
  }

  private var entries: [Entry] = []
  /// All replies, one after the other.
  package private(set) var replies = ReplyWriter()
  private var ends: [Int] = []
  /// The entry to be run next.
  private var next = 0
  private var sliced: SlicedRun?

  /// - Parameter isDivided: to run with the keys that are on this shard, rather than with all words.
  /// - Returns: which of the replies is this command's.
  package func add(_ call: CommandCall, isDivided: Bool = false) -> Int {
    entries.append(Entry(call: call, isDivided: isDivided))
    return entries.count - 1
  }

  package init() {}

  package func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    var words = ArgumentTable(capacity: 16)
    keyspace.forgetPrepared()
    prepareKeys(&keyspace, on: scheduler.shard)
    while next < entries.count {
      let entry = entries[next]
      let call = entry.call
      words.truncate(to: 0)
      let arguments =
        entry.isDivided
        ? call.part(of: scheduler.shard, into: &words) : call.words.read(call.index, into: &words)
      keyspace.select(call.database)
      keyspace.leavesAccessClocks = call.leavesAccessClocks
      if keyspace.observed.isTracking { keyspace.observed.setWriter(call.writer) }
      replies.protocolVersion = call.protocolVersion
      counts.observer.client = call.client
      // Only alone: what several commands change must be one unit for whoever keeps records.
      if entries.count == 1, !entry.isDivided,
        sliced != nil || call.command.isLong(&keyspace, arguments)
      {
        guard runSlice(call, arguments, &keyspace, &counts) else { break }
      } else {
        call.onBehalfOfScript(&keyspace) { keyspace in
          counts.run(call.commandIndex, of: scheduler.table, arguments, &keyspace, &replies)
        }
      }
      if call.isTracked, let reader = call.writer { remember(reader, of: call, scheduler.shard, &keyspace) }
      ends.append(replies.count)
      next += 1
    }
    keyspace.forgetPrepared()
  }

  /// Notes who has just read this shard's keys.
  private func remember(
    _ reader: ClientReference, of call: CommandCall, _ shard: Int, _ keyspace: inout Keyspace
  ) {
    call.withArguments { words in
      for key in call.keys where key.shard == shard { keyspace.track(words[key.position], for: reader) }
    }
  }

  /// Lends the buffer of all replies, for somebody to keep it.
  func withReplies(_ body: (inout ReplyWriter) -> Void) { body(&replies) }

  package var isUnfinished: Bool { next < entries.count }

  /// Tells the keyspace what keys come, with their hashes.
  private func prepareKeys(_ keyspace: inout Keyspace, on shard: Int) {
    // The body of a command that takes any keys looks ahead by itself.
    for index in next..<entries.count where !entries[index].isDivided {
      let call = entries[index].call
      for key in call.keys where key.shard == shard {
        let word = call.words.word(key.position, at: call.index)
        keyspace.prepareNext(word, key.hash, database: key.database)
      }
    }
    keyspace.prefetchPrepared()
  }

  /// Does the next slice of a long call; true when that was the last one.
  private func runSlice(
    _ call: CommandCall, _ arguments: Arguments, _ keyspace: inout Keyspace,
    _ counts: inout CommandStatistics
  ) -> Bool {
    if sliced == nil { sliced = SlicedRun(call, arguments, &keyspace, &counts, &replies) }
    return sliced?.advance(call, arguments, &keyspace, &counts, &replies) ?? true
  }

  package func reply(at index: Int) -> ByteView {
    replies.bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }
}
